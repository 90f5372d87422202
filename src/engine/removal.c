/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * removal.c - undo what create made, in reverse.
 */
#include "engine/removal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/creation.h"
#include "host/hooks.h"
#include "host/rdt.h"

enum { KILL_TIMEOUT = 10 * 1000 }; /* milliseconds; a process in uninterruptible sleep takes its time */

void engine_unmount(const char *path)
{
    (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); /* EINVAL: nothing was mounted there yet */
}

/* SIGKILL, and wait for the end of the process; reap it if it is a child of ours. */
static int kill_init(struct existing *e, struct err *err)
{
    struct pollfd fd = { .fd = e->pidfd, .events = POLLIN };
    siginfo_t info;
    int r;

    if (e->pidfd < 0)
        return 0;
    r = sys_pidfd_send_signal(e->pidfd, SIGKILL);
    if (r < 0 && r != -ESRCH)
        return err_set(err, ERR_PROCESS, r, "kill process %d", e->state->pid);
    do
        r = poll(&fd, 1, KILL_TIMEOUT);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        return err_set(err, ERR_PROCESS, ETIMEDOUT, "process %d does not end after SIGKILL", e->state->pid);
    (void) waitid((idtype_t) P_PIDFD, (id_t) e->pidfd, &info,
                  WEXITED | WNOHANG); /* ECHILD: somebody else's child */
    return 0;
}

static int remove_cgroup(struct existing *e, struct err *err)
{
    int r = existing_cgroup(e, err);

    if (r < 0 || !e->cgroup_open || host_cgroup_remove_empty(&e->cgroup))
        return r;
    if (host_cgroup_exists(&e->cgroup))
        r = host_cgroup_kill(&e->cgroup, SIGKILL, err);
    if (r >= 0)
        r = kill_init(e, err); /* again: it is dead, but it must be reaped before its cgroup is empty */
    return r < 0 ? r : host_cgroup_remove(&e->cgroup, err);
}

static int remove_rdt(struct existing *e, struct err *err)
{
    autoclose int fd = -EBADF;
    int r;

    if (!e->state->rdt)
        return 0;
    r = host_rdt_open(&fd, err);
    if (r < 0) { /* unmounted since: its groups are gone with it */
        err_done(err);
        err_warn(err, "resctrl is no longer mounted: nothing of it was removed");
        return 0;
    }
    return host_rdt_remove(fd, e->state->rdt, e->state->creating, err);
}

static int remove_mounts(struct existing *e, struct err *err)
{
    (void) err;
    for (size_t i = e->state->mounts.n; i > 0; i--)
        engine_unmount(e->state->mounts.v[i - 1]);
    return 0;
}

/* Read before the directory goes: poststop comes after the removal (runtime.md "Lifecycle", 13). */
static const struct plan *plan_for_hooks(struct existing *e, struct bundle *bundle, struct plan **ret_plan)
{
    struct err ignored = { 0 };

    if (e->state->config && !e->state->config->poststop)
        return NULL;
    if (existing_config(e, bundle, ret_plan, &ignored) < 0)
        *ret_plan = NULL; /* spoilt: there are no hooks to be known */
    err_done(&ignored);
    return *ret_plan;
}

int removal_destroy(struct existing *e, const struct plan *plan, bool force, struct err *err)
{
    int (*const steps[])(struct existing *, struct err *) = { kill_init, remove_cgroup, remove_rdt,
                                                              remove_mounts };
    struct bundle bundle = { 0 };
    struct plan *own_plan = NULL;
    int r = 0;

    if (!plan)
        plan = plan_for_hooks(e, &bundle, &own_plan);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int step = steps[i](e, err);

        r = r < 0 ? r : step;
        if (r < 0 && !force)
            break;
    }
    if (r >= 0)
        r = host_state_remove(e->root_fd, e->id, err);
    if (r >= 0 && plan)
        r = host_hooks_run_for(e->state, &plan->hooks[PLAN_POSTSTOP], PLAN_POSTSTOP, OCI_STATUS_STOPPED,
                               plan->hooks_stdout, plan->hooks_stderr, err);
    plan_free(own_plan);
    bundle_done(&bundle);
    return r;
}
