/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.c - make the mounts of the plan.
 *
 * Each is made detached, gets its attributes while nobody can see it, and is
 * attached to a descriptor that was resolved inside the root: there is no moment
 * at which a path could be swapped (CVE-2021-30465, CVE-2023-27561).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "init/init.h"

/* ---- the target ---------------------------------------------------------------------------------------- */

/*
 * /proc and /sys must be what they seem: behind a symlink the masks and the read-only paths would miss them
 * (CVE-2019-19921, CVE-2023-28642).  Also where the host's are bound.
 */
static bool must_be_plain(const struct plan_mount *m)
{
    if (!strcmp(m->target, "/proc") || !strcmp(m->target, "/sys"))
        return true;
    return m->type && (m->kind == PLAN_MOUNT_FS || m->kind == PLAN_MOUNT_CLASSIC) &&
           (!strcmp(m->type, "proc") || !strcmp(m->type, "sysfs"));
}

static int open_plain_target(const struct init *init, const struct plan_mount *m)
{
    return sys_openat2(init->root_fd, m->target, O_PATH | O_DIRECTORY, 0,
                       RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

static int open_target(const struct init *init, const struct plan_mount *m, bool directory)
{
    if (must_be_plain(m)) {
        int fd = open_plain_target(init, m);

        if (fd != -ENOENT)
            return fd;
        fd = path_make_dir(init->root_fd, m->target, 0755);
        if (fd < 0)
            return fd;
        fd_cleanup(&fd); /* a link may have come in the meantime */
        return open_plain_target(init, m);
    }
    if (m->target_nofollow) {
        int fd = path_open_nofollow(init->root_fd, m->target, O_PATH);

        if (fd != -ENOENT)
            return fd;
    }
    return directory ? path_make_dir(init->root_fd, m->target, 0755)
                     : path_make_file(init->root_fd, m->target, 0644);
}

/*
 * Paths below this mount will be hidden: kept, they are reached from it, and not by a name that could be
 * renamed until then, with another file in its place (CVE-2019-19921).
 */
static int keep_for_hiding(const struct init *init, struct plan_mount *m, int mounted_fd)
{
    const struct plan *plan = init->plan;
    size_t n = strlen(m->target);

    for (size_t i = 0; m->mounted_fd == 0 && i < plan->n_hidden; i++) {
        const char *path = plan->hidden[i].path;
        int fd;

        if (strncmp(path, m->target, n) != 0 || path[n] != '/')
            continue;
        fd = fcntl(mounted_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            return -errno;
        m->mounted_fd = fd;
    }
    return 0;
}

static int is_directory(int fd, bool *ret)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    *ret = S_ISDIR(st.st_mode);
    return 0;
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

static int set_attributes(int fd, uint64_t set, uint64_t clear, unsigned flags)
{
    struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

    return set | clear ? sys_mount_setattr(fd, flags, &attr) : 0;
}

static int set_id_map(const struct plan_mount *m, int tree_fd)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };

    if (!m->id_map)
        return 0;
    attr.userns_fd = (unsigned) m->id_map->userns_fd;
    return sys_mount_setattr(tree_fd, m->id_map_recursive ? AT_RECURSIVE : 0, &attr);
}

static int set_propagation(const struct plan_mount *m, int fd)
{
    struct mount_attr attr = { .propagation = m->propagation };

    return m->propagation ? sys_mount_setattr(fd, m->propagation_recursive ? AT_RECURSIVE : 0, &attr) : 0;
}

static int set_all_attributes(const struct plan_mount *m, int fd)
{
    int r = set_attributes(fd, m->set, m->clear, 0);

    if (r < 0)
        return r;
    return set_attributes(fd, m->recursive_set, m->recursive_clear, AT_RECURSIVE);
}

/* ---- a new instance ------------------------------------------------------------------------------------ */

static const struct {
    unsigned long flag;
    const char *key;
} superblock_flags[] = {
    { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" }, { MS_LAZYTIME, "lazytime" },
    { MS_MANDLOCK, "mand" },    { MS_RDONLY, "ro" },
};

static int configure(const struct plan_mount *m, int fs_fd)
{
    int r = m->source ? sys_fsconfig_string(fs_fd, "source", m->source) : 0;

    for (size_t i = 0; r >= 0 && i < sizeof superblock_flags / sizeof *superblock_flags; i++)
        if (m->flags & superblock_flags[i].flag)
            r = sys_fsconfig_flag(fs_fd, superblock_flags[i].key);
    for (size_t i = 0; r >= 0 && i < m->n_parameters; i++) {
        const struct plan_parameter *p = &m->parameters[i];

        r = p->value ? sys_fsconfig_string(fs_fd, p->key, p->value) : sys_fsconfig_flag(fs_fd, p->key);
    }
    return r;
}

static int make_instance(struct init *init, const struct plan_mount *m)
{
    autoclose int fs_fd = sys_fsopen(m->type);
    int r;

    if (fs_fd < 0)
        return fs_fd;
    r = configure(m, fs_fd);
    if (r >= 0 && init->pidns_fd >= 0 &&
        !strcmp(m->type, "proc")) /* else it would be of our own; Linux 6.18 */
        r = sys_fsconfig_fd(fs_fd, "pidns", init->pidns_fd);
    if (r >= 0)
        r = sys_fsconfig_create(fs_fd);
    if (r >= 0)
        r = sys_fsmount(fs_fd, (unsigned) m->set);
    if (r < 0)
        init_say_of_fs(init, fs_fd);
    return r;
}

static int copy_up(int tree_fd, int target_fd)
{
    autoclose int from_fd = sys_openat(target_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    autoclose int to_fd = sys_openat(tree_fd, ".", O_RDONLY | O_DIRECTORY, 0);

    if (from_fd < 0 || to_fd < 0)
        return from_fd < 0 ? from_fd : to_fd;
    return init_copy_up(from_fd, to_fd);
}

/*
 * An empty tmpfs is no use read-only from the start: contents to be copied, mount points of later mounts and
 * devices go into it first.  init_mounts_close() makes it read-only.
 */
static bool closed_late(const struct plan_mount *m)
{
    return m->set & MOUNT_ATTR_RDONLY && !strcmp(m->type, "tmpfs");
}

/* SELinux: filesystems that take no context option have their root labelled instead (mqueue). */
static int set_label(const struct plan_mount *m, int tree_fd)
{
    if (!m->file_label)
        return 0;
    autoclose int fd = sys_openat(tree_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    return fsetxattr(fd, "security.selinux", m->file_label, strlen(m->file_label) + 1, 0) < 0 ? -errno : 0;
}

static int attach_instance(const struct plan_mount *m, int tree_fd, int target_fd)
{
    int r = m->copy_up ? copy_up(tree_fd, target_fd) : 0;

    if (r >= 0)
        r = set_attributes(tree_fd, m->recursive_set, m->recursive_clear, AT_RECURSIVE);
    if (r >= 0)
        r = set_id_map(m, tree_fd);
    if (r >= 0)
        r = set_label(m, tree_fd);
    if (r >= 0)
        r = sys_move_mount(tree_fd, target_fd);
    return r < 0 ? r : set_propagation(m, tree_fd);
}

/* What shows nothing of the network namespace can be mounted before that is there. */
static bool shows_no_network(const char *type)
{
    static const char *const types[] = { "proc", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2" };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(type, types[i]))
            return true;
    return false;
}

static int mount_instance(struct init *init, struct plan_mount *m)
{
    struct plan_mount made = *m;
    int r;

    if (!shows_no_network(m->type))
        init_await_go(init);
    if (closed_late(m))
        made.set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
    autoclose int target_fd = open_target(init, m, true);
    if (target_fd < 0)
        return target_fd;
    autoclose int tree_fd =
        m->kind == PLAN_MOUNT_FS ? make_instance(init, &made) : init_classic_make(&made, target_fd);
    if (tree_fd < 0)
        return tree_fd;
    r = attach_instance(m, tree_fd, target_fd);
    if (r >= 0)
        r = keep_for_hiding(init, m, tree_fd);
    if (r >= 0 && closed_late(m))
        m->tree_fd = take_fd(&tree_fd);
    return r;
}

int init_mounts_close(struct init *init)
{
    struct plan *plan = init->plan;

    for (size_t i = 0; i < plan->n_mounts; i++) {
        struct plan_mount *m = &plan->mounts[i];
        int r;

        if ((m->kind != PLAN_MOUNT_FS && m->kind != PLAN_MOUNT_CLASSIC) || m->tree_fd < 0)
            continue;
        init->item = (uint32_t) i;
        r = set_attributes(m->tree_fd, MOUNT_ATTR_RDONLY, 0, 0);
        if (r < 0)
            return r;
        fd_cleanup(&m->tree_fd);
    }
    return 0;
}

/* ---- bind mounts --------------------------------------------------------------------------------------- */

static int mount_bind(struct init *init, struct plan_mount *m)
{
    bool directory = false;
    int r;

    if (m->tree_fd < 0) /* optional, and not there */
        return 0;
    r = is_directory(m->tree_fd, &directory);
    if (r < 0)
        return r;
    autoclose int target_fd = open_target(init, m, directory);
    if (target_fd < 0)
        return target_fd;
    if (!init->privileged) /* else the runtime has done it, who has the right */
        r = set_id_map(m, m->tree_fd);
    if (r >= 0)
        r = set_all_attributes(m, m->tree_fd);
    if (r >= 0) /* before it is attached: nothing of it must reach the host's peers */
        r = set_propagation(m, m->tree_fd);
    if (r >= 0)
        r = sys_move_mount(m->tree_fd, target_fd);
    if (r >= 0)
        r = keep_for_hiding(init, m, m->tree_fd);
    fd_cleanup(&m->tree_fd);
    return r;
}

/* ---- the others ---------------------------------------------------------------------------------------- */

/* Of the superblock as well, unless it says bind. */
static bool changes_superblock(const struct plan_mount *m)
{
    return !(m->flags & MS_BIND) && (m->flags & ~(unsigned long) (MS_REMOUNT | MS_BIND) || m->n_parameters);
}

static int remount(struct init *init, const struct plan_mount *m)
{
    bool superblock = changes_superblock(m);
    /* A link could lead to a filesystem that the host uses too, such as that of the image. */
    autoclose int target_fd = sys_openat2(init->root_fd, m->target, O_PATH, 0,
                                          RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
                                              (superblock ? (uint64_t) RESOLVE_NO_SYMLINKS : 0));
    int r;

    if (target_fd < 0)
        return target_fd;
    if (superblock) {
        autoclose int fs_fd = sys_fspick(target_fd);

        r = fs_fd < 0 ? fs_fd : configure(m, fs_fd);
        if (r >= 0)
            r = sys_fsconfig_reconfigure(fs_fd);
        if (r < 0 && fs_fd >= 0)
            init_say_of_fs(init, fs_fd);
        if (r < 0)
            return r;
    }
    r = set_all_attributes(m, target_fd);
    return r < 0 ? r : set_propagation(m, target_fd);
}

/* An existing file or link of that name is left alone. */
static int make_symlink(const struct init *init, const struct plan_mount *m)
{
    char name[PATH_NAME_SIZE];
    autoclose int dir_fd = path_make_parent_of(init->root_fd, m->target, name);

    if (dir_fd < 0)
        return dir_fd;
    return symlinkat(m->source, dir_fd, name) < 0 && errno != EEXIST ? -errno : 0;
}

static int mount_one(struct init *init, struct plan_mount *m)
{
    switch (m->kind) {
    case PLAN_MOUNT_FS:
    case PLAN_MOUNT_CLASSIC: return mount_instance(init, m);
    case PLAN_MOUNT_BIND:
    case PLAN_MOUNT_CGROUP: return mount_bind(init, m);
    case PLAN_MOUNT_REMOUNT: return remount(init, m);
    case PLAN_MOUNT_SYMLINK: return make_symlink(init, m);
    }
    return -EINVAL;
}

int init_mounts(struct init *init)
{
    struct plan *plan = init->plan;

    for (size_t i = 0; i < plan->n_mounts; i++) {
        int r;

        init->item = (uint32_t) i;
        r = mount_one(init, &plan->mounts[i]);
        if (r < 0 && !(plan->mounts[i].optional && r == -ENOENT))
            return r;
    }
    return 0;
}

/* By its name in a directory that is held: a symlink there is not followed. */
static int unmount_one(struct init *init, const struct plan_mount *m)
{
    char name[PATH_NAME_SIZE];
    autoclose int dir_fd = path_make_parent_of(init->root_fd, m->target, name);

    if (dir_fd < 0)
        return dir_fd;
    if (fchdir(dir_fd) < 0)
        return -errno;
    return umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int init_unmounts(struct init *init)
{
    const struct plan *plan = init->plan;

    for (size_t i = plan->n_mounts; i > 0; i--) {
        int r;

        init->item = (uint32_t) (i - 1);
        r = plan->mounts[i - 1].from ? unmount_one(init, &plan->mounts[i - 1]) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}
