/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_spawn.c - the clone that makes a further process of a container.
 *
 * Born in the container's cgroup; it joins all namespaces itself, with one setns(2) on
 * the pidfd of the container's process.  That of pids then holds for its children: see exec_birth.c.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/exec.h"

static int clone_failed(int r, struct err *err)
{
    r = err_set(err, ERR_PROCESS, r, "create a process in the container");
    if (r == -EAGAIN)
        err_hint(
            err,
            "a limit on processes is reached: linux.resources.pids.limit, RLIMIT_NPROC or kernel.pid_max");
    return r;
}

/*
 * The container's cgroup may have become an inner node (a service manager in it): then the process goes where
 * the container's own first process is.
 */
static pid_t clone_into(struct execution *x, struct clone_args *args, struct err *err)
{
    pid_t pid;

    if (x->where && x->where->process_fd >= 0 && !x->migrate) {
        args->flags |= CLONE_INTO_CGROUP;
        args->cgroup = (uint64_t) (unsigned) x->where->process_fd;
    }
    pid = sys_clone3(args);
    /* An unprivileged caller from another part of the tree: systemd moves the process then. */
    if (pid == -EACCES && args->flags & CLONE_INTO_CGROUP && x->where->scope) {
        x->migrate = true;
        args->flags &= ~(uint64_t) CLONE_INTO_CGROUP;
        return sys_clone3(args);
    }
    if (pid != -EBUSY || !x->where || x->where == &x->cgroup)
        return pid;
    if (host_cgroup_of_process(&x->container->cgroup, x->container->state->pid, &x->cgroup, err) < 0)
        return -EBUSY;
    x->where = &x->cgroup;
    args->cgroup = (uint64_t) (unsigned) x->where->process_fd;
    return sys_clone3(args);
}

/*
 * In the child.  Our end of the gate would keep it from seeing that we were killed: it would wait for ever.
 */
static void close_ours(struct execution *x)
{
    fd_cleanup(&x->gate_fd);
}

static int spawn(struct execution *x, struct err *err)
{
    int pidfd = -EBADF;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t) (uintptr_t) &pidfd,
        .exit_signal = SIGCHLD,
    };
    pid_t pid = clone_into(x, &args, err);

    if (pid == 0) {
        close_ours(x);
        init_run_exec(&x->init);
    }
    if (pid < 0)
        return err_is_set(err) ? pid : clone_failed(pid, err);
    x->pid = pid;
    x->pidfd = pidfd;
    return 0;
}

/* config.md "execCPUAffinity": the first mask holds from before the process enters the cgroup. */
static int set_affinity(const struct execution *x, struct err *err)
{
    const struct plan_process *p = x->compiled;

    if (!p->initial_affinity)
        return 0;
    if (sched_setaffinity(0, p->affinity_words * sizeof *p->initial_affinity,
                          (const cpu_set_t *) p->initial_affinity) < 0)
        return ERR_AT(err, p->from, exec_cpu_affinity, ERR_SCHEDULER, errno, "set the initial affinity");
    return 0;
}

int execution_spawn(struct execution *x, struct err *err)
{
    const struct plan_namespaces *ns = &x->plan->namespaces;
    cpu_set_t before;
    int r;

    x->init.exec_namespaces = ns->fresh | ns->joined;
    if (x->container->state->has_time_namespace)
        x->init.exec_namespaces |= CLONE_NEWTIME;
    (void) sched_getaffinity(0, sizeof before, &before);
    r = set_affinity(x, err);
    if (r >= 0)
        r = spawn(x, err);
    if (x->compiled->initial_affinity)
        (void) sched_setaffinity(0, sizeof before, &before);
    fd_cleanup(&x->init_gate_fd);
    return r;
}
