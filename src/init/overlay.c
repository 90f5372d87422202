/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * overlay.c - lay an overlay over the root filesystem: what is written goes to memory, and ends with the
 * container.
 *
 * The layers are named to the kernel as paths, which until Linux 6.15 must not lead into a detached tree, and
 * the host's /proc, through which descriptors have paths, may not be there.  So a tmpfs is attached where the
 * root belongs, with the root filesystem in it as the directory "lower"; the layers are relative to it.  The
 * overlay has clones of its own of both, so that the tmpfs is taken away again.  Of the lower layer, what is
 * mounted below it is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

struct parameter {
    const char *key, *value; /* value NULL: a flag; key NULL ends */
};

static int make(struct init *init, const char *type, const struct parameter *parameters)
{
    autoclose int fs_fd = sys_fsopen(type);
    int r = fs_fd < 0 ? fs_fd : 0;

    for (; r >= 0 && parameters->key; parameters++)
        r = parameters->value ? sys_fsconfig_string(fs_fd, parameters->key, parameters->value)
                              : sys_fsconfig_flag(fs_fd, parameters->key);
    if (r >= 0)
        r = sys_fsconfig_create(fs_fd);
    if (r >= 0)
        r = sys_fsmount(fs_fd, 0);
    if (r < 0 && fs_fd >= 0)
        init_say_of_fs(init, fs_fd);
    return r;
}

/* The overlay's root has the mode of the upper layer, which therefore has that of the lower one. */
static int make_layers(int dir_fd, const struct stat *lower)
{
    if (mkdirat(dir_fd, "lower", 0700) < 0 || mkdirat(dir_fd, "work", 0700) < 0 ||
        mkdirat(dir_fd, "upper", 0700) < 0)
        return -errno;
    /* An owner that is not known here has no name here either: the container's root then owns its "/". */
    if (fchownat(dir_fd, "upper", lower->st_uid, lower->st_gid, 0) < 0 && errno != EINVAL &&
        errno != EOVERFLOW)
        return -errno;
    return fchmodat(dir_fd, "upper", lower->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int attach_layers(struct init *init, int *ret_dir_fd)
{
    static const struct parameter parameters[] = { { "mode", "0700" }, { NULL, NULL } };
    const struct plan_root *root = &init->plan->root;
    autoclose int dir_fd = make(init, "tmpfs", parameters);
    struct stat st;
    int r;

    if (dir_fd < 0)
        return dir_fd;
    if (fstat(root->tree_fd, &st) < 0)
        return -errno;
    r = make_layers(dir_fd, &st);
    if (r >= 0)
        r = sys_move_mount(dir_fd, init->target_fd);
    if (r < 0)
        return r;
    autoclose int lower_fd = sys_openat(dir_fd, "lower", O_PATH | O_DIRECTORY, 0);
    r = lower_fd < 0 ? lower_fd : sys_move_mount(root->tree_fd, lower_fd);
    if (r < 0)
        return r;
    *ret_dir_fd = take_fd(&dir_fd);
    return 0;
}

/* In a user namespace the overlay keeps its marks in attributes that users may set (Linux 5.11). */
static int make_overlay(struct init *init)
{
    static const struct parameter parameters[] = {
        { "lowerdir", "lower" }, { "upperdir", "upper" }, { "workdir", "work" },
        { "userxattr", NULL },   { NULL, NULL },
    };
    struct parameter chosen[sizeof parameters / sizeof *parameters];
    const size_t n = sizeof parameters / sizeof *parameters;
    bool user = !init->privileged || init->plan->facts.in_user_namespace ||
                init->plan->namespaces.fresh & CLONE_NEWUSER || init->plan->namespaces.joined & CLONE_NEWUSER;

    for (size_t i = 0; i < n; i++)
        chosen[i] = parameters[i];
    if (!user)
        chosen[n - 2] = parameters[n - 1];
    return make(init, "overlay", chosen);
}

int init_root_overlay(struct init *init)
{
    struct plan_root *root = &init->plan->root;
    autoclose int here_fd = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
    autoclose int dir_fd = -EBADF;
    int r;

    init->item = INIT_ITEM_UPPER;
    r = here_fd < 0 ? here_fd : attach_layers(init, &dir_fd);
    if (r >= 0 && fchdir(dir_fd) < 0)
        r = -errno;
    if (r < 0)
        return r;
    init->item = INIT_ITEM_OVERLAY;
    r = make_overlay(init);
    if (r >= 0) {
        fd_cleanup(&root->tree_fd);
        root->tree_fd = r;
    }
    if (umount2(".", MNT_DETACH) < 0 && r >= 0) /* where we are: the tmpfs, with "lower" in it */
        r = -errno;
    if (fchdir(here_fd) < 0 && r >= 0)
        r = -errno;
    if (r >= 0)
        init->item = 0;
    return r < 0 ? r : 0;
}
