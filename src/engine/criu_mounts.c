/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_mounts.c - the mounts of a container that come from the host.
 *
 * A mount of the container belongs to the nearest mount above it (or to itself) that the configuration asks
 * for.  If that is a bind mount, or the root filesystem, and the same filesystem is mounted at the same place
 * below the source on the host, it is external as well.  What else is mounted in there, the container has
 * made itself: CRIU restores it.
 */
#include "engine/criu_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"

#define NULL_DEVICE "/dev/null" /* the name of what masks files: runc's */

int criu_mounts_check(const struct plan *plan, struct err *err)
{
    if (!(plan->namespaces.fresh & CLONE_NEWNS))
        return err_set(err, ERR_UNSUPPORTED, 0,
                       "linux.namespaces: CRIU needs a container with a mount namespace of its own");
    for (size_t i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *m = &plan->mounts[i];

        if (m->id_map)
            return ERR_AT(err, m->from, options, ERR_UNSUPPORTED, 0,
                          "CRIU would restore %s without its id map", m->target);
    }
    return 0;
}

/* ---- checkpoint: what is what -------------------------------------------------------------------------- */

/* To which property of the configuration a mount belongs. */
struct owner {
    enum { OWNER_NONE, OWNER_ITSELF, OWNER_BIND, OWNER_NULL } how;
    const char *name, *source; /* BIND */
};

struct search {
    int proc_fd, root_fd;
    struct host_mounts mounts;
    struct owner *owners; /* of each mount */
};

/* The owner of the mount that PATH of the container leads to; NULL if it is not there. */
static struct owner *owner_of(struct search *s, int path_fd)
{
    int id = path_fd < 0 ? path_fd : host_mountinfo_of_fd(s->proc_fd, 0, path_fd);
    const struct host_mount *m = id < 0 ? NULL : host_mountinfo_find(&s->mounts, id);

    return m ? &s->owners[m - s->mounts.v] : NULL;
}

static void mark(struct search *s, const char *path, bool nofollow, struct owner owner)
{
    autoclose int fd =
        nofollow ? path_open_nofollow(s->root_fd, path, O_PATH) : path_open(s->root_fd, path, O_PATH);
    struct owner *found = owner_of(s, fd);

    if (found)
        *found = owner;
}

/* A file that is covered by the null device. */
static void mark_masked(struct search *s, const char *path)
{
    autoclose int fd = path_open(s->root_fd, path, O_PATH);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
        return;
    struct owner *found = owner_of(s, fd);
    if (found)
        *found = (struct owner){ .how = OWNER_NULL, .name = NULL_DEVICE };
}

static void mark_all(struct search *s, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *m = &plan->mounts[i];
        struct owner owner = { .how = OWNER_ITSELF };

        if (m->kind == PLAN_MOUNT_REMOUNT || m->kind == PLAN_MOUNT_SYMLINK)
            continue;
        if (m->kind == PLAN_MOUNT_BIND || m->kind == PLAN_MOUNT_CGROUP)
            owner = (struct owner){ .how = OWNER_BIND, .name = m->target, .source = m->source };
        mark(s, m->target, m->target_nofollow, owner);
    }
    for (size_t i = 0; plan->bind_devices && i < plan->n_devices; i++) {
        const char *path = plan->devices[i].path;

        if (!S_ISFIFO(plan->devices[i].mode))
            mark(s, path, true, (struct owner){ .how = OWNER_BIND, .name = path, .source = path });
    }
    for (size_t i = 0; i < plan->n_hidden; i++)
        if (!plan->hidden[i].readonly)
            mark_masked(s, plan->hidden[i].path);
    mark(s, "/", false, (struct owner){ .how = OWNER_BIND, .name = "/", .source = plan->root.path });
}

