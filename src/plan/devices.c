/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devices.c - device nodes and the links in /dev (config-linux.md "Devices", runtime-linux.md "Dev symbolic
 * links").
 *
 * Where the host's /dev is bound as a whole, all of that is there, and nothing
 * must be made in it: the nodes would be made on the host.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "plan/compile.h"

enum { MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << 20) - 1 }; /* MKDEV() of the kernel */

static const struct plan_device defaults[] = {
    { .path = "/dev/null", .mode = S_IFCHR | 0666, .major = 1, .minor = 3, .tree_fd = -1 },
    { .path = "/dev/zero", .mode = S_IFCHR | 0666, .major = 1, .minor = 5, .tree_fd = -1 },
    { .path = "/dev/full", .mode = S_IFCHR | 0666, .major = 1, .minor = 7, .tree_fd = -1 },
    { .path = "/dev/random", .mode = S_IFCHR | 0666, .major = 1, .minor = 8, .tree_fd = -1 },
    { .path = "/dev/urandom", .mode = S_IFCHR | 0666, .major = 1, .minor = 9, .tree_fd = -1 },
    { .path = "/dev/tty", .mode = S_IFCHR | 0666, .major = 5, .minor = 0, .tree_fd = -1 },
};

static const struct plan_symlink links[] = {
    { "/dev/fd", "/proc/self/fd", false },       { "/dev/stdin", "/proc/self/fd/0", false },
    { "/dev/stdout", "/proc/self/fd/1", false }, { "/dev/stderr", "/proc/self/fd/2", false },
    { "/dev/core", "/proc/kcore", false },       { "/dev/ptmx", "pts/ptmx", true },
};

enum { N_DEFAULTS = sizeof defaults / sizeof *defaults, N_LINKS = sizeof links / sizeof *links };

/* ---- what is mounted ----------------------------------------------------------------------------------- */

static bool is_mount_target(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n_mounts; i++)
        if (!strcmp(plan->mounts[i].target, path))
            return true;
    return false;
}

/* The last mount on /dev is the one that is seen. */
static bool is_host_dev(const struct plan *plan)
{
    for (size_t i = plan->n_mounts; i-- > 0;)
        if (!strcmp(plan->mounts[i].target, "/dev"))
            return plan->mounts[i].kind == PLAN_MOUNT_BIND;
    return false;
}

static bool is_in_dev(const char *path)
{
    return !strncmp(path, "/dev/", 5);
}

/* ---- linux.devices ------------------------------------------------------------------------------------- */

static int check_number(const struct oci_device *from, size_t member, int64_t number, int64_t max,
                        struct err *err)
{
    if (!json_has_member(&from->node, member))
        return err_at(err, &from->node, member, ERR_CONFIG_MISSING, 0,
                      "missing; only a device of type \"p\" has none");
    if (number < 0 || number > max)
        return err_at(err, &from->node, member, ERR_DEVICE, 0, "%lld is out of range, which is 0 to %lld",
                      (long long) number, (long long) max);
    return 0;
}

static int check_numbers(const struct oci_device *from, struct err *err)
{
    int r;

    if (from->type == OCI_DEVICE_FIFO)
        return 0;
    r = check_number(from, offsetof(struct oci_device, major), from->major, MAJOR_MAX, err);
    return r < 0 ? r : check_number(from, offsetof(struct oci_device, minor), from->minor, MINOR_MAX, err);
}

static int check_path(const struct oci_device *from, struct err *err)
{
    if (*from->path != '/')
        return ERR_AT(err, from, path, ERR_DEVICE, 0, "\"%s\" is not an absolute path", from->path);
    if (from->path[strspn(from->path, "/.")] == '\0')
        return ERR_AT(err, from, path, ERR_DEVICE, 0, "\"%s\" is no place for a device", from->path);
    if (plan_path_has_dotdot(from->path))
        return ERR_AT(err, from, path, ERR_DEVICE, 0, "\"%s\" has a \"..\" in it", from->path);
    return 0;
}

static int check_owner(const struct plan *plan, const struct oci_device *from, struct err *err)
{
    if (!plan_uid_is_known(plan->spec, &plan->facts, from->uid))
        return ERR_AT(err, from, uid, ERR_DEVICE, 0, "the container has no user %u", from->uid);
    if (!plan_gid_is_known(plan->spec, &plan->facts, from->gid))
        return ERR_AT(err, from, gid, ERR_DEVICE, 0, "the container has no group %u", from->gid);
    return 0;
}

