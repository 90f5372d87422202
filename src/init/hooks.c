/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.c - the hooks of create, as init sees them.
 *
 * prestart and createRuntime run in the runtime's namespaces: init only waits.
 * createContainer hooks are found by a path of the host and run in the
 * container's namespaces, before pivot_root (config.md "createContainer Hooks").
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

int init_runtime_hooks(struct init *init)
{
    const struct plan *plan = init->plan;
    struct msg m = { .type = MSG_HOOKS };

    if (!plan->hooks[PLAN_PRESTART].n && !plan->hooks[PLAN_CREATE_RUNTIME].n)
        return 0;
    if (send(init->gate_fd, &m, sizeof m, MSG_NOSIGNAL) < 0)
        return -errno;
    return init_wait_go(init);
}

enum { CHANGED_FD = 3 }; /* where a failure to execute is told; closed by success */

static _Noreturn void become_hook(const struct plan_hook *hook, int state_fd, int null_fd, int error_fd)
{
    int r = 0;

    if (dup2(state_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(null_fd, 2) < 0)
        r = errno;
    if (error_fd != CHANGED_FD && dup3(error_fd, CHANGED_FD, O_CLOEXEC) < 0)
        _exit(126);
    (void) sys_close_range(CHANGED_FD + 1, ~0U, 0);
    (void) setsid();
    if (r == 0) {
        execve(hook->path, hook->argv, hook->envp);
        r = errno;
    }
    (void) sys_write(CHANGED_FD, &r, sizeof r);
    _exit(126);
}

/*
 * The state, on a socket whose buffer holds it or whose reader takes it; a hook that never reads costs
 * nothing.
 */
static int feed(const struct init *init, int fd, size_t *done)
{
    char pid[24];
    const size_t before = init->hook_state_size[0], n = decimal_put(pid, (unsigned long) getpid()),
                 after = init->hook_state_size[1];
    const struct {
        const char *s;
        size_t from, to;
    } parts[] = {
        { init->hook_state[0], 0, before },
        { pid, before, before + n },
        { init->hook_state[1], before + n, before + n + after },
    };

    for (size_t i = 0; i < 3; i++)
        while (*done >= parts[i].from && *done < parts[i].to) {
            ssize_t sent = send(fd, parts[i].s + (*done - parts[i].from), parts[i].to - *done,
                                MSG_NOSIGNAL | MSG_DONTWAIT);

            if (sent < 0)
                return errno == EAGAIN ? 0 : -errno;
            *done += (size_t) sent;
        }
    return 1;
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int status_of(int pidfd)
{
    siginfo_t info = { 0 };

    while (waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED) < 0)
        if (errno != EINTR)
            return -errno;
    if (info.si_code != CLD_EXITED)
        return STUB_HOOK_SIGNALED(info.si_status);
    return info.si_status ? STUB_HOOK_EXITED(info.si_status) : 0;
}

/* Feeds the hook and waits for it, for its timeout at most. */
static int attend(const struct init *init, const struct plan_hook *hook, int pidfd, int *state_fd)
{
    int64_t deadline = hook->timeout ? now_ms() + (int64_t) hook->timeout * 1000 : -1;
    size_t done = 0;

    for (;;) {
        struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = *state_fd, .events = POLLOUT } };
        int64_t left = deadline < 0 ? -1 : deadline - now_ms();
        int n = deadline >= 0 && left <= 0 ? 0 : poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int) left);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0 && deadline >= 0 && now_ms() >= deadline) {
            (void) sys_pidfd_send_signal(pidfd, SIGKILL);
            (void) status_of(pidfd);
            return STUB_HOOK_TIMED_OUT;
        }
        if (n > 0 && fds[0].revents)
            return status_of(pidfd);
        if (n > 0 && fds[1].revents && feed(init, *state_fd, &done) != 0)
            fd_cleanup(state_fd); /* all given, or it does not want more */
    }
}

static int run_hook(const struct init *init, const struct plan_hook *hook)
{
    int pair[2], error[2], pidfd = -1, r, number;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t) (uintptr_t) &pidfd,
        .exit_signal = SIGCHLD,
    };

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    autoclose int ours = pair[0];
    autoclose int theirs = pair[1];
    autoclose int null_fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
    if (null_fd < 0)
        return null_fd;
    if (pipe2(error, O_CLOEXEC) < 0)
        return -errno;
    autoclose int error_read = error[0];
    autoclose int error_write = error[1];
    pid_t pid = sys_clone3(&args);
    if (pid == 0)
        become_hook(hook, theirs, null_fd, error_write);
    if (pid < 0)
        return pid;
    autoclose int child = pidfd;
    fd_cleanup(&theirs);
    fd_cleanup(&error_write);
    r = attend(init, hook, child, &ours);
    /* Executed or not, its end of the pipe is closed by now. */
    return sys_read(error_read, &number, sizeof number) == sizeof number ? -number : r;
}

int init_container_hooks(struct init *init)
{
    const struct plan_hook_list *hooks = &init->plan->hooks[PLAN_CREATE_CONTAINER];

    for (size_t i = 0; i < hooks->n; i++) {
        int r;

        init->item = (uint32_t) i;
        r = run_hook(init, &hooks->v[i]);
        if (r < 0)
            return r;
    }
    return 0;
}
