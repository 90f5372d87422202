/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_dirs.c - one directory of the same name in each hierarchy.
 *
 * Nothing is reached by a path from the host's root: each hierarchy's mount point is opened once, and what is
 * below it with RESOLVE_BENEATH.  cgroupfs has no symlinks.
 */
#include "host/cgroup_dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

#define MOUNT_POINT "/sys/fs/cgroup"

enum { MAKE_AGAIN = 100 };

/* ---- the hierarchies ----------------------------------------------------------------------------------- */

static int add_dir(struct host_cgroup *cg, int top_fd, const char *path, const char *name, bool v2)
{
    struct host_cgroup_dir *d = &cg->dirs[cg->n_dirs];
    int fd = sys_openat(top_fd, path, O_PATH | O_DIRECTORY, 0);

    if (fd < 0)
        return fd;
    *d = (struct host_cgroup_dir){ .name = strdup(name), .v2 = v2, .root_fd = fd, .fd = -1 };
    cg->n_dirs++;
    return d->name ? 0 : -ENOMEM;
}

static int add_dirs(struct host_cgroup *cg, int top_fd, const struct plan_facts *facts)
{
    int r = cg->layout == PLAN_CGROUP_HYBRID ? add_dir(cg, top_fd, "unified", "unified", true) : 0;

    for (size_t i = 0; r == 0 && i < facts->n_hierarchies; i++)
        r = add_dir(cg, top_fd, facts->hierarchies[i].name, facts->hierarchies[i].name, false);
    return r;
}

int host_cgroup_dirs_open(struct host_cgroup *cg, const struct plan_facts *facts, struct err *err)
{
    int r;

    cg->layout = facts->cgroup_layout;
    cg->dirs = calloc(facts->n_hierarchies + 1, sizeof *cg->dirs);
    if (!cg->dirs)
        return err_nomem(err);
    if (cg->layout == PLAN_CGROUP_V2) {
        r = add_dir(cg, AT_FDCWD, MOUNT_POINT, "", true);
    } else {
        autoclose int top_fd = sys_openat(AT_FDCWD, MOUNT_POINT, O_PATH | O_DIRECTORY, 0);

        r = top_fd < 0 ? top_fd : add_dirs(cg, top_fd, facts);
    }
    return r < 0 ? err_set(err, ERR_CGROUP, r, "cannot open the cgroup hierarchies below " MOUNT_POINT) : 0;
}

struct host_cgroup_dir *host_cgroup_dir_v2(const struct host_cgroup *cg)
{
    return cg->n_dirs && cg->dirs[0].v2 ? &cg->dirs[0] : NULL;
}

struct host_cgroup_dir *host_cgroup_dir_of(const struct host_cgroup *cg, const char *controller)
{
    if (cg->layout == PLAN_CGROUP_V2 || !controller)
        return host_cgroup_dir_v2(cg);
    for (size_t i = 0; i < cg->n_dirs; i++)
        if (!cg->dirs[i].v2 && plan_cgroup_lists(cg->dirs[i].name, controller))
            return &cg->dirs[i];
    return NULL;
}

struct text host_cgroup_shown(const struct host_cgroup *cg, const struct host_cgroup_dir *dir,
                              const char *file)
{
    struct text text = { 0 };

    text_add(&text, MOUNT_POINT "%s%s%s%s%s", dir && *dir->name ? "/" : "", dir ? dir->name : "",
             cg->path ? cg->path : "", file ? "/" : "", file ? file : "");
    return text;
}

/* ---- below them ---------------------------------------------------------------------------------------- */

static const char *relative(const char *path)
{
    path += strspn(path, "/");
    return *path ? path : ".";
}

