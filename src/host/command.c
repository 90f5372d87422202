/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.c - run a program of the host, and keep what it says for an error.
 *
 * Standard input is a file in memory, not a pipe: a program that never reads, or reads much later, blocks
 * nobody.
 */
#include "host/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "base/fd.h"
#include "base/signal_text.h"
#include "base/sys.h"
#include "host/process.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#ifdef __mips__
enum { SIGNALS = 128 };
#else
enum { SIGNALS = 64 };
#endif

enum { WORDS_KEPT = 4096, WORDS_SHOWN = 400 };

/* The last bytes that came out of a pipe. */
struct tail {
    char v[WORDS_KEPT];
    size_t n;
};

static void tail_put(struct tail *tail, const char *s, size_t n)
{
    if (n >= sizeof tail->v) {
        s += n - sizeof tail->v;
        n = sizeof tail->v;
    }
    size_t keep = tail->n < sizeof tail->v - n ? tail->n : sizeof tail->v - n;
    memmove(tail->v, tail->v + tail->n - keep, keep);
    memcpy(tail->v + keep, s, n);
    tail->n = keep + n;
}

/* The last line that says something, without what could control a terminal or a log. */
static void tail_words(const struct tail *tail, struct text *out)
{
    size_t end = tail->n, start;

    while (end && (unsigned char) tail->v[end - 1] <= ' ')
        end--;
    for (start = end; start && tail->v[start - 1] != '\n'; start--)
        ;
    if (end - start > WORDS_SHOWN)
        end = start + WORDS_SHOWN;
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char) tail->v[i];

        text_put(out, c < ' ' || c == 0x7f ? " " : &tail->v[i], 1);
    }
}

/* ---- what the child gets ----------------------------------------------------------------------------- */

struct channels {
    int in, out, err;         /* become 0, 1, 2 */
    int words;                /* our end of err; -1 if it goes to a file */
    int failed, failed_child; /* a pipe for the errno of execve */
};

static void channels_close(struct channels *c)
{
    int *all[] = { &c->in, &c->out, &c->err, &c->words, &c->failed, &c->failed_child };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fd_cleanup(all[i]);
}

