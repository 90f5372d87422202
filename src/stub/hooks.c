/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.c - runs the startContainer hooks, one after the other.
 *
 * A hook gets its own environment and nothing else of ours: no descriptor but
 * the three, "/" as directory, a process group that a timeout can kill as a
 * whole.  It need not read its stdin, and what it leaves running may keep its
 * stdout: the hook is over when its process is.  (config.md "POSIX-platform Hooks")
 */
#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "stub/run.h"
#include "stub/sys.h"

enum { POLL_IN = 1, POLL_OUT = 4, POLL_ERR = 8, POLL_HUP = 16 };

/* What we hold of a running hook; -1: closed. */
struct running {
    int pid, pidfd;
    int input, output;     /* its stdin; its stdout and stderr, unless they have fds */
    struct iovec state[3]; /* what it has not read yet */
    size_t at;             /* in `state` */
};

struct pipes { /* [0] is read, [1] is written */
    int input[2], output[2], status[2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        sys_close(*fd);
    *fd = -1;
}

static int open_pipe(int fds[2])
{
    return (int) sys_call3(__NR_pipe2, fds, O_CLOEXEC, 0);
}

static void ignore_sigpipe(bool ignore)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask[2];
    } action = {
        .handler = ignore ? (void *) 1 /* SIG_IGN */ : NULL,
    };

    sys_call(__NR_rt_sigaction, SIGPIPE, &action, 0, 8, 0);
}

/* ---- in the child -------------------------------------------------------------------------------------- */

/* Strings one after the other -> pointers and NULL. */
static char **spread(char *strings, uint32_t n, char **list)
{
    for (uint32_t i = 0; i < n; i++) {
        list[i] = strings;
        while (*strings++)
            ;
    }
    list[n] = NULL;
    return list;
}

static int set_stdio(const struct stub *s, const struct pipes *pipes)
{
    int fds[3] = { pipes->input[0], s->config->hook_stdout_fd, s->config->hook_stderr_fd };

    for (int i = 0; i < 3; i++) {
        int fd = i > 0 && fds[i] < 0 ? pipes->output[1] : fds[i];
        long r;

        do /* all of them are above 2 */
            r = sys_call3(__NR_dup3, fd, i, 0);
        while (r == -EINTR);
        if (r < 0)
            return (int) r;
    }
    return 0;
}

static int execute(const struct stub *s, const struct stub_hook *hook, const struct pipes *pipes)
{
    char **lists = sys_memory((hook->argc + (size_t) hook->envc + 2) * sizeof(char *));
    char **argv, **envp;
    int r;

    if (!lists)
        return -ENOMEM;
    argv = spread((char *) (uintptr_t) stub_data(s, hook->argv), hook->argc, lists);
    envp = spread((char *) (uintptr_t) stub_data(s, hook->envp), hook->envc, lists + hook->argc + 1);
    r = set_stdio(s, pipes);
    if (r < 0)
        return r;
    ignore_sigpipe(false);
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0);
    sys_call3(__NR_setpgid, 0, 0, 0);
    sys_call3(__NR_chdir, "/", 0, 0);
    r = (int) sys_close_range(3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    return r < 0 ? r : (int) sys_execve(stub_data(s, hook->path), argv, envp);
}

/* ---- in the stub --------------------------------------------------------------------------------------- */

static int spawn(const struct stub *s, const struct stub_hook *hook, const struct pipes *pipes,
                 struct running *ret)
{
    int pidfd = -1, r;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uintptr_t) &pidfd,
        .exit_signal = SIGCHLD,
    };
    long pid = sys_call3(__NR_clone3, &args, sizeof args, 0);

    if (pid == 0) {
        r = execute(s, hook, pipes);
        sys_write(pipes->status[1], &r, sizeof r);
        sys_exit(127);
    }
    if (pid < 0)
        return (int) pid;
    ret->pid = (int) pid;
    ret->pidfd = pidfd;
    return 0;
}

/* 0 once it was executed; the errno of the child if it could not be. */
static int executed(int status_fd)
{
    int err = 0;
    long r;

    do
        r = sys_read(status_fd, &err, sizeof err);
    while (r == -EINTR);
    return r == (long) sizeof err ? err : 0;
}

/* Keeps the end of what it says: there the reason is. */
static void keep_text(struct stub *s, const char *text, size_t n)
{
    size_t keep = sizeof s->text - n < s->text_size ? sizeof s->text - n : s->text_size;

    for (size_t i = 0; i < keep; i++)
        s->text[i] = s->text[s->text_size - keep + i];
    for (size_t i = 0; i < n; i++)
        s->text[keep + i] = text[i];
    s->text_size = keep + n;
}

/* False: there is no more for now. */
static bool read_output(struct stub *s, struct running *hook)
{
    char buf[256];
    long r = sys_read(hook->output, buf, sizeof buf);

    if (r > 0)
        keep_text(s, buf, (size_t) r);
    else if (r != -EINTR && r != -EAGAIN)
        close_fd(&hook->output);
    return r > 0;
}