/* The nearest mount from M upwards that has an owner; NULL if there is none. */
static const struct host_mount *nearest(const struct search *s, const struct host_mount *m)
{
    for (size_t steps = 0; m && steps <= s->mounts.n; steps++) {
        if (s->owners[m - s->mounts.v].how != OWNER_NONE)
            return m;
        m = host_mountinfo_find(&s->mounts, m->parent);
    }
    return NULL;
}

/* Where POINT is below ABOVE: "/c" for "/a/b/c" and "/a/b". */
static const char *below(const char *point, const char *above)
{
    size_t n = strcmp(above, "/") ? strlen(above) : 0;

    return !strncmp(point, above, n) && point[n] == '/' ? point + n : NULL;
}

/*
 * Is DEVICE mounted at BELOW in the host's SOURCE?  No link is followed there: a container may have made it.
 */
static bool is_on_host(const char *source, const char *below_it, dev_t device)
{
    autoclose int source_fd = sys_openat(AT_FDCWD, source, O_PATH, 0);
    autoclose int fd = source_fd < 0 ? -EBADF
                                     : sys_openat2(source_fd, below_it + 1, O_PATH, 0,
                                                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    struct stat st, above;

    return fd >= 0 && fstat(fd, &st) == 0 && fstat(source_fd, &above) == 0 && st.st_dev == device &&
           above.st_dev != device;
}

static int add(struct criu_mount_map *map, const char *point, const char *name)
{
    if (!name)
        return -ENOMEM;
    map->v[map->n++] = (struct criu_mount){ point, name };
    return 0;
}

static int add_submount(struct criu_mount_map *map, struct arena *arena, const struct host_mount *m,
                        const char *name, const char *below_it)
{
    struct criu_submount *sub = json_new(arena, &criu_submount_type);

    if (!sub)
        return -ENOMEM;
    sub->destination = arena_strdup(arena, name);
    sub->below = arena_strdup(arena, below_it);
    map->submounts.list.v[map->submounts.list.n++] = sub;
    if (!sub->destination || !sub->below)
        return -ENOMEM;
    return add(map, m->point, arena_printf(arena, "%s%s", strcmp(name, "/") ? name : "", below_it));
}

/* Restore must find the same in the configuration. */
static int add_mount(struct criu_mount_map *map, struct arena *arena, const char *point, const char *name)
{
    char *copy = arena_strdup(arena, name);

    if (!copy)
        return -ENOMEM;
    map->submounts.mounts.v[map->submounts.mounts.n++] = copy;
    return add(map, point, name);
}

static int classify(const struct search *s, const struct host_mount *m, struct criu_mount_map *map,
                    struct arena *arena)
{
    const struct host_mount *top = nearest(s, m);
    const struct owner *owner = top ? &s->owners[top - s->mounts.v] : NULL;
    const char *rest;

    if (!owner || owner->how == OWNER_ITSELF || !strcmp(m->point, "/"))
        return 0;
    if (top == m && owner->how == OWNER_BIND)
        return add_mount(map, arena, m->point, owner->name);
    if (top == m)
        return add(map, m->point, owner->name);
    rest = owner->how == OWNER_BIND ? below(m->point, top->point) : NULL;
    if (!rest || !is_on_host(owner->source, rest, m->device))
        return 0;
    return add_submount(map, arena, m, owner->name, rest);
}

static int open_container_root(int proc_fd, pid_t pid)
{
    char path[32];

    (void) snprintf(path, sizeof path, "%ld/root", (long) pid);
    return sys_openat(proc_fd, path, O_PATH | O_DIRECTORY, 0); /* a magic link of our own procfs */
}

int criu_mounts_map(const struct plan *plan, int proc_fd, pid_t pid, struct arena *arena,
                    struct criu_mount_map *ret, struct err *err)
{
    struct criu_mount_map map = { .submounts.node.type = &criu_submounts_type };
    struct search s = { .proc_fd = proc_fd };
    autoclose int root_fd = open_container_root(proc_fd, pid);
    int r = root_fd < 0 ? root_fd : host_mountinfo_read(proc_fd, pid, arena, &s.mounts);

    if (r < 0)
        return err_set(err, ERR_CHECKPOINT, r, "look at the mounts of process %d", (int) pid);
    s.root_fd = root_fd;
    s.owners = arena_array(arena, s.mounts.n, sizeof *s.owners);
    map.v = arena_array(arena, s.mounts.n, sizeof *map.v);
    map.submounts.list.v = arena_array(arena, s.mounts.n, sizeof *map.submounts.list.v);
    map.submounts.mounts.v = arena_array(arena, s.mounts.n, sizeof *map.submounts.mounts.v);
    if (!s.owners || !map.v || !map.submounts.list.v || !map.submounts.mounts.v)
        return err_nomem(err);
    mark_all(&s, plan);
    for (size_t i = 0; i < s.mounts.n; i++)
        if (classify(&s, &s.mounts.v[i], &map, arena) < 0)
            return err_nomem(err);
    *ret = map;
    return 0;
}

int criu_mounts_declare(const struct host_criu *criu, const struct criu_mount_map *map, struct err *err)
{
    for (size_t i = 0; i < map->n; i++)
        if (criu->add_ext_mount(criu->opts, map->v[i].point, map->v[i].name) < 0)
            return err_nomem(err);
    return 0;
}

/* ---- restore ------------------------------------------------------------------------------------------- */

/* What of TARGET lies below the mount M; NULL if it does not. */
static const char *in_mount(const struct plan_mount *m, const char *target)
{
    const char *rest = below(target, m->target);

    return m->kind == PLAN_MOUNT_REMOUNT || m->kind == PLAN_MOUNT_SYMLINK ? NULL : rest;
}

/* The last mount before number I that its target is in; NULL: the root filesystem. */
static const struct plan_mount *mount_above(const struct plan *plan, size_t i)
{
    for (size_t j = i; j > 0; j--)
        if (in_mount(&plan->mounts[j - 1], plan->mounts[i].target))
            return &plan->mounts[j - 1];
    return NULL;
}

static int is_directory(const char *path, bool *ret)
{
    autoclose int fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    *ret = S_ISDIR(st.st_mode);
    return 0;
}

/* What is in a file system of the container's own comes back with its content. */
static int make_point(const struct plan *plan, size_t i)
{
    const struct plan_mount *m = &plan->mounts[i], *above = mount_above(plan, i);
    const char *path = above ? in_mount(above, m->target) : m->target;
    autoclose int base_fd = -EBADF, fd = -EBADF;
    bool directory = true;
    int r = 0;

    if (m->kind == PLAN_MOUNT_REMOUNT || m->kind == PLAN_MOUNT_SYMLINK || m->kind == PLAN_MOUNT_CGROUP ||
        (above && above->kind != PLAN_MOUNT_BIND))
        return 0;
    if (m->kind == PLAN_MOUNT_BIND)
        r = is_directory(m->source, &directory);
    if (r < 0)
        return m->optional && r == -ENOENT ? 0 : r;
    base_fd = sys_openat(AT_FDCWD, above ? above->source : plan->root.path, O_PATH, 0);
    if (base_fd < 0)
        return base_fd;
    fd = directory ? path_make_dir(base_fd, path, 0755) : path_make_file(base_fd, path, 0644);
    return fd < 0 ? fd : 0;
}

int criu_mounts_make_points(const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *m = &plan->mounts[i];
        int r = make_point(plan, i);

        if (r < 0 && m->from)
            return ERR_AT(err, m->from, destination, ERR_MOUNT, r, "make the mount point of %s", m->target);
        if (r < 0)
            return err_set(err, ERR_MOUNT, r, "make the mount point of %s", m->target);
    }
    return 0;
}

