/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sources.c - detached trees of what the runtime had no right to clone.
 *
 * An unprivileged runtime may not clone mounts in its own namespace; its child,
 * root of a new user namespace, may in its copy.  The paths are the host's, and
 * trusted; this runs before anything of the container is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>

#include "base/sys.h"
#include "init/init.h"

static int clone_tree(const char *path, bool recursive, bool nofollow)
{
    return sys_open_tree(AT_FDCWD, path,
                         OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0U) |
                             (nofollow ? AT_SYMLINK_NOFOLLOW : 0U));
}

static int mount_sources(struct init *init)
{
    struct plan *plan = init->plan;

    for (size_t i = 0; i < plan->n_mounts; i++) {
        struct plan_mount *m = &plan->mounts[i];

        if ((m->kind != PLAN_MOUNT_BIND && m->kind != PLAN_MOUNT_CGROUP) || m->tree_fd >= 0)
            continue;
        init->item = (uint32_t) i;
        m->tree_fd = clone_tree(m->source, m->recursive, m->source_nofollow);
        if (m->tree_fd < 0 && !(m->optional && m->tree_fd == -ENOENT))
            return m->tree_fd;
    }
    return 0;
}

static int device_sources(struct init *init)
{
    struct plan *plan = init->plan;

    for (size_t i = 0; plan->bind_devices && i < plan->n_devices; i++) {
        struct plan_device *d = &plan->devices[i];

        if (d->tree_fd >= 0)
            continue;
        init->item = INIT_ITEM_DEVICE + (uint32_t) i;
        d->tree_fd = clone_tree(d->path, false, false);
        if (d->tree_fd < 0)
            return d->tree_fd;
    }
    return 0;
}

static bool has_masks(const struct plan *plan)
{
    return plan->n_hidden && !plan->hidden[0].readonly; /* masked ones come first */
}

int init_sources(struct init *init)
{
    struct plan *plan = init->plan;
    int r;

    init->item = INIT_ITEM_ROOT;
    if (plan->root.tree_fd < 0)
        plan->root.tree_fd = clone_tree(plan->root.path, true, false);
    if (plan->root.tree_fd < 0)
        return plan->root.tree_fd;
    r = mount_sources(init);
    if (r < 0)
        return r;
    r = device_sources(init);
    if (r < 0)
        return r;
    init->item = INIT_ITEM_NULL;
    if (plan->null_tree_fd < 0 && has_masks(plan))
        plan->null_tree_fd = clone_tree("/dev/null", false, false);
    return plan->null_tree_fd < 0 && has_masks(plan) ? plan->null_tree_fd : 0;
}
