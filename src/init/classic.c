/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * classic.c - mount(2), for what fsconfig can't say, with a descriptor as its result.
 *
 * mount(2) gives none, and to look for the new mount by its path would be a race with who may rename that.
 * So it is made in a directory that only we can reach, on an empty tmpfs of our own, cloned from there, and
 * the tmpfs is taken away again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

static const struct {
    uint64_t attribute;
    unsigned long flag;
} classic_flags[] = {
    { MOUNT_ATTR_RDONLY, MS_RDONLY },         { MOUNT_ATTR_NOSUID, MS_NOSUID },
    { MOUNT_ATTR_NODEV, MS_NODEV },           { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
    { MOUNT_ATTR_NOATIME, MS_NOATIME },       { MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
    { MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

static const char inner[] = "m";

/* Detached, with one directory. */
static int make_place(void)
{
    autoclose int fs_fd = sys_fsopen("tmpfs");
    int r = fs_fd < 0 ? fs_fd : sys_fsconfig_create(fs_fd);

    if (r >= 0)
        r = sys_fsmount(fs_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (r < 0)
        return r;
    autoclose int place_fd = r;
    return mkdirat(place_fd, inner, 0700) < 0 ? -errno : take_fd(&place_fd);
}

/* The target is where we are, not a name. */
static int mount_here(const struct plan_mount *m, int dir_fd)
{
    unsigned long flags = m->flags;

    for (size_t i = 0; i < sizeof classic_flags / sizeof *classic_flags; i++)
        if (m->set & classic_flags[i].attribute)
            flags |= classic_flags[i].flag;
    if (fchdir(dir_fd) < 0)
        return -errno;
    return mount(m->source ? m->source : "none", ".", m->type, flags, m->data) < 0 ? -errno : 0;
}

static int make_in(const struct plan_mount *m, int place_fd)
{
    autoclose int dir_fd = sys_openat(place_fd, inner, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    int r = dir_fd < 0 ? dir_fd : mount_here(m, dir_fd);

    if (r < 0)
        return r;
    autoclose int mounted_fd =
        sys_openat2(place_fd, inner, O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    return mounted_fd < 0 ? mounted_fd : sys_open_tree(mounted_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

int init_classic_make(const struct plan_mount *m, int target_fd)
{
    autoclose int place_fd = make_place();
    int r = place_fd < 0 ? place_fd : sys_move_mount(place_fd, target_fd);

    if (r < 0)
        return r;
    autoclose int tree_fd = make_in(m, place_fd);
    if (fchdir(place_fd) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return -errno;
    return tree_fd < 0 ? tree_fd : take_fd(&tree_fd);
}
