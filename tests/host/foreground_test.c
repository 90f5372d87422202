/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreground_test.c - a process in the foreground: its status, its signals, and every byte of its terminal.
 *
 * A child of ours plays the runtime: it starts a shell command as the container, with a terminal or
 * without, and waits for it.  We are the user, at both ends of the runtime's descriptors 0 and 1.
 */
#include "host/foreground.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/sys.h"
#include "host.h"

struct run {
    pid_t pid;   /* of the runtime */
    int in, out; /* our ends; one and the same for a terminal */
};

_Noreturn static void be_container(const char *command, int master)
{
    sigset_t none;

    (void) sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void) setsid();
    if (master >= 0) {
        int slave = open(ptsname(master), O_RDWR);

        (void) ioctl(slave, TIOCSCTTY, 0);
        (void) dup2(slave, 0), (void) dup2(slave, 1), (void) dup2(slave, 2);
        (void) sys_close_range(3, ~0U, 0);
    }
    (void) execl("/bin/sh", "sh", "-c", command, (char *) NULL);
    _exit(126);
}

_Noreturn static void be_runtime(const char *command, bool terminal)
{
    struct host_foreground foreground = { .signal_fd = -1 };
    struct err err = { 0 };
    int master = -1, status = -1, pidfd, r;
    pid_t pid;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (terminal) {
        master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        (void) grantpt(master), (void) unlockpt(master);
    }
    if (host_foreground_open(&foreground, false, &err) < 0)
        _exit(125);
    pid = fork();
    if (pid == 0)
        be_container(command, master);
    pidfd = sys_pidfd_open(pid);
    r = host_foreground_wait(&foreground, pidfd, master, &status, &err);
    host_foreground_close(&foreground);
    if (r < 0)
        (void) dprintf(2, "# %s\n", err.text);
    _exit(r < 0 ? 124 : status);
}

static struct run start(const char *command, bool terminal)
{
    int in[2], out[2];
    struct run run;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        exit(1);
    run = (struct run){ fork(), in[1], out[0] };
    if (run.pid == 0) {
        (void) dup2(in[0], 0), (void) dup2(out[1], 1);
        (void) sys_close_range(3, ~0U, 0);
        be_runtime(command, terminal);
    }
    (void) close(in[0]), (void) close(out[1]);
    return run;
}

/* The same with the runtime in the foreground of a terminal of its own. */
static struct run start_on_terminal(const char *command, struct termios *ret_modes)
{
    int user = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize size = { .ws_row = 33, .ws_col = 77 };
    struct run run;

    (void) grantpt(user), (void) unlockpt(user);
    (void) ioctl(user, TIOCSWINSZ, &size);
    (void) tcgetattr(user, ret_modes);
    run = (struct run){ fork(), user, user };
    if (run.pid == 0) {
        int tty;

        (void) setsid();
        tty = open(ptsname(user), O_RDWR);
        (void) ioctl(tty, TIOCSCTTY, 0);
        (void) dup2(tty, 0), (void) dup2(tty, 1);
        (void) sys_close_range(3, ~0U, 0);
        be_runtime(command, true);
    }
    return run;
}

/* Reads until WORDS were seen (NULL: to the end), or ten seconds have brought nothing. */
static bool read_until(int fd, const char *words, char *buf, size_t size)
{
    size_t n = strlen(buf);

    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t r;

        if (words && strstr(buf, words))
            return true;
        if (n == size - 1 || poll(&p, 1, 10000) <= 0)
            return false;
        r = read(fd, buf + n, size - 1 - n);
        if (r <= 0)
            return !words;
        n += (size_t) r;
        buf[n] = '\0';
    }
}

