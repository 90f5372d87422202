/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* terminal.c - the probe's actions on standard input and output and on terminals. */
#include "probe.h"

#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t) n;
    }
    return 0;
}

/* cat: copies standard input to standard output until its end. */
static int do_cat(int n, char **args)
{
    char buffer[65536];
    ssize_t size;

    (void) n;
    (void) args;
    while ((size = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
        if (write_all(STDOUT_FILENO, buffer, (size_t) size) < 0)
            return 1;
    return size < 0;
}

/* bytes N: N bytes in lines of 64, each of its number in 63 digits, so that a gap is seen. */
static int do_bytes(int n, char **args)
{
    long left = atol(args[0]), line = 0;
    char text[80];

    (void) n;
    while (left > 0) {
        long size = left < 64 ? left : 64;

        snprintf(text, sizeof(text), "%063ld\n", line++);
        if (write_all(STDOUT_FILENO, text, (size_t) size) < 0)
            return 1;
        left -= size;
    }
    return 0;
}

/* echo-tty: reads one line and tells it. */
static int do_echo_tty(int n, char **args)
{
    char line[4096];
    ssize_t size;

    (void) n;
    (void) args;
    say_result("ready", 0);
    size = read(STDIN_FILENO, line, sizeof(line));
    json_object();
    json_put_string("action", "echo-tty");
    json_put_int("errno", size < 0 ? errno : 0);
    json_key("line");
    json_bytes(line, size < 0 ? 0 : (size_t) size);
    json_end();
    return 0;
}

static void say_winsize(void)
{
    struct winsize size = { 0 };
    int r = ioctl(STDIN_FILENO, TIOCGWINSZ, &size);

    json_object();
    json_put_string("action", "winsize");
    json_put_int("errno", r < 0 ? errno : 0);
    json_put_int("rows", size.ws_row);
    json_put_int("columns", size.ws_col);
    json_end();
}

static int do_winsize(int n, char **args)
{
    (void) n;
    (void) args;
    say_winsize();
    return 0;
}

static void on_winch(int signal)
{
    (void) signal;
}

/* winsize-wait: tells the size, waits for a SIGWINCH after which it is another, tells that. */
static int do_winsize_wait(int n, char **args)
{
    struct sigaction action = { .sa_handler = on_winch };
    struct winsize first = { 0 }, now = { 0 };
    sigset_t blocked, before;

    (void) n;
    (void) args;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigaction(SIGWINCH, &action, NULL);
    ioctl(STDIN_FILENO, TIOCGWINSZ, &first);
    say_winsize();
    do {
        sigsuspend(&before);
        ioctl(STDIN_FILENO, TIOCGWINSZ, &now);
    } while (now.ws_row == first.ws_row && now.ws_col == first.ws_col);
    say_winsize();
    return 0;
}

/* ptmx: opens a new pseudo-terminal and looks for its slave. */
static int do_ptmx(int n, char **args)
{
    int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0, number = -1;
    char path[64];
    struct stat st;
    int error = 0;

    (void) n;
    (void) args;
    /* By syscall(): the C libraries do not agree on the type of a request, and one is above INT_MAX. */
    if (fd < 0 || syscall(SYS_ioctl, fd, TIOCSPTLCK, &unlock) < 0 ||
        syscall(SYS_ioctl, fd, TIOCGPTN, &number) < 0)
        error = errno;
    snprintf(path, sizeof(path), "/dev/pts/%d", number);
    if (!error && stat(path, &st) < 0)
        error = errno;
    json_object();
    json_put_string("action", "ptmx");
    json_put_int("errno", error);
    json_put_int("number", number);
    if (!error) {
        json_put_int("mode", st.st_mode & 07777);
        json_put_int("gid", st.st_gid);
    }
    json_end();
    if (fd >= 0)
        close(fd);
    return 0;
}

/* stderr TEXT: a line on standard error. */
static int do_stderr(int n, char **args)
{
    (void) n;
    return write_all(STDERR_FILENO, args[0], strlen(args[0])) < 0;
}

/* stdout TEXT: the text and nothing else on standard output. */
static int do_stdout(int n, char **args)
{
    (void) n;
    return write_all(STDOUT_FILENO, args[0], strlen(args[0])) < 0;
}

const struct action probe_tty_actions[] = {
    { "cat", 0, do_cat },
    { "bytes", 1, do_bytes },
    { "echo-tty", 0, do_echo_tty },
    { "winsize", 0, do_winsize },
    { "winsize-wait", 0, do_winsize_wait },
    { "ptmx", 0, do_ptmx },
    { "stderr", 1, do_stderr },
    { "stdout", 1, do_stdout },
    { NULL, 0, NULL },
};