/* Gives it the next part of the state; closes stdin at the end, or if it does not want it. */
static void write_state(struct running *hook)
{
    struct iovec *part = &hook->state[hook->at];
    long r;

    while (hook->at < 3 && part->iov_len == 0)
        part = &hook->state[++hook->at];
    r = hook->at < 3 ? sys_write(hook->input, part->iov_base, part->iov_len) : 0;
    if (r > 0) {
        part->iov_base = (char *) part->iov_base + r;
        part->iov_len -= (size_t) r;
    } else if (r != -EINTR && r != -EAGAIN) {
        close_fd(&hook->input);
    }
}

/* Until its process has ended: 0, or -ETIMEDOUT. */
static int attend(struct stub *s, struct running *hook, struct __kernel_timespec *timeout)
{
    for (;;) {
        struct sys_pollfd fds[] = {
            { .fd = hook->pidfd, .events = POLL_IN },
            { .fd = hook->input, .events = POLL_OUT },
            { .fd = hook->output, .events = POLL_IN },
        };
        long r = sys_ppoll(fds, 3, timeout);

        if (r == 0)
            return -ETIMEDOUT;
        if (r < 0 && r != -EINTR)
            return (int) r;
        if (r < 0)
            continue;
        if (fds[2].revents)
            read_output(s, hook);
        if (fds[1].revents)
            write_state(hook);
        if (fds[0].revents)
            return 0;
    }
}

/* Its exit status as the message tells it. */
static int reap(const struct running *hook)
{
    int status = 0;
    long r;

    do
        r = sys_call(__NR_wait4, hook->pid, &status, 0, 0, 0);
    while (r == -EINTR);
    if (r < 0)
        return (int) r;
    if (status & 0x7f)
        return STUB_HOOK_SIGNALED(status & 0x7f);
    return status >> 8 & 0xff ? STUB_HOOK_EXITED(status >> 8 & 0xff) : 0;
}

static int finish(struct stub *s, const struct stub_hook *config, struct running *hook)
{
    struct __kernel_timespec timeout = { .tv_sec = config->timeout };
    int r = attend(s, hook, config->timeout ? &timeout : NULL), status;

    if (r < 0) {
        sys_kill(-hook->pid, SIGKILL);
        sys_kill(hook->pid, SIGKILL); /* if it has left its group */
    }
    status = reap(hook);
    while (hook->output >= 0 && read_output(s, hook))
        ;
    if (r == -ETIMEDOUT)
        return STUB_HOOK_TIMED_OUT;
    return r < 0 ? r : status;
}

static int start(struct stub *s, const struct stub_hook *config, struct pipes *pipes, struct running *hook)
{
    int r = open_pipe(pipes->input);

    if (r == 0)
        r = open_pipe(pipes->output);
    if (r == 0)
        r = open_pipe(pipes->status);
    if (r == 0)
        r = (int) sys_fcntl(pipes->input[1], F_SETFL, O_WRONLY | O_NONBLOCK);
    if (r == 0)
        r = (int) sys_fcntl(pipes->output[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    return r < 0 ? r : spawn(s, config, pipes, hook);
}

static int run(struct stub *s, const struct stub_hook *config, char *pid, size_t pid_size)
{
    struct pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    struct stub_span before = s->config->hook_state[0], after = s->config->hook_state[1];
    struct running hook = {
        .state = {
            { (void *) (uintptr_t) stub_data(s, before), before.size },
            { pid, pid_size },
            { (void *) (uintptr_t) stub_data(s, after), after.size },
        },
    };
    int r = start(s, config, &pipes, &hook), failed = r;

    s->text_size = 0;
    hook.input = pipes.input[1];
    hook.output = pipes.output[0];
    close_fd(&pipes.input[0]);
    close_fd(&pipes.output[1]);
    close_fd(&pipes.status[1]);
    if (r == 0) {
        failed = executed(pipes.status[0]);
        r = finish(s, config, &hook);
        close_fd(&hook.pidfd);
    }
    close_fd(&pipes.status[0]);
    close_fd(&hook.input);
    close_fd(&hook.output);
    return failed < 0 ? failed : r;
}

/* Orphans of hooks that ended in the meantime are ours if we are init; the program shall not find them. */
static void reap_orphans(void)
{
    while (sys_call(__NR_wait4, -1, 0, WNOHANG, 0, 0) > 0)
        ;
}

int hooks_run(struct stub *s)
{
    const struct stub_hook *hook = stub_data(s, s->config->hooks), *end = stub_end(s, s->config->hooks);
    char buf[24], *pid = stub_decimal((uint32_t) sys_getpid(), buf + sizeof buf);

    if (hook == end)
        return 0;
    ignore_sigpipe(true);
    for (; hook < end; hook++, s->item++) {
        int r = run(s, hook, pid, (size_t) (buf + sizeof buf - pid));

        if (r < 0)
            return r;
    }
    ignore_sigpipe(false);
    s->text_size = 0;
    reap_orphans();
    return 0;
}