static int supply(const struct host_criu *criu, const char *name, const char *source)
{
    return criu->add_ext_mount(criu->opts, name, source) < 0 ? -ENOMEM : 0;
}

static int supply_mount(const struct host_criu *criu, const struct plan_mount *m, const char *cgroup)
{
    autotext struct text source = { 0 };

    if (m->kind == PLAN_MOUNT_BIND)
        return supply(criu, m->target, m->source);
    if (m->kind != PLAN_MOUNT_CGROUP)
        return 0;
    text_add(&source, "/sys/fs/cgroup/%s%s", m->source, cgroup ? cgroup : "");
    return text_result(&source) < 0 ? -ENOMEM : supply(criu, m->target, text_string(&source));
}

static const char *source_of(const struct plan *plan, const char *destination)
{
    if (!strcmp(destination, "/"))
        return plan->root.path;
    for (size_t i = plan->n_mounts; i > 0; i--)
        if (plan->mounts[i - 1].kind == PLAN_MOUNT_BIND && !strcmp(plan->mounts[i - 1].target, destination))
            return plan->mounts[i - 1].source;
    return NULL;
}

static int no_mount(const char *destination, struct err *err)
{
    return err_set(err, ERR_CHECKPOINT, 0,
                   "the checkpoint has a mount from the host on %s, config.json has none", destination);
}

