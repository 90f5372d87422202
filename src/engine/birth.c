/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * birth.c - the container's process is born into a pid namespace that config.json joins by the stub, as the
 * last thing.
 *
 * Others live there, and with CAP_SYS_PTRACE they may trace all that they see.  So what makes the container
 * stays outside: see stub/birth.c.  Not with hooks that run before `start`, or as part of it, inside: they
 * are told a pid that would be another later, and are as visible as what we hide.  Nor with a new user
 * namespace, from inside of which the pid namespace could not be joined, or before Linux 6.18, where only a
 * process in a pid namespace could mount its procfs.
 */
#include "engine/birth.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/creation.h"
#include "host/seccomp_birth.h"

uint32_t engine_birth_filter(const struct plan_process *process, const struct host_seccomp *seccomp)
{
    if (!seccomp->program || process->no_new_privileges || seccomp->notify)
        return 0;
    return host_seccomp_allows_birth(seccomp) ? STUB_FILTER_FIRST : 0;
}

bool engine_birth_scheduler(const struct plan_process *process)
{
    return process->has_scheduler && (process->scheduler.policy == SCHED_DEADLINE ||
                                      process->scheduler.flags & SCHED_FLAG_RESET_ON_FORK);
}

int engine_birth_set_scheduler(const struct plan_process *process, pid_t pid, struct err *err)
{
    if (!engine_birth_scheduler(process) || syscall(SYS_sched_setattr, pid, &process->scheduler, 0) == 0)
        return 0;
    return err_set(err, ERR_SCHEDULER, errno, "process.scheduler: set it");
}

/*
 * The pid comes from the kernel, but the sender may have been traced and its socket taken: only a child of
 * ours will do.
 */
static int adopt(pid_t outside, pid_t pid, struct born *ret, struct err *err)
{
    autoclose int pidfd = pid > 0 ? sys_pidfd_open(pid) : -ESRCH;
    siginfo_t info;

    if (pidfd < 0 || pid == outside ||
        waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return err_set(err, ERR_INIT_DIED, 0, "something else answers for the process in the container");
    *ret = (struct born){ .pid = pid, .outside = outside, .pidfd = take_fd(&pidfd) };
    return 0;
}

int engine_await_birth(int gate_fd, pid_t pid, int pidfd, struct plan *plan,
                       const struct plan_process *process, const struct host_cgroup *cgroup, struct born *ret,
                       struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    size_t n = sizeof text;
    autoclose int fd = -EBADF;
    pid_t sender;
    int r = gate_receive_from(gate_fd, &m, text, &n, &fd, &sender);

    if (r < 0)
        return err_set(err, ERR_INIT_DIED, r, "listen to the container's process");
    if (r == 0)
        return engine_init_died(pidfd, cgroup, err);
    if (m.type == MSG_FAILED)
        return engine_init_failed(plan, process, &m, text, n, err);
    if (m.type != MSG_BORN)
        return err_set(err, ERR_INTERNAL, 0, "message %u from the container's process", m.type);
    return adopt(pid, sender, ret, err);
}

/* ---- create and run ------------------------------------------------------------------------------------ */

static int joined_pid_namespace(const struct plan *plan)
{
    const struct plan_namespaces *ns = &plan->namespaces;

    for (size_t i = 0; i < ns->n_join; i++)
        if (ns->join[i].flag == CLONE_NEWPID)
            return ns->join[i].ns_fd;
    return -1;
}

static bool has_hooks(const struct plan *plan)
{
    return plan->hooks[PLAN_PRESTART].n || plan->hooks[PLAN_CREATE_RUNTIME].n ||
           plan->hooks[PLAN_CREATE_CONTAINER].n || plan->hooks[PLAN_START_CONTAINER].n;
}

/* Can its procfs be mounted from outside, if it is to be mounted at all? */
static bool may_mount_procfs(const struct plan *plan, int ns_fd)
{
    bool needed = false;

    for (size_t i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *m = &plan->mounts[i];

        if (!m->type || strcmp(m->type, "proc"))
            continue;
        if (m->kind == PLAN_MOUNT_CLASSIC)
            return false;
        needed = needed || m->kind == PLAN_MOUNT_FS;
    }
    if (!needed)
        return true;
    autoclose int fs_fd = sys_fsopen("proc");
    return fs_fd >= 0 && sys_fsconfig_fd(fs_fd, "pidns", ns_fd) >= 0;
}

int creation_choose_birth(struct creation *c, struct err *err)
{
    const struct plan *plan = c->plan;
    int ns_fd = joined_pid_namespace(plan);

    (void) err;
    if (ns_fd < 0 || !plan->process || has_hooks(plan) || plan->namespaces.fresh & CLONE_NEWUSER ||
        plan->facts.rootless || plan->facts.in_user_namespace || !may_mount_procfs(plan, ns_fd))
        return 0;
    c->birth = STUB_BIRTH | engine_birth_filter(plan->process, &c->seccomp);
    if (plan->process->terminal)
        c->birth |= STUB_TERMINAL;
    if (c->run) /* it waits for the word of run in the namespace */
        c->birth |= STUB_PAUSE;
    return 0;
}

int creation_await_birth(struct creation *c, struct err *err)
{
    struct born born;
    int r;

    if (!c->birth)
        return 0;
    r = engine_await_birth(c->gate_fd, c->pid, c->pidfd, c->plan, c->plan->process, &c->cgroup, &born, err);
    if (r < 0)
        return r;
    fd_cleanup(&c->pidfd);
    c->pid = born.pid;
    c->pidfd = born.pidfd;
    while (waitpid(born.outside, NULL, 0) < 0 && errno == EINTR)
        continue;
    r = engine_birth_set_scheduler(c->plan->process, c->pid, err);
    return r < 0 ? r : creation_save_pid(c, err);
}
