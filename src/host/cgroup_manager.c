/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_manager.c - a cgroup that somebody else makes: taken over, so that it is like one of our own.
 *
 * The manager gets the limits as far as it has words for them; all of them are written to the cgroup's files
 * as well, since that gives the exact values, and an error from the kernel.
 */
#include "host/cgroup_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/cgroup_dirs.h"
#include "plan/systemd_properties.h"

const struct host_cgroup_manager *host_cgroup_manager(const struct host_cgroup *cg)
{
    return cg->manager == PLAN_MANAGER_SYSTEMD ? &host_cgroup_systemd : NULL;
}

/* ---- taking over --------------------------------------------------------------------------------------- */

/*
 * v1: hierarchies that the manager does not use (cpuset, freezer) get a directory of the same name from us.
 */
static int make_missing(struct host_cgroup *cg, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < cg->n_dirs; i++)
        if (cg->dirs[i].fd < 0 && !cg->dirs[i].v2)
            r = host_cgroup_v1_make(cg, &cg->dirs[i], err);
    if (r == 0 && host_cgroup_made_print(cg) < 0)
        r = err_nomem(err);
    return r;
}

/*
 * Without controllers for now: another process is in the cgroup above, and v2 gives none to cgroups below
 * one.
 */
static int make_subgroup(const struct host_cgroup *cg, struct err *err)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_v2(cg);
    autofree char *path = NULL;
    const char *name;

    if (!cg->subgroup)
        return 0;
    if (asprintf(&path, "/%s", cg->subgroup) < 0) {
        path = NULL;
        return err_nomem(err);
    }
    autoclose int parent_fd = host_cgroup_parent(d->fd, path, NULL, NULL, &name, NULL);
    if (parent_fd >= 0 && (mkdirat(parent_fd, name, 0755) == 0 || errno == EEXIST))
        return 0;
    return err_set(err, ERR_CGROUP, parent_fd < 0 ? parent_fd : errno, "make the cgroup %s%s", cg->path,
                   path);
}

static int take_over(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    int r = cg->dirs ? 0 : host_cgroup_dirs_open(cg, &plan->facts, err);

    if (r == 0)
        r = host_cgroup_dirs_find(cg, err);
    if (r == 0)
        r = make_missing(cg, err);
    if (r == 0 && cg->layout == PLAN_CGROUP_V2 && cg->dirs[0].fd < 0)
        return err_set(err, ERR_CGROUP, ENOENT, "the cgroup %s of the unit %s is gone", cg->path, cg->scope);
    if (r == 0 && cg->layout == PLAN_CGROUP_V2)
        r = host_cgroup_v2_enable(cg, plan->cgroup.writes, false, err);
    if (r == 0)
        r = host_cgroup_write_all(cg, plan->cgroup.writes, err);
    if (r == 0)
        r = host_cgroup_restrict_devices(cg, &plan->facts, plan->cgroup.device_rules, err);
    if (r == 0)
        r = make_subgroup(cg, err);
    return r < 0 ? r : host_cgroup_dirs_done(cg, err);
}

/* With pids.max 1 the container's process could not be born beside the manager's placeholder. */
static int set_room(const struct host_cgroup *cg, const char *from, const char *to, struct err *err)
{
    char now[16];
    ssize_t n = cg->dir_fd < 0 ? 0 : host_cgroup_read(cg->dir_fd, "pids.max", now, sizeof now);
    int r;

    if (n <= 0 || strncmp(now, from, strlen(from)) || now[strlen(from)] != '\n')
        return 0;
    r = host_cgroup_write(cg->dir_fd, "pids.max", to);
    return r < 0 ? err_set(err, ERR_CGROUP, r, "write %s to pids.max of the cgroup %s", to, cg->path) : 0;
}

static bool has_one_pid(const struct plan_cgroup_writes *writes)
{
    bool one = false;

    for (size_t i = 0; i < writes->n; i++)
        if (!strcmp(writes->v[i].file, "pids.max"))
            one = !strcmp(writes->v[i].value, "1");
    return one;
}

int host_cgroup_settle(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    const struct host_cgroup_manager *manager = host_cgroup_manager(cg);
    int r;

    if (!manager || !cg->pending || cg->path)
        return 0;
    r = manager->finish(plan, cg, 0, err);
    if (r == 0)
        r = take_over(plan, cg, err);
    return r == 0 && has_one_pid(plan->cgroup.writes) ? set_room(cg, "1", "2", err) : r;
}

/* ---- entering ------------------------------------------------------------------------------------------ */

/*
 * The container's process was killed at its birth and nobody was left in the cgroup, so that the manager has
 * removed it: it is asked anew.
 */
static void forget_if_gone(struct host_cgroup *cg)
{
    struct host_cgroup fresh = HOST_CGROUP_INIT;

    if (!cg->path || cg->pending || cg->dir_fd < 0 || faccessat(cg->dir_fd, "cgroup.procs", F_OK, 0) == 0)
        return;
    fresh.manager = cg->manager;
    fresh.asked = cg->asked;
    fresh.scope = take_ptr(&cg->scope);
    fresh.subgroup = take_ptr(&cg->subgroup);
    host_cgroup_done(cg);
    *cg = fresh;
}

int host_cgroup_managed_enter(const struct plan *plan, struct host_cgroup *cg, pid_t pid, bool *born,
                              struct err *err)
{
    bool late = !cg->pending; /* the manager moves PID itself */
    int r;

    forget_if_gone(cg);
    if (cg->path)
        return 0;
    cg->layout = plan->facts.cgroup_layout;
    r = host_cgroup_manager(cg)->finish(plan, cg, pid, err);
    if (r == 0)
        r = take_over(plan, cg, err);
    *born = r == 0 && late && !cg->subgroup;
    return r;
}

/* Now nobody is left in the cgroup above. */
static int equip_subgroup(const struct plan *plan, const struct host_cgroup *cg, struct err *err)
{
    struct host_cgroup_dir dir = *host_cgroup_dir_v2(cg);
    struct host_cgroup sub = { .layout = cg->layout, .dirs = &dir, .n_dirs = 1 };
    autofree char *path = NULL;
    int r;

    if (asprintf(&path, "%s/%s", cg->path, cg->subgroup) < 0) {
        path = NULL;
        return err_nomem(err);
    }
    sub.path = path;
    dir.fd = cg->process_fd;
    r = host_cgroup_v2_enable(&sub, plan->cgroup.writes, true, err);
    /* The container sees its own cgroup only, and programs look there for what they may use. */
    return r < 0 ? r : host_cgroup_write_all(&sub, plan->cgroup.writes, err);
}

int host_cgroup_managed_entered(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    int r;

    host_cgroup_manager(cg)->release(cg);
    r = has_one_pid(plan->cgroup.writes) ? set_room(cg, "2", "1", err) : 0;
    if (r < 0)
        return r;
    return cg->subgroup ? equip_subgroup(plan, cg, err) : 0;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

int host_cgroup_managed_update(const struct plan *plan, struct host_cgroup *cg,
                               const struct plan_cgroup_writes *writes,
                               const struct plan_device_rules *devices, struct err *err)
{
    autoarena struct arena arena = { 0 };
    struct plan_systemd_properties *properties;
    int r = plan_systemd_limits_compile(&plan->facts, writes, devices, &arena, &properties, err);

    if (r < 0 || properties->n == 0)
        return r;
    r = host_cgroup_manager(cg)->update(cg, properties, err);
    /*
     * Once more: the manager has written what it has words for, and that may be less exact (io.bfq.weight).
     */
    if (r == 0)
        r = host_cgroup_write_all(cg, writes, err);
    return r;
}