static bool is_in_plan(const struct plan *plan, const char *destination)
{
    for (size_t i = 0; i < plan->n_mounts; i++)
        if ((plan->mounts[i].kind == PLAN_MOUNT_BIND || plan->mounts[i].kind == PLAN_MOUNT_CGROUP) &&
            !strcmp(plan->mounts[i].target, destination))
            return true;
    for (size_t i = 0; plan->bind_devices && i < plan->n_devices; i++)
        if (!strcmp(plan->devices[i].path, destination))
            return true;
    return false;
}

/* The images may be of another container: CRIU would only tell the number of a mount. */
static int check_mounts(const struct plan *plan, const struct criu_submounts *submounts, struct err *err)
{
    for (size_t i = 0; i < submounts->mounts.n; i++)
        if (!is_in_plan(plan, submounts->mounts.v[i]))
            return no_mount(submounts->mounts.v[i], err);
    return 0;
}

/* Below a directory that containers may write to: no link may lead from it to somewhere else. */
static int supply_submount(const struct host_criu *criu, const struct plan *plan,
                           const struct criu_submount *sub, struct err *err)
{
    const char *source = source_of(plan, sub->destination);
    autotext struct text name = { 0 }, path = { 0 };
    autoclose int source_fd = -EBADF, fd = -EBADF;

    if (!source || sub->below[0] != '/')
        return no_mount(sub->destination, err);
    source_fd = sys_openat(AT_FDCWD, source, O_PATH, 0);
    fd = source_fd < 0
             ? source_fd
             : sys_openat2(source_fd, sub->below + 1, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return err_set(err, ERR_CHECKPOINT, fd, "what was mounted on %s%s in the container", source,
                       sub->below);
    text_add(&name, "%s%s", strcmp(sub->destination, "/") ? sub->destination : "", sub->below);
    text_add(&path, "%s%s", source, sub->below);
    if (text_result(&name) < 0 || text_result(&path) < 0)
        return err_nomem(err);
    return supply(criu, text_string(&name), text_string(&path)) < 0 ? err_nomem(err) : 0;
}

int criu_mounts_supply(const struct host_criu *criu, const struct plan *plan, const char *cgroup,
                       const struct criu_submounts *submounts, struct err *err)
{
    int r = check_mounts(plan, submounts, err);

    if (r < 0)
        return r;
    r = supply(criu, NULL_DEVICE, NULL_DEVICE);
    for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
        r = supply_mount(criu, &plan->mounts[i], cgroup);
    for (size_t i = 0; r >= 0 && plan->bind_devices && i < plan->n_devices; i++)
        r = supply(criu, plan->devices[i].path, plan->devices[i].path);
    if (r < 0)
        return err_nomem(err);
    for (size_t i = 0; r >= 0 && i < submounts->list.n; i++)
        r = supply_submount(criu, plan, submounts->list.v[i], err);
    return r;
}
