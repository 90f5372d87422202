/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idmap.c - user and group id maps of user namespaces.
 *
 * A map is written once, by one write(2) (user_namespaces(7)).
 */
#include "host/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/command.h"
#include "host/process.h"
#include "host/namespace.h"

/* What is different between user and group ids. */
struct kind {
    const char *property; /* for errors */
    const char *file;     /* below /proc/PID */
    const char *program, *database;
    const char *const *paths; /* where PROGRAM may be: never searched in a PATH that a caller gave */
};

/* clang-format off */
#define PATHS(program)                                                                                  \
    (const char *const[]) { "/usr/bin/" program, "/bin/" program, "/usr/local/bin/" program,            \
                            "/run/wrappers/bin/" program, "/run/current-system/sw/bin/" program, NULL }
/* clang-format on */

static const struct kind user_ids = {
    "linux.uidMappings", "uid_map", "newuidmap", "/etc/subuid", PATHS("newuidmap"),
};
static const struct kind group_ids = {
    "linux.gidMappings", "gid_map", "newgidmap", "/etc/subgid", PATHS("newgidmap"),
};

static int proc_write(int proc_fd, pid_t pid, const char *file, const char *text, size_t n)
{
    char path[64];

    (void) snprintf(path, sizeof path, "%ld/%s", (long) pid, file);
    return procfs_write(proc_fd, path, text, n);
}

/* ---- write a map ourselves --------------------------------------------------------------------------- */

static int write_ranges(int proc_fd, pid_t pid, const struct kind *kind, const struct plan_id_range *ranges,
                        size_t n)
{
    autotext struct text text = { 0 };

    for (size_t i = 0; i < n; i++)
        text_add(&text, "%lu %lu %lu\n", (unsigned long) ranges[i].inside, (unsigned long) ranges[i].outside,
                 (unsigned long) ranges[i].size);
    if (text_result(&text) < 0)
        return -ENOMEM;
    return proc_write(proc_fd, pid, kind->file, text.s, text.n);
}

static int write_direct(int proc_fd, pid_t pid, const struct kind *kind, const struct plan_id_range *ranges,
                        size_t n, struct err *err)
{
    int r = write_ranges(proc_fd, pid, kind, ranges, n);

    if (r == 0)
        return 0;
    (void) err_set(err, ERR_ID_MAP, r, "%s: write the map of %zu range%s", kind->property, n,
                   n == 1 ? "" : "s");
    if (r == -EINVAL)
        err_hint(err, "ranges must not overlap, neither inside nor outside, and there may be 340 of them");
    if (r == -EPERM)
        err_hint(err,
                 "every id on the outside must be mapped in the user namespace that the runtime runs in");
    return r;
}

/* ---- have it written --------------------------------------------------------------------------------- */

static const char *find_program(const struct kind *kind)
{
    for (const char *const *path = kind->paths; *path; path++)
        if (access(*path, X_OK) == 0)
            return *path;
    return NULL;
}

const char *host_idmap_program(bool group)
{
    return find_program(group ? &group_ids : &user_ids);
}

static char **program_arguments(struct arena *arena, const char *program, pid_t pid,
                                const struct plan_id_range *ranges, size_t n)
{
    char **argv = n < 100000 ? arena_array(arena, 3 * n + 3, sizeof *argv) : NULL, **arg = argv;

    if (!argv)
        return NULL;
    *arg++ = arena_strdup(arena, program);
    *arg++ = arena_printf(arena, "%ld", (long) pid);
    for (size_t i = 0; i < n; i++) {
        *arg++ = arena_printf(arena, "%lu", (unsigned long) ranges[i].inside);
        *arg++ = arena_printf(arena, "%lu", (unsigned long) ranges[i].outside);
        *arg++ = arena_printf(arena, "%lu", (unsigned long) ranges[i].size);
    }
    for (char **p = argv; p < arg; p++)
        if (!*p)
            return NULL;
    return argv;
}

static int write_by_program(pid_t pid, const struct kind *kind, const struct plan_id_range *ranges, size_t n,
                            struct err *err)
{
    autoarena struct arena arena = { 0 };
    autotext struct text how = { 0 };
    char *no_environment[] = { NULL };
    struct host_command command = { .path = find_program(kind), .envp = no_environment, .timeout = 60 };
    struct host_command_end end;
    int r;

    if (!command.path) {
        r = err_set(err, ERR_ID_MAP, ENOENT, "%s: more ids than our own need the program %s", kind->property,
                    kind->program);
        err_hint(err, "install it: package uidmap (Debian), shadow (Arch, Alpine) or shadow-utils (Fedora)");
        return r;
    }
    command.argv = program_arguments(&arena, kind->program, pid, ranges, n);
    if (!command.argv)
        return err_nomem(err);
    r = host_command_run(&command, &end);
    if (r < 0)
        return err_set(err, ERR_ID_MAP, r, "%s: run %s", kind->property, command.path);
    if (!host_command_succeeded(&end)) {
        host_command_describe(&end, command.timeout, &how);
        r = err_set(err, ERR_ID_MAP, 0, "%s: %s %s", kind->property, command.path, text_string(&how));
        err_hint(err, "%s must have a line USER:START:COUNT for user %lu that covers every id on the outside",
                 kind->database, (unsigned long) getuid());
    }
    host_command_end_done(&end);
    return r;
}

