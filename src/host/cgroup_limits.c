/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_limits.c - write the plan's limits to a cgroup's files; on any layout.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    ENOTSUPP_KERNEL = 524
}; /* what memory.kmem.limit_in_bytes says since 5.16; not for user space, yet seen there */

/* ---- errors -------------------------------------------------------------------------------------------- */

static void hint(const struct plan_cgroup_write *w, int r, bool missing, struct err *err)
{
    if (missing && !strncmp(w->file, "hugetlb.", 8))
        err_hint(err, "the kernel has no huge pages of this size: see /sys/kernel/mm/hugepages");
    else if (missing &&
             (!strcmp(w->file, "memory.swap.max") || !strcmp(w->file, "memory.memsw.limit_in_bytes")))
        err_hint(err, "the kernel does not account swap: swapaccount=1 on its command line, or CONFIG_SWAP");
    else if (missing && w->fallback)
        err_hint(err, "neither %s nor %s exists: the kernel's BFQ scheduler or its I/O cost model is needed",
                 w->file, w->fallback);
    else if (missing)
        err_hint(err, "this kernel has no such file");
    else if (r == -EBUSY && !strncmp(w->file, "memory.", 7))
        err_hint(err, "the container uses more than that");
    else if (r == -ENODEV)
        err_hint(err, "there is no such device");
    else if (r == -EINVAL && w->controller && !strcmp(w->controller, "cpuset"))
        err_hint(err, "the cgroup above must have these CPUs and nodes, and they must be online");
    else if (r == -EINVAL && !strncmp(w->file, "cpu.rt_", 7))
        err_hint(err, "the cgroup above must have as much realtime runtime to give");
    else if (r == -EINVAL && !strncmp(w->file, "cpu.", 4))
        err_hint(err, "a cgroup above may have a lower limit");
}

static int failed(const struct host_cgroup *cg, const struct host_cgroup_dir *dir,
                  const struct plan_cgroup_write *w, int r, bool missing, struct err *err)
{
    autotext struct text shown = host_cgroup_shown(cg, dir, w->file);

    r = CGROUP_FAIL(err, w, r, "write \"%s\" to %s", w->value, text_string(&shown));
    hint(w, r, missing, err);
    return r;
}

static int no_controller(const struct plan_cgroup_write *w, struct err *err)
{
    return CGROUP_FAIL(err, w, 0,
                       "needs the cgroup controller \"%s\", which the container's cgroup does not have",
                       w->controller ? w->controller : "cgroup v2");
}

/* ---- one write ----------------------------------------------------------------------------------------- */

/* memory.checkBeforeUpdate: v1 refuses a limit below the usage, v2 calls the OOM killer. */
static int check_usage(const struct host_cgroup_dir *dir, const struct plan_cgroup_write *w, struct err *err)
{
    uint64_t used, limit;
    int r = host_cgroup_read_number(dir->fd, w->usage, &used);

    if (r < 0)
        return err_at(err, w->node, w->member, ERR_CGROUP, r, "read %s", w->usage);
    if (text_parse_u64(w->value, UINT64_MAX, &limit) < 0 || used <= limit)
        return 0;
    return err_at(err, w->node, w->member, ERR_CGROUP, EBUSY,
                  "rejecting the limit %s: %" PRIu64 " are in use", w->value, used);
}

static int write_file(const struct host_cgroup_dir *dir, const struct plan_cgroup_write *w, bool *ret_missing)
{
    int r = host_cgroup_write_or_missing(dir->fd, w->file, w->value, ret_missing);

    if (*ret_missing && w->fallback)
        r = host_cgroup_write_or_missing(dir->fd, w->fallback,
                                         w->fallback_value ? w->fallback_value : w->value, ret_missing);
    if (w->optional && (*ret_missing || r == -EOPNOTSUPP || r == -ENOTSUPP_KERNEL))
        return 0;
    return r;
}

/*
 * Writes v[0], and, if it can only be done in that order, v[1] before it.  The number of those written, or an
 * error.
 */
static int write_next(const struct host_cgroup *cg, const struct plan_cgroup_write *v, size_t n,
                      struct err *err)
{
    const struct host_cgroup_dir *dir = host_cgroup_dir_of(cg, v->controller);
    bool missing = false;
    int done = 1, r;

    if (!dir || dir->fd < 0)
        return v->optional ? 1 : no_controller(v, err);
    if (v->usage) {
        r = check_usage(dir, v, err);
        if (r < 0)
            return r;
    }
    r = write_file(dir, v, &missing);
    if (r == -EINVAL && v->after_next && n > 1) {
        int next = write_next(cg, v + 1, n - 1, err);

        if (next < 0)
            return next;
        done += next;
        r = write_file(dir, v, &missing);
    }
    return r < 0 ? failed(cg, dir, v, r, missing, err) : done;
}

int host_cgroup_write_all(const struct host_cgroup *cg, const struct plan_cgroup_writes *writes,
                          struct err *err)
{
    for (size_t i = 0; i < writes->n;) {
        int r = write_next(cg, writes->v + i, writes->n - i, err);

        if (r < 0)
            return r;
        i += (size_t) r;
    }
    return 0;
}
