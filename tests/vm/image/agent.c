/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * agent.c - runs commands in the test guest for the host, over a serial port.
 *
 * Request:  "R LENGTH SECONDS\n" and LENGTH bytes of a shell command, or "P\n" (are you there?).
 * Answers:  "O LENGTH\n" and bytes of standard output, "E LENGTH\n" and those of standard error, "X STATUS\n"
 * at the end; "H 0\n" to P, and when the agent begins.  A command that takes longer than SECONDS ends with
 * status 124.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int port;

/* ---- the port ------------------------------------------------------------------------------------------ */

static void pause_ms(long ms)
{
    (void) nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void put(const char *s, size_t n)
{
    while (n) {
        ssize_t k = write(port, s, n);

        if (k > 0) {
            s += k;
            n -= (size_t) k;
        } else if (k < 0 && errno != EINTR) {
            pause_ms(1); /* the host does not listen at the moment */
        }
    }
}

/* A port that nobody has opened on the other side reads as ended: wait for the host to come back. */
static void get(char *s, size_t n)
{
    while (n) {
        ssize_t k = read(port, s, n);

        if (k > 0) {
            s += k;
            n -= (size_t) k;
        } else if (k == 0 || errno != EINTR) {
            pause_ms(2);
        }
    }
}

static void put_frame(char kind, size_t number, const char *data, size_t n)
{
    char head[32];
    int k = snprintf(head, sizeof head, "%c %zu\n", kind, number);

    put(head, (size_t) k);
    put(data, n);
}

static void get_line(char *line, size_t room)
{
    size_t n = 0;
    char c;

    for (get(&c, 1); c != '\n'; get(&c, 1))
        if (n + 1 < room)
            line[n++] = c;
    line[n] = '\0';
}

static size_t read_small_file(const char *path, char *buffer, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, buffer, room - 1);

    if (fd >= 0)
        (void) close(fd);
    n = n < 0 ? 0 : n;
    buffer[n] = '\0';
    return (size_t) n;
}

/* The virtio port called "agent"; sysfs has its name, so that no udev rule is needed. */
static bool open_virtio_port(void)
{
    DIR *dir = opendir("/sys/class/virtio-ports");

    port = -1;
    for (struct dirent *e; dir && port < 0 && (e = readdir(dir));) {
        char path[400], name[64];

        (void) snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", e->d_name);
        (void) read_small_file(path, name, sizeof name);
        name[strcspn(name, "\n")] = '\0';
        (void) snprintf(path, sizeof path, "/dev/%s", e->d_name);
        if (!strcmp(name, "agent"))
            port = open(path, O_RDWR | O_CLOEXEC);
    }
    if (dir)
        (void) closedir(dir);
    return port >= 0;
}

static bool open_serial_line(void)
{
    struct termios t;

    port = open("/dev/ttyS0", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (port >= 0 && tcgetattr(port, &t) == 0) {
        cfmakeraw(&t);
        (void) tcsetattr(port, TCSANOW, &t);
    }
    return port >= 0;
}

static void open_port(void)
{
    static char info[4096];
    bool uml;

    (void) read_small_file("/proc/cpuinfo", info, sizeof info);
    uml = strstr(info, "User Mode Linux") != NULL;
    while (!(uml ? open_serial_line() : open_virtio_port()))
        pause_ms(10);
}

/* ---- one command --------------------------------------------------------------------------------------- */

struct command {
    pid_t pid;
    int out_fd, err_fd;
    long seconds;
    int status;
    bool ended, killed;
};

static void be_command(char *text, int out_fd, int err_fd)
{
    int null_fd = open("/dev/null", O_RDONLY);

    (void) setsid();
    (void) dup2(null_fd, 0);
    (void) dup2(out_fd, 1);
    (void) dup2(err_fd, 2);
    (void) signal(SIGPIPE, SIG_DFL);
    (void) setenv("HOME", "/root", 1);
    (void) setenv("USER", "root", 1);
    (void) setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    if (chdir("/root") == 0)
        (void) execl("/bin/bash", "bash", "-c", text, (char *) NULL);
    _exit(127);
}

static bool start(struct command *c, char *text)
{
    int out[2], err[2];

    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        return false;
    c->pid = fork();
    if (c->pid == 0)
        be_command(text, out[1], err[1]);
    (void) close(out[1]);
    (void) close(err[1]);
    c->out_fd = out[0];
    c->err_fd = err[0];
    return c->pid > 0;
}

static void pass_on(struct pollfd *f, char kind)
{
    char data[32768];
    ssize_t n;

    if (f->fd < 0 || !f->revents)
        return;
    n = read(f->fd, data, sizeof data);
    if (n > 0) {
        put_frame(kind, (size_t) n, data, (size_t) n);
    } else if (n == 0 || errno != EINTR) {
        (void) close(f->fd);
        f->fd = -1;
    }
}

static void check_time(struct command *c, time_t began)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    if (c->ended || c->seconds <= 0 || now.tv_sec - began < c->seconds)
        return;
    (void) kill(-c->pid, c->killed ? SIGKILL : SIGTERM);
    c->killed = true;
    c->seconds += 5;
}

/* A process in the background that keeps the pipes open must not hold up the answer. */
static void attend(struct command *c)
{
    struct pollfd f[2] = { { .fd = c->out_fd, .events = POLLIN }, { .fd = c->err_fd, .events = POLLIN } };
    unsigned quiet = 0;
    struct timespec began;

    (void) clock_gettime(CLOCK_MONOTONIC, &began);
    while (f[0].fd >= 0 || f[1].fd >= 0) {
        int n = poll(f, 2, c->ended ? 50 : 200);

        pass_on(&f[0], 'O');
        pass_on(&f[1], 'E');
        if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
            c->ended = true;
        if (c->ended && n == 0 && ++quiet > 4)
            break;
        check_time(c, began.tv_sec);
    }
    for (unsigned i = 0; i < 2; i++)
        if (f[i].fd >= 0)
            (void) close(f[i].fd);
    while (!c->ended)
        c->ended = waitpid(c->pid, &c->status, 0) == c->pid;
}

static void run(size_t length, long seconds)
{
    struct command c = { .seconds = seconds };
    char *text = malloc(length + 1);

    if (!text)
        abort(); /* systemd restarts the agent; the host sees no answer */
    get(text, length);
    text[length] = '\0';
    if (!start(&c, text))
        abort();
    free(text);
    attend(&c);
    put_frame('X',
              c.killed              ? 124U
              : WIFEXITED(c.status) ? (unsigned) WEXITSTATUS(c.status)
                                    : 128U + (unsigned) WTERMSIG(c.status),
              "", 0);
}

int main(void)
{
    open_port();
    (void) signal(SIGPIPE, SIG_IGN);
    put_frame('H', 0, "", 0);
    for (;;) {
        char line[128];
        size_t length;
        long seconds;

        get_line(line, sizeof line);
        if (line[0] == 'P')
            put_frame('H', 0, "", 0);
        else if (sscanf(line, "R %zu %ld", &length, &seconds) == 2)
            run(length, seconds);
    }
}