static mode_t mode_of(const struct oci_device *from)
{
    mode_t permissions = json_has(from, file_mode) ? from->file_mode & 07777 : 0666;
    mode_t type = from->type == OCI_DEVICE_BLOCK  ? S_IFBLK
                  : from->type == OCI_DEVICE_FIFO ? S_IFIFO
                                                  : S_IFCHR;

    return type | permissions;
}

static int compile_one(struct plan *plan, const struct oci_device *from, bool host_dev, struct err *err)
{
    int (*const checks[])(const struct oci_device *, struct err *) = { check_path, check_numbers };
    int r = check_owner(plan, from, err);
    const char *path;

    for (size_t i = 0; r >= 0 && i < sizeof checks / sizeof *checks; i++)
        r = checks[i](from, err);
    if (r < 0)
        return r;
    path = plan_path_clean(&plan->arena, from->path);
    if (!path)
        return err_nomem(err);
    /* ptmx is a link to that of the container's own devpts. */
    if ((host_dev && is_in_dev(path)) || !strcmp(path, "/dev/ptmx"))
        return 0;
    plan->devices[plan->n_devices++] = (struct plan_device){
        .path = path,
        .mode = mode_of(from),
        .uid = from->uid,
        .gid = from->gid,
        .from = from,
        .tree_fd = -1,
        .major = from->type == OCI_DEVICE_FIFO ? 0 : (unsigned) from->major,
        .minor = from->type == OCI_DEVICE_FIFO ? 0 : (unsigned) from->minor,
    };
    return 0;
}

static bool same_device(const struct plan_device *a, const struct plan_device *b)
{
    return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->major == b->major && a->minor == b->minor;
}

static int by_path(const void *a, const void *b)
{
    const struct plan_device *const *x = a, *const *y = b;
    int r = strcmp((*x)->path, (*y)->path);

    return r ? r : (*x > *y) - (*x < *y);
}

/* A privileged container has hundreds: sort rather than compare each with each. */
static int check_twice(struct plan *plan, struct err *err)
{
    const struct plan_device **sorted = arena_array(&plan->arena, plan->n_devices, sizeof *sorted);
    int failed = 0;

    if (!sorted)
        return err_nomem(err);
    for (size_t i = 0; i < plan->n_devices; i++)
        sorted[i] = &plan->devices[i];
    qsort(sorted, plan->n_devices, sizeof *sorted, by_path);
    for (size_t i = 1; i < plan->n_devices; i++) {
        const struct plan_device *a = sorted[i - 1], *b = sorted[i];

        if (strcmp(a->path, b->path) || same_device(a, b))
            continue;
        if (!plan_go_on(err,
                        ERR_AT(err, b->from, path, ERR_CONFIG_CONFLICT, 0,
                               "another device at %s was given before", b->path),
                        &failed))
            break;
    }
    return failed;
}

/* ---- the defaults -------------------------------------------------------------------------------------- */

static bool is_given(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n_devices; i++)
        if (!strcmp(plan->devices[i].path, path))
            return true;
    return is_mount_target(plan, path);
}

static void add_defaults(struct plan *plan)
{
    bool given[N_DEFAULTS];

    for (size_t i = 0; i < N_DEFAULTS; i++)
        given[i] = is_given(plan, defaults[i].path);
    for (size_t i = 0; i < N_DEFAULTS; i++)
        if (!given[i])
            plan->devices[plan->n_devices++] = defaults[i];
}

static int add_links(struct plan *plan, struct err *err)
{
    plan->symlinks = arena_array(&plan->arena, N_LINKS, sizeof *plan->symlinks);
    if (!plan->symlinks)
        return err_nomem(err);
    for (size_t i = 0; i < N_LINKS; i++)
        if (!is_given(plan, links[i].path))
            plan->symlinks[plan->n_symlinks++] = links[i];
    return 0;
}

int plan_devices_compile(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    bool host_dev = is_host_dev(plan);
    int failed = 0;

    plan->bind_devices =
        plan_has_namespace(plan, CLONE_NEWUSER) || plan->facts.in_user_namespace || plan->facts.rootless;
    plan->devices = arena_array(&plan->arena, linux->devices.n + N_DEFAULTS, sizeof *plan->devices);
    if (!plan->devices)
        return err_nomem(err);
    for (size_t i = 0; i < linux->devices.n; i++)
        if (!plan_go_on(err, compile_one(plan, linux->devices.v[i], host_dev, err), &failed))
            return failed;
    if (!plan_go_on(err, check_twice(plan, err), &failed) || host_dev)
        return failed;
    add_defaults(plan);
    return add_links(plan, err) < 0 ? -ENOMEM : failed;
}
