/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore_root.c - the root filesystem as CRIU wants it.
 *
 * After unshare(2) descriptors from before are on the host's mounts, on which nothing can be attached here:
 * the place is opened again, by the path of the state directory, which only root can change.
 */
#include "engine/restore_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/namespace.h"

#define DIRECTORY "root"

static int failed(int r, const char *what, struct err *err)
{
    return err_set(err, ERR_MOUNT, r, "%s", what);
}

static int find_path(struct restore_root *root, struct creation *c, struct err *err)
{
    autofree char *state_root = NULL;
    autoclose int fd = -EBADF;
    int r = host_root_open(c->ocirt->root, false, &state_root, &fd, err);

    if (r < 0)
        return r;
    if (asprintf(&root->path, "%s/%s/" DIRECTORY, state_root, c->id) < 0) {
        root->path = NULL;
        return err_nomem(err);
    }
    if (mkdirat(c->dir_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_STATE_FILE, errno, "make the directory %s", root->path);
    return 0;
}

static int open_ways(struct restore_root *root, struct creation *c)
{
    root->own_fd = host_namespace_open(c->proc_fd, 0, "mnt");
    root->work_fd = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
    return root->own_fd < 0 ? root->own_fd : root->work_fd < 0 ? root->work_fd : 0;
}

/* What the host mounts later still comes through, and nothing goes back. */
static int become_slave(void)
{
    struct mount_attr attr = { .propagation = MS_SLAVE };
    autoclose int fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

    return fd < 0 ? fd : sys_mount_setattr(fd, AT_RECURSIVE, &attr);
}

static int attach(const struct restore_root *root, const char *rootfs)
{
    autoclose int target_fd = sys_openat(AT_FDCWD, root->path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    autoclose int tree_fd = sys_open_tree(AT_FDCWD, rootfs, OPEN_TREE_CLONE | AT_RECURSIVE);

    if (target_fd < 0)
        return target_fd;
    return tree_fd < 0 ? tree_fd : sys_move_mount(tree_fd, target_fd);
}

int restore_root_enter(struct restore_root *root, struct creation *c, struct err *err)
{
    int r = find_path(root, c, err);

    if (r < 0)
        return r;
    r = open_ways(root, c);
    if (r >= 0)
        r = sys_unshare(CLONE_NEWNS);
    if (r < 0)
        return failed(r, "make a mount namespace for CRIU", err);
    root->inside = true;
    root->inner_fd = host_namespace_open(c->proc_fd, 0, "mnt");
    r = root->inner_fd < 0 ? root->inner_fd : become_slave();
    if (r >= 0)
        r = attach(root, c->plan->root.path);
    return r < 0 ? failed(r, "mount the root filesystem for CRIU", err) : 0;
}

/* Entering a mount namespace changes root and working directory to its root. */
int restore_root_leave(struct restore_root *root, struct err *err)
{
    int r;

    if (!root->inside)
        return 0;
    r = sys_setns(root->own_fd, CLONE_NEWNS);
    if (r >= 0 && fchdir(root->work_fd) < 0)
        r = -errno;
    if (r < 0)
        return failed(r, "this thread could not go back to its own mount namespace", err);
    root->inside = false;
    return 0;
}

int restore_root_return(struct restore_root *root, struct err *err)
{
    int r = sys_setns(root->inner_fd, CLONE_NEWNS);

    if (r < 0)
        return failed(r, "enter the mount namespace for CRIU again", err);
    root->inside = true;
    return 0;
}

void restore_root_done(struct restore_root *root)
{
    fd_cleanup(&root->own_fd);
    fd_cleanup(&root->inner_fd);
    fd_cleanup(&root->work_fd);
    free(root->path);
    root->path = NULL;
}