static int finish(struct run *run)
{
    int status = -1;

    if (run->in >= 0 && run->in != run->out)
        (void) close(run->in);
    (void) waitpid(run->pid, &status, 0);
    (void) close(run->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void without_terminal(void)
{
    char text[256] = "";
    struct run run = start("exit 3", false);

    check_number(finish(&run), 3, "the exit status");
    run = start("kill -TERM $$", false);
    check_number(finish(&run), 143, "128 and the signal");
    run = start("trap 'echo got usr1; exit 7' USR1; echo ready; while :; do sleep 0.05; done", false);
    check(read_until(run.out, "ready\n", text, sizeof text), "a process that waits for a signal");
    (void) kill(run.pid, SIGUSR1);
    check(read_until(run.out, "got usr1\n", text, sizeof text), "gets the one that the runtime gets");
    check_number(finish(&run), 7, "and does with it what it likes");
    run = start("read x; echo \"<$x>\"", false);
    text[0] = '\0';
    check(write(run.in, "hello\n", 6) == 6 && read_until(run.out, "<hello>\n", text, sizeof text),
          "its standard input is ours");
    check_number(finish(&run), 0, "and it ends");
}

static void all_of_the_output(void)
{
    enum { N = 1 << 20 };
    char *text = calloc(1, N + 100), begin[16] = "";
    struct run run = start("head -c 1048576 /dev/zero | tr '\\0' x; printf end", true);
    bool good;

    check(read_until(run.out, "x", begin, 2) || *begin == 'x', "a process writes a megabyte");
    (void) usleep(300000); /* it may well be gone before most was read */
    good = read_until(run.out, NULL, text, N + 100);
    check(good && strlen(text) + 1 == N + 3 && !strcmp(text + strlen(text) - 4, "xend"), "and all arrives");
    check_number(finish(&run), 0, "at the end");
    free(text);

    run = start("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done", true);
    (void) close(run.out);
    run.out = -1;
    check_number(finish(&run), 0, "who writes to nobody ends all the same");
    run = start("head -c 300000 /dev/zero", true);
    (void) close(run.out);
    run.out = -1;
    check_number(finish(&run), 0, "also with more than a terminal holds");
}

static void late_output(void)
{
    char text[256] = "";
    struct run run = start(
        "exec 3>/dev/tty; exec </dev/null >/dev/null 2>&1; exec 3>&-; sleep 0.3; echo late >/dev/tty", true);

    check(read_until(run.out, "late\r\n", text, sizeof text), "a terminal may be closed and opened again");
    check_number(finish(&run), 0, "by a process that ends well");
}

static void piped_input(void)
{
    char text[1024] = "", line[1001];
    struct run run = start("stty -echo; echo ready; cat | sed 's/^/</;s/$/>/'", true);

    check(read_until(run.out, "ready\r\n", text, sizeof text), "a process that reads its terminal");
    check_number(write(run.in, "one\ntwo", 7), 7, "gets what is piped in");
    (void) close(run.in);
    run.in = -1;
    check(read_until(run.out, "<one>\r\n<two", text, sizeof text), "to the last line");
    check_number(finish(&run), 0, "and the end of it");

    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    text[0] = '\0';
    run = start("stty -echo; echo ready; sleep 0.2; wc -c", true);
    check(read_until(run.out, "ready\r\n", text, sizeof text), "one that reads late");
    for (int i = 0; i < 200; i++)
        if (write(run.in, line, sizeof line) != (ssize_t) sizeof line)
            break;
    (void) close(run.in);
    run.in = -1;
    check(read_until(run.out, "200200", text, sizeof text), "loses nothing of much");
    check_number(finish(&run), 0, "and ends");
}

static void a_users_terminal(void)
{
    struct termios before, modes;
    struct winsize size = { .ws_row = 50, .ws_col = 100 };
    char text[512] = "";
    struct run run =
        start_on_terminal("stty size; trap 'stty size' WINCH; echo ready; read x; echo \"<$x>\"; "
                          "while ! read y; do :; done",
                          &before);

    check(read_until(run.out, "ready", text, sizeof text), "a process on a terminal of its own");
    check(strstr(text, "33 77"), "which has the size of the user's");
    check(tcgetattr(run.in, &modes) == 0 && !(modes.c_lflag & (ICANON | ECHO | ISIG)), "the user's is raw");
    (void) ioctl(run.in, TIOCSWINSZ, &size);
    (void) !write(run.in, "typed\n", 6);
    check(read_until(run.out, "50 100", text, sizeof text), "it follows the user's size");
    check(read_until(run.out, "<typed>", text, sizeof text), "and gets what is typed");
    (void) !write(run.in, "\003", 1);
    check_number(finish(&run), 130, "^C is a byte for the container's terminal, and a signal there");
}

static void restored(void)
{
    struct termios before, after;
    char text[64] = "";
    struct run run = start_on_terminal("echo ready; read x", &before);
    int slave = open(ptsname(run.in), O_RDWR | O_NOCTTY);
    int status;

    check(read_until(run.out, "ready", text, sizeof text), "another");
    (void) !write(run.in, "\n", 1);
    (void) waitpid(run.pid, &status, 0);
    check(tcgetattr(slave, &after) == 0 && after.c_lflag == before.c_lflag &&
              after.c_oflag == before.c_oflag && after.c_iflag == before.c_iflag,
          "at the end the terminal is as it was");
    (void) close(slave);
    (void) close(run.out);
}

static void statuses(void)
{
    pid_t pid = fork();
    int pidfd, status = -2, signal = -2;

    if (pid == 0)
        _exit(137);
    pidfd = sys_pidfd_open(pid);
    check_number(host_process_end(pidfd, &status, &signal), 0, "a process ends");
    check(status == 137 && signal == 0, "with a status that looks like a signal, and is none");
    check_number(host_process_status(pidfd, &status), 0, "asked again");
    check(status == 137 || status == -1, "the kernel may still know it");
    (void) close(pidfd);
}

int main(void)
{
    (void) signal(SIGPIPE, SIG_IGN);
    (void) alarm(300); /* a loop that never ends is a failure, and ends with us */
    without_terminal();
    all_of_the_output();
    late_output();
    piped_input();
    a_users_terminal();
    restored();
    statuses();
    return tap_done();
}