/* The one map that an unprivileged process may write: its own id, alone. */
static bool is_own_id(const struct plan_id_range *ranges, size_t n, uint32_t own)
{
    return n == 1 && ranges->size == 1 && ranges->outside == own;
}

static int write_unprivileged(int proc_fd, pid_t pid, const struct plan_id_map *map, struct err *err)
{
    int r;

    if (is_own_id(map->gid, map->n_gid, getegid())) {
        /* CVE-2014-8989: who may drop a group could pass a test that the group was to fail. */
        r = proc_write(proc_fd, pid, "setgroups", "deny", 4);
        if (r < 0)
            return err_set(err, ERR_ID_MAP, r, "%s: deny setgroups", group_ids.property);
        r = write_direct(proc_fd, pid, &group_ids, map->gid, map->n_gid, err);
    } else {
        r = write_by_program(pid, &group_ids, map->gid, map->n_gid, err);
    }
    if (r < 0)
        return r;
    if (is_own_id(map->uid, map->n_uid, geteuid()))
        return write_direct(proc_fd, pid, &user_ids, map->uid, map->n_uid, err);
    return write_by_program(pid, &user_ids, map->uid, map->n_uid, err);
}

int host_idmap_write(int proc_fd, pid_t pid, const struct plan_id_map *map, bool privileged, struct err *err)
{
    int r;

    if (!map->n_uid || !map->n_gid)
        return err_set(err, ERR_ID_MAP, 0,
                       "a new user namespace needs linux.uidMappings and linux.gidMappings");
    if (!privileged)
        return write_unprivileged(proc_fd, pid, map, err);
    r = write_direct(proc_fd, pid, &group_ids, map->gid, map->n_gid, err);
    return r < 0 ? r : write_direct(proc_fd, pid, &user_ids, map->uid, map->n_uid, err);
}

/* ---- user namespaces for id-mapped mounts ------------------------------------------------------------ */

/* A process in a new user namespace, that ends when *RET_END is closed. */
static pid_t spawn_in_userns(int *ret_pidfd, int *ret_end)
{
    struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD, .pidfd = (uintptr_t) ret_pidfd };
    int ends[2];
    pid_t pid;
    char byte;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid = sys_clone3(&args);
    if (pid == 0) {
        (void) close(ends[1]);
        (void) !read(ends[0], &byte, 1);
        _exit(0);
    }
    (void) close(ends[0]);
    if (pid < 0)
        (void) close(ends[1]);
    else
        *ret_end = ends[1];
    return pid;
}

int host_userns_create(int proc_fd, const struct plan_id_map *map)
{
    autoclose int pidfd = -1, end = -1, fd = -1;
    pid_t pid = spawn_in_userns(&pidfd, &end);
    int r, status;

    if (pid < 0)
        return pid;
    r = write_ranges(proc_fd, pid, &group_ids, map->gid, map->n_gid);
    if (r == 0)
        r = write_ranges(proc_fd, pid, &user_ids, map->uid, map->n_uid);
    if (r == 0)
        r = fd = host_namespace_open(proc_fd, pid, "user");
    (void) sys_pidfd_send_signal(pidfd, SIGKILL);
    (void) host_process_status(pidfd, &status);
    return r < 0 ? r : take_fd(&fd);
}

static bool ranges_equal(const struct plan_id_range *a, size_t n_a, const struct plan_id_range *b, size_t n_b)
{
    for (size_t i = 0; n_a == n_b && i < n_a; i++)
        if (a[i].inside != b[i].inside || a[i].outside != b[i].outside || a[i].size != b[i].size)
            return false;
    return n_a == n_b;
}

bool host_idmap_equal(const struct plan_id_map *a, const struct plan_id_map *b)
{
    return ranges_equal(a->uid, a->n_uid, b->uid, b->n_uid) &&
           ranges_equal(a->gid, a->n_gid, b->gid, b->n_gid);
}

/* An fd of a namespace with this map that an earlier mount has; -1 if there is none. */
static int find_open(const struct plan *plan, size_t before, const struct plan_id_map *map)
{
    for (size_t i = 0; i < before; i++) {
        const struct plan_id_map *other = plan->mounts[i].id_map;

        if (other && other->userns_fd >= 0 && host_idmap_equal(other, map))
            return other->userns_fd;
    }
    return -1;
}

int host_idmap_open_mounts(int proc_fd, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        struct plan_id_map *map = mount->id_map;
        int fd;

        if (!map || map->userns_fd >= 0)
            continue;
        fd = find_open(plan, i, map);
        fd = fd < 0 ? host_userns_create(proc_fd, map) : fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (fd == -1)
            fd = -errno;
        if (fd < 0 && mount->from)
            return err_at(err, &mount->from->node, ERR_NO_MEMBER, ERR_ID_MAP, fd, "map the ids of the mount");
        if (fd < 0)
            return err_set(err, ERR_ID_MAP, fd, "map the ids of the mount on %s", mount->target);
        map->userns_fd = fd;
    }
    return 0;
}
