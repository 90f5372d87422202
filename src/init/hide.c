/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hide.c - masked and read-only paths.
 *
 * A masked file gets the host's /dev/null over it, a masked directory an empty
 * read-only tmpfs; one of each serves all of them, cloned.  Both come from the
 * host's side, never from the container's /dev (CVE-2025-31133).  A path that
 * does not exist needs no hiding; a source that is missing is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "init/init.h"

struct covers {
    int null_fd, empty_fd;
    bool null_used, empty_used; /* attached already: clone it for the next */
};

static int make_empty(void)
{
    autoclose int fs_fd = sys_fsopen("tmpfs");
    int r = fs_fd < 0 ? fs_fd : sys_fsconfig_string(fs_fd, "nr_inodes", "1");

    if (r >= 0)
        r = sys_fsconfig_create(fs_fd);
    return r < 0 ? r
                 : sys_fsmount(fs_fd,
                               MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Attaches COVER_FD, or a clone of it if it is in use. */
static int cover(int target_fd, int cover_fd, bool *used)
{
    autoclose int clone_fd = -EBADF;

    if (cover_fd < 0)
        return cover_fd;
    if (*used) {
        clone_fd = sys_open_tree(cover_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
        return clone_fd < 0 ? clone_fd : sys_move_mount(clone_fd, target_fd);
    }
    *used = true;
    return sys_move_mount(cover_fd, target_fd);
}

static int mask(struct covers *covers, int target_fd)
{
    struct stat st;

    if (fstat(target_fd, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return cover(target_fd, covers->null_fd, &covers->null_used);
    if (covers->empty_fd < 0)
        covers->empty_fd = make_empty();
    return cover(target_fd, covers->empty_fd, &covers->empty_used);
}

static int make_readonly(int target_fd)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
    autoclose int tree_fd = sys_open_tree(target_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
    int r;

    if (tree_fd < 0)
        return tree_fd;
    r = sys_mount_setattr(tree_fd, AT_RECURSIVE, &attr);
    return r < 0 ? r : sys_move_mount(tree_fd, target_fd);
}

/*
 * From the last of our mounts that PATH leads through: its mount point may have been renamed since.  What
 * leads out of that mount again ("..", a link) is looked up from the root.
 */
static int open_hidden(const struct init *init, const char *path)
{
    const struct plan *plan = init->plan;

    for (size_t i = plan->n_mounts; i > 0; i--) {
        const struct plan_mount *m = &plan->mounts[i - 1];
        size_t n = strlen(m->target);
        int fd;

        if (m->mounted_fd <= 0 || strncmp(path, m->target, n) != 0 || path[n] != '/' || !path[n + 1])
            continue;
        fd = sys_openat2(m->mounted_fd, path + n + 1, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
        if (fd != -EXDEV)
            return fd;
        break;
    }
    return path_open(init->root_fd, path, O_PATH);
}

static int hide(struct init *init, struct covers *covers, const struct plan_hidden *hidden)
{
    autoclose int target_fd = open_hidden(init, hidden->path);

    if (target_fd == -ENOENT || target_fd == -ENOTDIR)
        return 0;
    if (target_fd < 0)
        return target_fd;
    return hidden->readonly ? make_readonly(target_fd) : mask(covers, target_fd);
}

int init_hide(struct init *init)
{
    const struct plan *plan = init->plan;
    struct covers covers = { .null_fd = plan->null_tree_fd, .empty_fd = -EBADF };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->n_hidden; i++) {
        init->item = (uint32_t) i;
        r = hide(init, &covers, &plan->hidden[i]);
    }
    fd_cleanup(&covers.empty_fd);
    for (size_t i = 0; i < plan->n_mounts; i++) {
        if (plan->mounts[i].mounted_fd > 0)
            fd_cleanup(&plan->mounts[i].mounted_fd);
    }
    return r;
}
