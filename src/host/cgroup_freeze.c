/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_freeze.c - stop a cgroup's processes where they are, and let them go on.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <string.h>

static int freeze_v2(const struct host_cgroup *cg, bool frozen)
{
    int r = host_cgroup_write(cg->dir_fd, "cgroup.freeze", frozen ? "1" : "0");

    if (r == 0)
        r = host_cgroup_await(cg->dir_fd, "frozen", frozen, host_cgroup_now() + HOST_CGROUP_DEADLINE);
    if (r < 0 && frozen)
        (void) host_cgroup_write(cg->dir_fd, "cgroup.freeze", "0");
    return r;
}

int host_cgroup_freeze(struct host_cgroup *cg, bool frozen, struct err *err)
{
    int r;

    if (cg->dir_fd < 0)
        return host_cgroup_v1_freeze(cg, frozen, err);
    r = freeze_v2(cg, frozen);
    if (r == 0)
        return 0;
    r = err_set(err, ERR_CGROUP, r, "%s the cgroup %s", frozen ? "freeze" : "thaw", cg->path);
    if (r == -ETIMEDOUT && frozen)
        err_hint(err, "a process sleeps uninterruptibly (state D): it can be frozen when it wakes");
    else if (r == -ETIMEDOUT)
        err_hint(err, "a cgroup above is frozen");
    return r;
}

static int is_frozen_v1(const struct host_cgroup *cg)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(cg, "freezer");
    char buf[64];
    ssize_t n;

    if (!d || d->v2 || d->fd < 0)
        return 0;
    n = host_cgroup_read(d->fd, "freezer.state", buf, sizeof buf);
    return n < 0 ? (int) n : strncmp(buf, "THAWED", 6) != 0;
}

int host_cgroup_is_frozen(const struct host_cgroup *cg)
{
    uint64_t frozen = 0;
    char buf[256];
    ssize_t n;

    if (cg->dir_fd < 0)
        return is_frozen_v1(cg);
    n = host_cgroup_read(cg->dir_fd, "cgroup.events", buf, sizeof buf);
    if (n < 0)
        return (int) n;
    (void) host_cgroup_key(buf, "frozen", &frozen);
    /* On hybrid, others (a container engine of old) may have used the v1 freezer. */
    return frozen || cg->layout != PLAN_CGROUP_HYBRID ? (int) frozen : is_frozen_v1(cg);
}