static int input_open(const char *text, size_t n)
{
    autoclose int fd = -1;
    int r;

    if (!text)
        return sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
    fd = memfd_create("state", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("state", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = sys_write_all(fd, text, n);
    if (r < 0)
        return r;
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : take_fd(&fd);
}

static int output_open(const char *path)
{
    if (path)
        return sys_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0600);
    return sys_openat(AT_FDCWD, "/dev/null", O_WRONLY, 0);
}

static int words_open(struct channels *c)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    c->words = ends[0];
    c->err = ends[1];
    return fcntl(c->words, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int channels_open(const struct host_command *command, struct channels *c)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    c->failed = ends[0];
    c->failed_child = ends[1];
    c->in = input_open(command->input, command->input_size);
    if (c->in < 0)
        return c->in;
    c->out = output_open(command->stdout_path);
    if (c->out < 0)
        return c->out;
    if (!command->stderr_path)
        return words_open(c);
    c->err = output_open(command->stderr_path);
    return c->err < 0 ? c->err : 0;
}

/* Moves FD above those that are about to be overwritten. */
static int above_stdio(int fd)
{
    return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int take_channels(struct channels *c)
{
    int in = above_stdio(c->in), out = above_stdio(c->out), err = above_stdio(c->err);

    c->failed_child = above_stdio(c->failed_child);
    if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        return -errno;
    return sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
}

/*
 * By system call: libc keeps 32 and 33 to itself, and make(1) starts its children with these ignored.  Zero
 * bytes are SIG_DFL without flags in every architecture's struct.
 */
static void default_signals(void)
{
    static const unsigned long action[16];
    sigset_t none;

    for (int i = 1; i <= SIGNALS; i++)
        (void) syscall(SYS_rt_sigaction, i, action, NULL, SIGNALS / 8);
    (void) sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become(const struct host_command *command, struct channels *c)
{
    int r;

    (void) setpgid(0, 0);
    default_signals();
    r = take_channels(c);
    if (r == 0 && (!command->cwd || chdir(command->cwd) < 0) && chdir("/") < 0)
        r = -errno;
    if (r == 0) {
        (void) execve(command->path, command->argv, command->envp);
        r = -errno;
    }
    (void) !write(c->failed_child, &r, sizeof r);
    _exit(127);
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* False: nothing more will come. */
static bool read_words(int fd, struct tail *tail)
{
    char buf[4096];
    ssize_t n = read(fd, buf, sizeof buf);

    if (n > 0)
        tail_put(tail, buf, (size_t) n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* What is in the pipe at the end, and no more: something that was left behind may go on writing. */
static void drain_words(int fd, struct tail *tail)
{
    char buf[4096];
    ssize_t n;

    for (int i = 0; i < 64 && (n = read(fd, buf, sizeof buf)) > 0; i++)
        tail_put(tail, buf, (size_t) n);
}

/* Until the process ends or the time is up.  True: it ended. */
static bool wait_for_end(int pidfd, int words, unsigned timeout, struct tail *tail)
{
    struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = words, .events = POLLIN } };
    int64_t end = now_ms() + (int64_t) timeout * 1000;

    for (;;) {
        int64_t left = timeout ? end - now_ms() : -1;
        int slice = left > INT32_MAX ? INT32_MAX : (int) left;

        if (timeout && left <= 0)
            return false;
        if (poll(fds, 2, slice) < 0 && errno != EINTR)
            return false;
        if (fds[0].revents)
            return true;
        if (fds[1].revents && !read_words(words, tail))
            fds[1].fd = -1;
    }
}

static void collect(const struct host_command *command, struct channels *c, pid_t pid, int pidfd,
                    struct host_command_end *end)
{
    struct tail tail = { .n = 0 };
    int error = 0;

    if (!wait_for_end(pidfd, c->words, command->timeout, &tail)) {
        end->timed_out = true;
        (void) kill(-pid, SIGKILL); /* not reaped yet: the number is still its own */
        (void) sys_pidfd_send_signal(pidfd, SIGKILL);
    }
    if (host_process_end(pidfd, &end->status, &end->signal) < 0)
        end->status = -1;
    if (c->words >= 0)
        drain_words(c->words, &tail);
    tail_words(&tail, &end->words);
    if (read(c->failed, &error, sizeof error) == (ssize_t) sizeof error)
        end->error = error;
}

int host_command_run(const struct host_command *command, struct host_command_end *ret)
{
    struct channels c = { -1, -1, -1, -1, -1, -1 };
    autoclose int pidfd = -1;
    struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t) &pidfd, .exit_signal = SIGCHLD };
    int r = channels_open(command, &c);
    pid_t pid = r < 0 ? r : sys_clone3(&args);

    if (pid == 0)
        become(command, &c);
    fd_cleanup(&c.failed_child);
    fd_cleanup(&c.err);
    *ret = (struct host_command_end){ .status = -1 };
    if (pid > 0)
        collect(command, &c, pid, pidfd, ret);
    channels_close(&c);
    return pid < 0 ? pid : 0;
}

void host_command_end_done(struct host_command_end *end)
{
    text_done(&end->words);
}

bool host_command_succeeded(const struct host_command_end *end)
{
    return !end->error && !end->timed_out && end->status == 0;
}

void host_command_describe(const struct host_command_end *end, unsigned timeout, struct text *out)
{
    if (end->error)
        text_add(out, "could not be executed: %s", errno_text(-end->error));
    else if (end->timed_out)
        text_add(out, "ran past its timeout of %u second%s and was killed", timeout, timeout == 1 ? "" : "s");
    else if (end->signal)
        text_add(out, "was killed by signal %d (%s)", end->signal, signal_text(end->signal));
    else if (end->status < 0)
        text_add(out, "ended, but its status is not known (is SIGCHLD ignored?)");
    else
        text_add(out, "exited with status %d", end->status);
    if (end->words.n)
        text_add(out, ": %s", end->words.s);
}
