/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_sub.c - cgroups below the container's own: where exec puts its process.
 *
 * The kernel keeps a path below the container's directory (RESOLVE_BENEATH): comparing texts would take
 * /a/web2 for a part of /a/web, and miss "..".
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"

static int copy_fd(int fd)
{
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

    return fd >= 0 && copy < 0 ? -errno : copy;
}

static int copy_dir(const struct host_cgroup_dir *from, struct host_cgroup_dir *to)
{
    *to = (struct host_cgroup_dir){ .name = strdup(from->name), .v2 = from->v2, .root_fd = -1 };
    to->fd = copy_fd(from->fd);
    return !to->name ? -ENOMEM : to->fd < -1 ? to->fd : 0;
}

/*
 * RET: the container's own cgroup, in descriptors of its own; where a process begins that is told no other.
 */
static int begin(const struct host_cgroup *cg, struct host_cgroup *ret, struct err *err)
{
    int r = 0;

    if (ret->dirs)
        return 0;
    ret->manager = PLAN_MANAGER_CGROUPFS; /* the manager has no part in this: processes join what exists */
    ret->layout = cg->layout;
    ret->path = strdup(cg->path ? cg->path : "/");
    ret->dirs = calloc(cg->n_dirs + 1, sizeof *ret->dirs);
    if (!ret->path || !ret->dirs)
        return err_nomem(err);
    for (size_t i = 0; r == 0 && i < cg->n_dirs; i++) {
        r = copy_dir(&cg->dirs[i], &ret->dirs[i]);
        ret->n_dirs++;
        if (r == 0 && cg->dirs[i].v2 && cg->process_fd >= 0) {
            fd_cleanup(&ret->dirs[i].fd);
            ret->dirs[i].fd = copy_fd(cg->process_fd);
            r = ret->dirs[i].fd < 0 ? ret->dirs[i].fd : 0;
        }
    }
    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "copy the descriptors of the container's cgroup");
    ret->dir_fd = ret->process_fd = ret->n_dirs && ret->dirs[0].v2 ? ret->dirs[0].fd : -1;
    return 0;
}

static void move_to(struct host_cgroup *cg, struct host_cgroup_dir *d, int fd)
{
    fd_cleanup(&d->fd);
    d->fd = fd;
    if (d->v2)
        cg->dir_fd = cg->process_fd = fd;
}

/* ---- exec --cgroup ------------------------------------------------------------------------------------- */

/* From the container's own, not from D: a second controller of the same hierarchy must not go down twice. */
static int enter_sub(const struct host_cgroup *cg, struct host_cgroup *ret, size_t i, const char *path,
                     struct err *err)
{
    struct host_cgroup_dir *d = &ret->dirs[i];
    int own_fd = d->v2 && cg->process_fd >= 0 ? cg->process_fd : cg->dirs[i].fd;
    int fd = host_cgroup_open_below(own_fd, path);

    if (fd == -EXDEV || fd == -ELOOP)
        return err_set(err, ERR_CGROUP, 0, "the cgroup \"%s\" is not below the container's", path);
    if (fd < 0)
        return err_set(err, ERR_CGROUP, fd, "open the cgroup \"%s\" below the container's%s%s", path,
                       *d->name ? " in " : "", d->name);
    move_to(ret, d, fd);
    return 0;
}

int host_cgroup_sub(const struct host_cgroup *cg, const char *hierarchy, const char *path,
                    struct host_cgroup *ret, struct err *err)
{
    bool any = false;
    int r = begin(cg, ret, err);

    if (r == 0 && hierarchy && cg->layout == PLAN_CGROUP_V2)
        return err_set(err, ERR_CGROUP, EINVAL, "cgroup v2 has one hierarchy: give the path without \"%s:\"",
                       hierarchy);
    for (size_t i = 0; r == 0 && i < ret->n_dirs; i++) {
        struct host_cgroup_dir *d = &ret->dirs[i];

        if (d->fd < 0 || (hierarchy && !plan_cgroup_lists(d->name, hierarchy)))
            continue;
        any = true;
        r = enter_sub(cg, ret, i, path, err);
    }
    if (r == 0 && !any)
        r = hierarchy ? err_set(err, ERR_CGROUP, ENOENT,
                                "the container has no cgroup with the controller \"%s\"", hierarchy)
                      : err_set(err, ERR_CGROUP, ENOENT, "the container has no cgroup");
    return r;
}

/* ---- where a process lives ----------------------------------------------------------------------------- */

/*
 * The line of proc_pid_cgroup for D: "0::/a" or "4:cpu,cpuacct:/a".  Points to its path; NULL if there is
 * none.
 */
static char *find_line(char *text, const struct host_cgroup_dir *d)
{
    for (char *next, *line = text; line && *line; line = next) {
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!path)
            return NULL;
        *path++ = '\0';
        controllers++;
        if (d->v2 ? !*controllers
                  : !strcmp(controllers, d->name) ||
                        (!strncmp(controllers, "name=", 5) && !strcmp(controllers + 5, d->name)))
            return path;
    }
    return NULL;
}

static bool is_below(const char *path, const char *above)
{
    size_t n = strlen(above);

    return !strncmp(path, above, n) && (path[n] == '/' || path[n] == '\0');
}

static int follow(const struct host_cgroup *cg, struct host_cgroup *ret, size_t i, const char *text,
                  pid_t pid, struct err *err)
{
    autofree char *copy = strdup(text);
    char *path;
    int fd;

    if (!copy)
        return err_nomem(err);
    path = find_line(copy, &ret->dirs[i]);
    if (!path)
        return 0;
    if (!cg->path || !is_below(path, cg->path))
        return err_set(err, ERR_CGROUP, 0, "process %d is not in the container's cgroup but in %s", pid,
                       path);
    fd = host_cgroup_open_below(cg->dirs[i].root_fd, path);
    if (fd < 0)
        return err_set(err, ERR_CGROUP, fd, "open the cgroup %s of process %d", path, pid);
    move_to(ret, &ret->dirs[i], fd);
    return 0;
}

int host_cgroup_of_process(const struct host_cgroup *cg, pid_t pid, struct host_cgroup *ret, struct err *err)
{
    autotext struct text file = { 0 };
    autoclose int proc_fd = procfs_open();
    char buf[8192];
    ssize_t n;
    int r = begin(cg, ret, err);

    if (r < 0)
        return r;
    text_add(&file, "%d/cgroup", pid);
    if (text_result(&file) < 0)
        return err_nomem(err);
    n = proc_fd < 0 ? proc_fd : procfs_read(proc_fd, text_string(&file), buf, sizeof buf);
    if (n < 0)
        return err_set(err, ERR_CGROUP, (int) n, "read the cgroup of process %d", pid);
    for (size_t i = 0; r == 0 && i < ret->n_dirs; i++)
        r = follow(cg, ret, i, buf, pid, err);
    return r;
}
