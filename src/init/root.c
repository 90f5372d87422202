/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root.c - make the container's root the root.
 *
 * The root filesystem is a detached tree (a clone, made by the runtime or in the
 * sources stage).  It is attached over its own path, where hooks look for it,
 * or over "/" in the template namespace.  pivot_root(".", ".") then stacks the old
 * root on top of the new one; one detach and it is gone (pivot_root(2)).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

/*
 * Receives from the host only if the config asks for "slave"; "shared" begins a peer group of its own, at the
 * end.
 */
static int cut_off(const struct plan_root *root, int tree_fd)
{
    struct mount_attr attr = { .propagation = root->propagation == MS_SLAVE ? MS_SLAVE : MS_PRIVATE };

    return sys_mount_setattr(tree_fd, AT_RECURSIVE, &attr);
}

/*
 * Opened while we still are the caller's user: root of a user namespace may not be able to reach the bundle
 * at all (a directory of mode 0700 above it).  For that the mount namespace must be ours already.
 */
int init_root_target(struct init *init)
{
    if (init->template_fd >= 0) {
        int r = sys_setns(init->template_fd, CLONE_NEWNS);

        if (r < 0)
            return r;
    }
    if (init->unshare_flags & CLONE_NEWNS) {
        int r = sys_unshare(CLONE_NEWNS);

        if (r < 0)
            return r;
        init->unshare_flags &= ~(uint64_t) CLONE_NEWNS;
    }
    init->target_fd =
        sys_openat(AT_FDCWD, init->template_namespace ? "/" : init->plan->root.path, O_PATH | O_DIRECTORY, 0);
    return init->target_fd < 0 ? init->target_fd : 0;
}

int init_root_attach(struct init *init)
{
    struct plan_root *root = &init->plan->root;
    int r = cut_off(root, root->tree_fd);

    if (r >= 0 && root->overlay)
        r = init_root_overlay(init);

    if (r >= 0)
        r = sys_move_mount(root->tree_fd, init->target_fd);
    if (r < 0)
        return r;
    fd_cleanup(&init->target_fd);
    init->root_fd = root->tree_fd;
    return 0;
}

int init_pivot(struct init *init)
{
    int r;

    if (fchdir(init->root_fd) < 0)
        return -errno;
    switch (init->plan->root.how) {
    case PLAN_ROOT_PIVOT:
        r = sys_pivot_root(".", ".");
        if (r < 0)
            return r;
        if (umount2(".", MNT_DETACH) < 0)
            return -errno;
        break;
    case PLAN_ROOT_MOVE: /* --no-pivot: the old root stays below; for a root on the initial ramfs */
        if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
            return -errno;
        break;
    case PLAN_ROOT_CHROOT: /* the mount namespace is not our own, its root is not ours to change */
        if (chroot(".") < 0)
            return -errno;
        break;
    }
    return chdir("/") < 0 ? -errno : 0;
}

int init_root_readonly(struct init *init)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

    return init->plan->root.readonly ? sys_mount_setattr(init->root_fd, 0, &attr) : 0;
}

int init_root_propagation(struct init *init)
{
    const struct plan_root *root = &init->plan->root;
    struct mount_attr attr = { .propagation = root->propagation };

    if (root->propagation == 0 || root->propagation == MS_PRIVATE || root->propagation == MS_SLAVE)
        return 0; /* since init_root_attach */
    return sys_mount_setattr(init->root_fd, root->propagation_recursive ? AT_RECURSIVE : 0, &attr);
}