int host_cgroup_open_below(int root_fd, const char *path)
{
    return sys_openat2(root_fd, relative(path), O_RDONLY | O_DIRECTORY, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* Opens or makes NAME (of LENGTH bytes) in FD, and counts what it makes. */
static int step_into(int fd, const char *name, size_t length, unsigned *made)
{
    char component[NAME_MAX + 1];
    int next;

    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(component, name, length);
    component[length] = '\0';
    next = sys_openat(fd, component, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    if (next != -ENOENT)
        return next;
    if (mkdirat(fd, component, 0755) == 0)
        ++*made;
    else if (errno != EEXIST)
        return -errno;
    return sys_openat(fd, component, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
}

int host_cgroup_parent(int root_fd, const char *path, host_cgroup_each *each, void *context,
                       const char **ret_name, unsigned *ret_made)
{
    autoclose int fd = sys_openat(root_fd, ".", O_PATH | O_DIRECTORY, 0);
    const char *name = path + 1;
    unsigned made = 0;

    for (;;) {
        size_t length = strcspn(name, "/");
        int next, r = fd < 0 ? fd : each ? each(context, fd, path, (size_t) (name - 1 - path)) : 0;

        if (r < 0)
            return r;
        if (!name[length])
            break;
        next = step_into(fd, name, length, &made);
        if (next < 0)
            return next;
        fd_cleanup(&fd);
        fd = next;
        name += length + 1;
    }
    *ret_name = name;
    if (ret_made)
        *ret_made = made;
    return take_fd(&fd);
}

int host_cgroup_missing(const struct host_cgroup_dir *dir, const char *path, unsigned *ret)
{
    autofree char *copy = strdup(path);
    unsigned missing = 0;

    if (!copy)
        return -ENOMEM;
    while (*copy && faccessat(dir->root_fd, relative(copy), F_OK, 0) < 0) {
        if (errno != ENOENT)
            return -errno;
        missing++;
        *strrchr(copy, '/') = '\0';
    }
    *ret = missing;
    return 0;
}

static int make_once(struct host_cgroup_dir *dir, const char *path, host_cgroup_each *each, void *context)
{
    const char *name;
    unsigned above;
    autoclose int parent_fd = host_cgroup_parent(dir->root_fd, path, each, context, &name, &above);
    bool made;

    if (parent_fd < 0)
        return parent_fd;
    if (above >= dir->made)
        dir->made = above + 1;
    made = mkdirat(parent_fd, name, 0755) == 0;
    if (!made && errno != EEXIST)
        return -errno;
    dir->fd = sys_openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (dir->fd < 0)
        return dir->fd;
    if (!made)
        dir->made = 0;
    return 0;
}

int host_cgroup_dir_make(struct host_cgroup_dir *dir, const char *path, host_cgroup_each *each, void *context)
{
    int r = make_once(dir, path, each, context);

    for (int again = 0; (r == -ENOENT || r == -ENODEV) && again < MAKE_AGAIN; again++)
        r = make_once(dir, path, each, context);
    return r;
}

int host_cgroup_children(int fd, int (*each)(void *context, int fd, const char *name), void *context)
{
    autoclose int list_fd = sys_openat(fd, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
    int r = 0;

    if (!dir)
        return list_fd < 0 ? list_fd : -errno;
    (void) take_fd(&list_fd);
    for (struct dirent *e; r == 0 && (errno = 0, e = readdir(dir));)
        if (e->d_type == DT_DIR && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            r = each(context, dirfd(dir), e->d_name);
    if (r == 0)
        r = -errno;
    (void) closedir(dir);
    return r;
}

/* ---- the container's ----------------------------------------------------------------------------------- */

int host_cgroup_dirs_done(struct host_cgroup *cg, struct err *err)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_v2(cg);

    if (!d || d->fd < 0)
        return 0;
    cg->dir_fd = d->fd;
    cg->process_fd = d->fd;
    if (cg->subgroup) {
        int fd = host_cgroup_open_below(d->fd, cg->subgroup);

        if (fd < 0)
            return err_set(err, ERR_CGROUP, fd, "open %s/%s", cg->path, cg->subgroup);
        cg->process_fd = fd;
    }
    return 0;
}

int host_cgroup_dirs_find(struct host_cgroup *cg, struct err *err)
{
    for (size_t i = 0; i < cg->n_dirs; i++) {
        int fd = host_cgroup_open_below(cg->dirs[i].root_fd, cg->path);

        if (fd < 0 && fd != -ENOENT) {
            autotext struct text shown = host_cgroup_shown(cg, &cg->dirs[i], NULL);

            return err_set(err, ERR_CGROUP, fd, "open %s", text_string(&shown));
        }
        cg->dirs[i].fd = fd < 0 ? -1 : fd;
    }
    return 0;
}

/*
 * "1": in each hierarchy the last component is ours; "2,pids=0": in all but pids the last two.  The commonest
 * number comes first.
 */
int host_cgroup_made_print(struct host_cgroup *cg)
{
    autotext struct text text = { 0 };
    unsigned usual = cg->n_dirs ? cg->dirs[0].made : 0;

    text_add(&text, "%u", usual);
    for (size_t i = 0; i < cg->n_dirs; i++)
        if (cg->dirs[i].made != usual)
            text_add(&text, ",%s=%u", cg->dirs[i].name, cg->dirs[i].made);
    if (text_result(&text) < 0)
        return -ENOMEM;
    free(cg->made);
    cg->made = take_ptr(&text.s);
    return 0;
}

/* A hierarchy's name may have commas itself: look for the whole of it. */
static const char *made_of(const char *made, const char *name)
{
    autotext struct text key = { 0 };
    const char *found;

    text_add(&key, ",%s=", name);
    found = text_result(&key) < 0 ? NULL : strstr(made, text_string(&key));
    return found ? found + key.n : made;
}

void host_cgroup_made_parse(struct host_cgroup *cg, const char *made)
{
    for (size_t i = 0; i < cg->n_dirs; i++)
        cg->dirs[i].made = made ? (unsigned) strtoul(made_of(made, cg->dirs[i].name), NULL, 10) : 0;
}

/* A parent that is in use by now is left, and so are those above it. */
static void remove_parents(const struct host_cgroup_dir *d, const char *path)
{
    autofree char *parent = d->made > 1 ? strdup(path) : NULL;

    for (unsigned i = 1; parent && i < d->made; i++) {
        *strrchr(parent, '/') = '\0';
        if (!*parent || (unlinkat(d->root_fd, relative(parent), AT_REMOVEDIR) < 0 && errno != ENOENT))
            break;
    }
}

void host_cgroup_remove_parents(struct host_cgroup *cg)
{
    for (size_t i = 0; cg->path && i < cg->n_dirs; i++)
        remove_parents(&cg->dirs[i], cg->path);
}
