/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_mount.c - why a mount could not be made: whose rule it was, and what to change in the
 * configuration.
 */
#include "engine/explain_mount.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/explain_denial.h"

#define FILE_ON_FILE "a directory can be mounted on a directory only, and a file on a file"

static bool is_type(const struct plan_mount *m, const char *type)
{
    return m->kind != PLAN_MOUNT_BIND && m->kind != PLAN_MOUNT_REMOUNT && m->type && !strcmp(m->type, type);
}

static bool has_namespace(const struct plan *plan, uint64_t flag)
{
    return ((plan->namespaces.fresh | plan->namespaces.joined) & flag) != 0;
}

/* Not root of the initial user namespace: init of a container with its own, or the runtime itself is. */
static bool in_user_namespace(const struct plan *plan)
{
    return has_namespace(plan, CLONE_NEWUSER) || plan->facts.in_user_namespace;
}

/*
 * The kernel makes proc and sysfs in a user namespace only where one is there that is seen whole, and as
 * writable as the new one: else that would show what somebody has hidden (fs/namespace.c, "too revealing").
 */
static void explain_visible(struct err *err, const char *type, const char *point)
{
    autotext struct text covered = { 0 };
    int n = host_denial_look_below(point, &covered);
    autoclose int fd = sys_openat(AT_FDCWD, point, O_PATH, 0);
    struct statvfs fs;

    if (n > 0)
        err_hint(err,
                 "the kernel makes a new %s in a user namespace only where nothing covers parts of %s, as %s "
                 "here: run the outer container with it unmasked (Podman: --security-opt unmask=ALL, Docker: "
                 "systempaths=unconfined), or bind %s instead",
                 type, point, text_string(&covered), point);
    else if (n == 0 && fd >= 0 && fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY)
        err_hint(
            err,
            "the kernel makes a new %s in a user namespace only where %s is not read-only, as it is here: "
            "add ro to the options, or bind %s instead",
            type, point, point);
    else if (n < 0)
        err_hint(
            err,
            "the kernel makes a new %s in a user namespace only where there is one, and none is mounted on "
            "%s here",
            type, point);
}

static void explain_proc(struct err *err, const struct plan *plan)
{
    if (!has_namespace(plan, CLONE_NEWPID))
        err_hint(err, "a procfs shows a pid namespace, which must belong to the user namespace: add pid to "
                      "linux.namespaces, or bind /proc instead");
    else
        explain_visible(err, "procfs", "/proc");
}

static void explain_sysfs(struct err *err, const struct plan *plan)
{
    if (!has_namespace(plan, CLONE_NEWNET))
        err_hint(err, "in a user namespace a sysfs needs a network namespace that belongs to it: add network "
                      "to linux.namespaces, or bind /sys instead");
    else
        explain_visible(err, "sysfs", "/sys");
}

static const struct {
    uint64_t attribute;
    unsigned long flag;
    const char *word;
} locks[] = {
    { MOUNT_ATTR_RDONLY, ST_RDONLY, "ro" },        { MOUNT_ATTR_NOSUID, ST_NOSUID, "nosuid" },
    { MOUNT_ATTR_NODEV, ST_NODEV, "nodev" },       { MOUNT_ATTR_NOEXEC, ST_NOEXEC, "noexec" },
    { MOUNT_ATTR_NOATIME, ST_NOATIME, "noatime" }, { MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, "nodiratime" },
};

/* mount_namespaces(7): what a mount had when the user namespace got it is locked. */
static void explain_locked(struct err *err, const struct plan_mount *m)
{
    autoclose int fd = m->source ? sys_openat(AT_FDCWD, m->source, O_PATH, 0) : -EBADF;
    uint64_t cleared = m->clear | m->recursive_clear;
    autotext struct text words = { 0 };
    struct statvfs fs = { 0 };

    if (fd >= 0 && fstatvfs(fd, &fs) < 0)
        fs.f_flag = 0;
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        if (cleared & locks[i].attribute && fs.f_flag & locks[i].flag)
            text_add(&words, "%s%s", words.n ? "," : "", locks[i].word);
    if (words.n)
        err_hint(err, "%s is mounted %s, which a user namespace can't take away: add %s to the options",
                 m->source, text_string(&words), text_string(&words));
    else
        err_hint(err,
                 "ro, nosuid, nodev, noexec and the options of atime that a mount has can't be taken away "
                 "in a user namespace: add those that it has to the options");
}

static void explain_type(struct err *err, const struct plan_mount *m)
{
    err_hint(err,
             "the kernel lets a user namespace make no %s: mount it outside, and bind it; or leave the user "
             "namespace out",
             m->type ? m->type : "such filesystem");
}

static void explain_eperm(struct err *err, const struct plan *plan, const struct plan_mount *m)
{
    if (!in_user_namespace(plan))
        return;
    if (is_type(m, "proc"))
        explain_proc(err, plan);
    else if (is_type(m, "sysfs"))
        explain_sysfs(err, plan);
    else if (m->kind == PLAN_MOUNT_BIND || m->kind == PLAN_MOUNT_REMOUNT)
        explain_locked(err, m);
    else
        explain_type(err, m);
}

static void explain_einval(struct err *err, const struct plan *plan, const struct plan_mount *m,
                           const char *words, size_t n)
{
    autotext struct text below = { 0 };

    if (is_type(m, "devpts") && memmem(words, n, "gid", 3))
        err_hint(err, "that group is not mapped in the user namespace: leave the option gid= out");
    else if (m->kind == PLAN_MOUNT_BIND && !m->recursive && in_user_namespace(plan) &&
             host_denial_look_below(m->source, &below) > 0)
        err_hint(
            err,
            "a user namespace must not uncover what %s hides: write rbind instead of bind in the options",
            text_string(&below));
    else if (m->id_map)
        err_hint(err, "the filesystem of %s can't be id-mapped by this kernel", m->source);
    else if (m->kind == PLAN_MOUNT_BIND)
        err_hint(err, FILE_ON_FILE);
}

void explain_mount(struct err *err, const struct plan *plan, const struct plan_mount *m, const char *words,
                   size_t n)
{
    const struct denial denial = {
        .calls = HOST_DENIAL_MOUNT,
        .capability = CAP_SYS_ADMIN,
        .inside = has_namespace(plan, CLONE_NEWUSER),
    };

    if (explain_denial(err, &denial))
        return;
    switch (err->number) {
    case EPERM: explain_eperm(err, plan, m); break;
    case EINVAL: explain_einval(err, plan, m, words, n); break;
    case EACCES:
        if (denial.inside)
            err_hint(err,
                     "root of the user namespace must be allowed to search the directories above, on the "
                     "host and in the root filesystem");
        break;
    case ENODEV:
        if (m->type)
            err_hint(err, "this kernel has no filesystem %s: see /proc/filesystems", m->type);
        break;
    case ELOOP: err_hint(err, "the path in the root filesystem is a symbolic link where none may be"); break;
    case ENOTDIR: err_hint(err, FILE_ON_FILE); break;
    case EROFS:
        err_hint(err, "the mount point is missing and can't be made on a read-only filesystem");
        break;
    default: break;
    }
    explain_denial_perhaps(err, &denial);
}
