/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_birth.c - the program's process is born into the container's pid namespace by the stub, as the last thing.
 *
 * Who lives there and has CAP_SYS_PTRACE may trace all that it sees.  That can be the container itself, another one that
 * shares the namespace, or what an earlier exec gave more to: nothing in the configuration tells.  So it is done for
 * all; see stub/birth.c.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/exec.h"
#include "host/seccomp_birth.h"

#define JOINS(plan) ((plan)->namespaces.fresh | (plan)->namespaces.joined)

/* ---- before ---------------------------------------------------------------------------------------------------- */

/* By what is known: the configuration, and what this exec adds to it. */
static bool may_trace(const struct execution *x)
{
    const struct plan_process *own = x->plan->process;
    uint64_t bounding =
        x->compiled->capabilities[STUB_BOUNDING] | (own ? own->capabilities[STUB_BOUNDING] : 0);

    return !(JOINS(x->plan) & CLONE_NEWUSER) && bounding >> CAP_SYS_PTRACE & 1;
}

/*
 * Without no_new_privs it takes CAP_SYS_ADMIN to load a filter.  Then either the filter comes first, or the process is born
 * with that capability.
 */
static int choose_filter(struct execution *x, struct err *err)
{
    int r;

    if (!x->seccomp.program || x->compiled->no_new_privileges)
        return 0;
    if (!x->seccomp.notify && host_seccomp_allows_birth(&x->seccomp)) {
        x->birth |= STUB_FILTER_FIRST;
        return 0;
    }
    if (!may_trace(x))
        return 0;
    r = err_set(
        err, ERR_SECCOMP, 0,
        "a process that loads this filter could be traced by the container, which has CAP_SYS_PTRACE");
    err_hint(
        err,
        "set process.noNewPrivileges, or take CAP_SYS_PTRACE away, or let the filter allow clone, capset, "
        "setsid, ioctl, prlimit64, sendmsg, read and exit_group without an agent");
    return r;
}

/* Such a policy is not inherited, or keeps from having children. */
static bool is_own(const struct stub_scheduler *scheduler)
{
    return scheduler->policy == SCHED_DEADLINE || scheduler->flags & SCHED_FLAG_RESET_ON_FORK;
}

int execution_choose_birth(struct execution *x, struct err *err)
{
    if (!(JOINS(x->plan) & CLONE_NEWPID))
        return 0; /* the caller's own, where it is seen anyway */
    x->birth = STUB_BIRTH;
    if (x->compiled->terminal)
        x->birth |= STUB_TERMINAL;
    x->set_scheduler = x->compiled->has_scheduler && is_own(&x->compiled->scheduler);
    /* With a terminal the program waits until its master has found a home. */
    if (x->compiled->terminal || x->options.pid_file || x->options.pidfd_socket || x->seccomp.notify ||
        x->set_scheduler)
        x->birth |= STUB_PAUSE;
    return choose_filter(x, err);
}

/* ---- after ----------------------------------------------------------------------------------------------------- */

/* The pid comes from the kernel, but the sender may have been traced and its socket taken: only a child of ours will do. */
static int adopt(struct execution *x, pid_t pid, struct err *err)
{
    autoclose int pidfd = pid > 0 ? sys_pidfd_open(pid) : -ESRCH;
    siginfo_t info;

    if (pidfd < 0 || pid == x->pid ||
        waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return err_set(err, ERR_INIT_DIED, 0, "something else answers for the process in the container");
    x->outside = x->pid;
    x->pid = pid;
    fd_cleanup(&x->pidfd);
    x->pidfd = take_fd(&pidfd);
    return 0;
}

static int let_go(struct execution *x, struct err *err)
{
    int r = execution_publish(x, err);

    if (r >= 0 && x->set_scheduler && syscall(SYS_sched_setattr, x->pid, &x->compiled->scheduler, 0) < 0)
        r = err_set(err, ERR_SCHEDULER, errno, "process.scheduler: set it");
    if (r < 0 || !(x->birth & STUB_PAUSE))
        return r;
    r = gate_go(x->gate_fd, x->pid);
    return r < 0 && r != -EPIPE && r != -ECONNRESET
               ? err_set(err, ERR_INIT_DIED, r, "tell the process to go on")
               : 0;
}

int execution_await_birth(struct execution *x, struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    size_t n = sizeof text;
    autoclose int fd = -EBADF;
    pid_t pid;
    int r;

    if (!x->birth)
        return 0;
    r = gate_receive_from(x->gate_fd, &m, text, &n, &fd, &pid);
    if (r < 0)
        return err_set(err, ERR_INIT_DIED, r, "listen to the process");
    if (r == 0)
        return engine_init_died(x->pidfd, &x->container->cgroup, err);
    if (m.type == MSG_FAILED)
        return engine_init_failed(x->plan, x->compiled, &m, text, n, err);
    r = m.type == MSG_BORN ? adopt(x, pid, err) : err_set(err, ERR_INTERNAL, EPROTO, "message %u", m.type);
    return r < 0 ? r : let_go(x, err);
}
