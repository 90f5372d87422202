/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devices.c - device nodes and the links in /dev.
 *
 * Nodes are made by mknodat in a directory held by descriptor, or, where the
 * kernel allows no mknod (a user namespace), bound from the host.  One that is
 * there already must be the same device (config-linux.md "Devices").
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "init/init.h"

/* A place in a directory: most devices lie in /dev, so the directory is kept from one to the next. */
struct place {
    int dir_fd;
    const char *directory; /* path, of length n, that dir_fd is */
    size_t n;
    char name[256]; /* NAME_MAX and its end */
};

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t) (slash - path) : 0;
}

static int go_to(struct init *init, struct place *place, const char *path)
{
    size_t directory = directory_length(path), n = strlen(path);
    const char *name = path + directory + 1;
    int dir_fd;

    if (path[n - 1] != '/' && place->dir_fd >= 0 && directory == place->n &&
        !memcmp(path, place->directory, directory)) {
        n = n - directory - 1;
    } else {
        dir_fd = path_make_parent(init->root_fd, path, 0755, &name, &n);
        if (dir_fd < 0)
            return dir_fd;
        fd_cleanup(&place->dir_fd);
        place->dir_fd = dir_fd;
        place->directory = path;
        place->n = directory;
    }
    if (n >= sizeof place->name)
        return -ENAMETOOLONG;
    memcpy(place->name, name, n);
    place->name[n] = '\0';
    return 0;
}

static bool is_device(const struct stat *st, const struct plan_device *d)
{
    if ((st->st_mode & S_IFMT) != (d->mode & S_IFMT))
        return false;
    return S_ISFIFO(d->mode) || (major(st->st_rdev) == d->major && minor(st->st_rdev) == d->minor);
}

static int check_existing(const struct place *place, const struct plan_device *d)
{
    struct stat st;

    if (fstatat(place->dir_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return is_device(&st, d) ? 0 : -EEXIST;
}

/*
 * Where others write to the directory, another file may have the name by now: it is looked at, then given
 * away.
 */
static int give_away(const struct place *place, const struct plan_device *d)
{
    autoclose int fd = sys_openat2(place->dir_fd, place->name, O_PATH | O_NOFOLLOW, 0,
                                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!is_device(&st, d))
        return -EEXIST;
    return fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int make_node(const struct place *place, const struct plan_device *d)
{
    dev_t device = S_ISFIFO(d->mode) ? 0 : makedev(d->major, d->minor);

    if (mknodat(place->dir_fd, place->name, d->mode, device) < 0)
        return errno == EEXIST ? check_existing(place, d) : -errno;
    return d->uid || d->gid ? give_away(place, d) : 0;
}

/* Opens NAME for a mount: a plain file, made if it is missing. */
static int open_plain(const struct place *place)
{
    autoclose int made = sys_openat2(place->dir_fd, place->name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY,
                                     0644, RESOLVE_BENEATH);

    if (made < 0 && made != -EEXIST)
        return made;
    return sys_openat2(place->dir_fd, place->name, O_PATH | O_NOFOLLOW, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int bind_node(const struct place *place, struct plan_device *d)
{
    autoclose int target_fd = open_plain(place);
    int r;

    if (target_fd < 0)
        return target_fd;
    r = sys_move_mount(d->tree_fd, target_fd);
    fd_cleanup(&d->tree_fd);
    return r;
}

int init_devices(struct init *init)
{
    struct plan *plan = init->plan;
    struct place place = { .dir_fd = -EBADF };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->n_devices; i++) {
        struct plan_device *d = &plan->devices[i];

        init->item = (uint32_t) i;
        r = go_to(init, &place, d->path);
        if (r >= 0)
            r = plan->bind_devices && !S_ISFIFO(d->mode) ? bind_node(&place, d) : make_node(&place, d);
    }
    fd_cleanup(&place.dir_fd);
    return r;
}

/*
 * runtime-linux.md "Dev symbolic links": made if what they lead to exists after the mounts.  Those that lead
 * to /proc/self have it as soon as a procfs is there.
 */
static bool exists(const struct init *init, const char *path)
{
    autoclose int fd = path_open(init->root_fd, path, O_PATH | O_NOFOLLOW);

    return fd >= 0;
}

static bool leads_somewhere(const struct init *init, const struct plan_symlink *link, bool has_self)
{
    if (!strncmp(link->text, "/proc/self", 10))
        return has_self;
    return strncmp(link->text, "/proc/", 6) != 0 || exists(init, link->text);
}

static int make_link(const struct place *place, const struct plan_symlink *link)
{
    if (symlinkat(link->text, place->dir_fd, place->name) == 0)
        return 0;
    if (errno != EEXIST || !link->replace)
        return errno == EEXIST ? 0 : -errno;
    if (unlinkat(place->dir_fd, place->name, 0) < 0 || symlinkat(link->text, place->dir_fd, place->name) < 0)
        return -errno;
    return 0;
}

int init_symlinks(struct init *init)
{
    const struct plan *plan = init->plan;
    struct place place = { .dir_fd = -EBADF };
    bool has_self = plan->n_symlinks && exists(init, "/proc/self");
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->n_symlinks; i++) {
        init->item = (uint32_t) i;
        if (!leads_somewhere(init, &plan->symlinks[i], has_self))
            continue;
        r = go_to(init, &place, plan->symlinks[i].path);
        if (r >= 0)
            r = make_link(&place, &plan->symlinks[i]);
    }
    fd_cleanup(&place.dir_fd);
    return r;
}
