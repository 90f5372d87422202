/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_birth.c - the program's process is born into the container's pid namespace by the stub, as the last
 * thing.
 *
 * Who lives there and has CAP_SYS_PTRACE may trace all that it sees.  That can be the container itself,
 * another one that shares the namespace, or what an earlier exec gave more to: nothing in the configuration
 * tells.  So it is done for all; see stub/birth.c.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>

#include "base/fd.h"
#include "engine/birth.h"
#include "engine/exec.h"

#define JOINS(plan) ((plan)->namespaces.fresh | (plan)->namespaces.joined)

/* By what is known: the configuration, and what this exec adds to it. */
static bool may_trace(const struct execution *x)
{
    const struct plan_process *own = x->plan->process;
    uint64_t bounding =
        x->compiled->capabilities[STUB_BOUNDING] | (own ? own->capabilities[STUB_BOUNDING] : 0);

    return !(JOINS(x->plan) & CLONE_NEWUSER) && bounding >> CAP_SYS_PTRACE & 1;
}

/*
 * Without no_new_privs it takes CAP_SYS_ADMIN to load a filter.  Then either the filter comes first, or the
 * process is born with that capability.
 */
static int choose_filter(struct execution *x, struct err *err)
{
    int r;

    x->birth |= engine_birth_filter(x->compiled, &x->seccomp);
    if (!x->seccomp.program || x->compiled->no_new_privileges || x->birth & STUB_FILTER_FIRST ||
        !may_trace(x))
        return 0;
    r = err_set(
        err, ERR_SECCOMP, 0,
        "a process that loads this filter could be traced by the container, which has CAP_SYS_PTRACE");
    err_hint(
        err,
        "set process.noNewPrivileges, or take CAP_SYS_PTRACE away, or let the filter allow clone, capset, "
        "setsid, getpid, ioctl, prlimit64, accept4, sendmsg, read, close and exit_group without an agent");
    return r;
}

int execution_choose_birth(struct execution *x, struct err *err)
{
    if (!(JOINS(x->plan) & CLONE_NEWPID))
        return 0; /* the caller's own, where it is seen anyway */
    x->birth = STUB_BIRTH;
    if (x->compiled->terminal)
        x->birth |= STUB_TERMINAL;
    /* With a terminal the program waits until its master has found a home. */
    if (x->compiled->terminal || x->options.pid_file || x->options.pidfd_socket || x->seccomp.notify ||
        engine_birth_scheduler(x->compiled))
        x->birth |= STUB_PAUSE;
    return choose_filter(x, err);
}

static int let_go(struct execution *x, struct err *err)
{
    int r = execution_publish(x, err);

    if (r >= 0)
        r = engine_birth_set_scheduler(x->compiled, x->pid, err);
    if (r < 0 || !(x->birth & STUB_PAUSE))
        return r;
    r = gate_go(x->gate_fd, x->pid);
    return r < 0 && r != -EPIPE && r != -ECONNRESET
               ? err_set(err, ERR_INIT_DIED, r, "tell the process to go on")
               : 0;
}

int execution_await_birth(struct execution *x, struct err *err)
{
    struct born born;
    int r;

    if (!x->birth)
        return 0;
    r = engine_await_birth(x->gate_fd, x->pid, x->pidfd, x->plan, x->compiled, &x->container->cgroup, &born,
                           err);
    if (r < 0)
        return r;
    fd_cleanup(&x->pidfd);
    x->pid = born.pid;
    x->pidfd = born.pidfd;
    x->outside = born.outside;
    return let_go(x, err);
}
