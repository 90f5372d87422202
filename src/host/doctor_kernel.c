/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_kernel.c - try the kernel's calls, each in a child of its own: a filter around us may kill who makes
 * one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/attempt.h"
#include "host/cgroup.h"
#include "host/doctor.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3 */
#endif
#define PIDFS_MAGIC 0x50494446U /* Linux 6.9 */

static int call(const void *context)
{
    int (*const *try)(void) = context;

    return (*try)();
}

static int in_child(int (*try)(void))
{
    return host_attempt(call, &try);
}

/* For a call that is there: with these arguments it can only refuse. */
static int unless(int expected)
{
    return errno == expected ? 0 : -errno;
}

static int try_openat2(void)
{
    int fd = sys_openat2(AT_FDCWD, "/", O_PATH, 0, RESOLVE_IN_ROOT);

    return fd < 0 ? fd : 0;
}

static int try_clone3(void)
{
    return syscall(SYS_clone3, NULL, (size_t) 0) < 0 ? unless(EINVAL) : 0;
}

static int try_mount_setattr(void)
{
    return syscall(SYS_mount_setattr, -1, "", 0, NULL, (size_t) 0) < 0 ? unless(EINVAL) : 0;
}

/* Who may not mount gets EPERM from a kernel that has it. */
static int try_fsopen(void)
{
    int fd = sys_fsopen("tmpfs");

    return fd == -EPERM && geteuid() != 0 ? 0 : fd < 0 ? fd : 0;
}

static int try_pidfd_open(void)
{
    int fd = sys_pidfd_open(getpid());

    return fd < 0 ? fd : 0;
}

static int try_close_range(void)
{
    return sys_close_range(~0U, ~0U, CLOSE_RANGE_CLOEXEC);
}

static int try_memfd_exec(void)
{
    int fd = memfd_create("doctor", MFD_CLOEXEC | MFD_EXEC);

    if (fd < 0 && errno == EINVAL) /* before Linux 6.3 all of them can be executed */
        fd = memfd_create("doctor", MFD_CLOEXEC);
    return fd < 0 ? -errno : 0;
}

static int try_seccomp(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

static int try_seccomp_notify(void)
{
    const uint32_t action = SECCOMP_RET_USER_NOTIF;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

static int try_new_user(void)
{
    return sys_unshare(CLONE_NEWUSER);
}

static bool has_pidfs(void)
{
    autoclose int fd = sys_pidfd_open(getpid());
    struct statfs fs;

    return fd >= 0 && fstatfs(fd, &fs) == 0 && (uint32_t) fs.f_type == PIDFS_MAGIC;
}

/* A module that is not loaded yet does not show; asking the kernel would load it. */
static bool has_overlay(struct host_doctor *d)
{
    char buf[8192];

    return procfs_read(d->proc_fd, "filesystems", buf, sizeof buf) > 0 && strstr(buf, "\toverlay\n");
}

static const struct {
    size_t fact; /* of struct doctor_kernel: an int32_t */
    int (*try)(void);
} tries[] = {
#define ROW(name) \
    { \
        offsetof(struct doctor_kernel, name), try_##name \
    }
    ROW(openat2),     ROW(clone3),     ROW(mount_setattr), ROW(fsopen),         ROW(pidfd_open),
    ROW(close_range), ROW(memfd_exec), ROW(seccomp),       ROW(seccomp_notify),
#undef ROW
};

static void look_at_namespaces(struct host_doctor *d)
{
    static const char *const names[] = { "mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time" };
    struct doctor_namespaces *n = d->facts->namespaces;

    n->there.v = arena_array(d->arena, sizeof names / sizeof *names, sizeof *n->there.v);
    d->failed |= !n->there.v;
    for (size_t i = 0; n->there.v && i < sizeof names / sizeof *names; i++) {
        autoclose int ns_fd = procfs_file(d->proc_fd, "self/ns", O_PATH | O_DIRECTORY);
        char target[64];

        if (ns_fd >= 0 && readlinkat(ns_fd, names[i], target, sizeof target) > 0)
            n->there.v[n->there.n++] = (char *) (uintptr_t) names[i];
    }
    n->new_user = -in_child(try_new_user);
    n->max_user = host_doctor_sysctl(d, "user/max_user_namespaces");
    n->unprivileged = host_doctor_sysctl(d, "kernel/unprivileged_userns_clone");
    n->apparmor_restricts = host_doctor_sysctl(d, "kernel/apparmor_restrict_unprivileged_userns");
}

void host_doctor_kernel(struct host_doctor *d)
{
    struct doctor_kernel *k = d->facts->kernel;
    struct utsname u;

    if (uname(&u) == 0) {
        k->release = arena_strdup(d->arena, u.release);
        k->machine = arena_strdup(d->arena, u.machine);
    }
    if (!k->release || !k->machine) {
        d->failed = true;
        k->release = k->machine = (char *) (uintptr_t) "";
    }
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        *(int32_t *) (void *) ((char *) k + tries[i].fact) = -in_child(tries[i].try);
    k->memfd_noexec = host_doctor_sysctl(d, "vm/memfd_noexec");
    k->pidfs = has_pidfs();
    k->exit_info = host_doctor_at_least(d, 6, 15);
    k->overlay = has_overlay(d);
    k->device_bpf = host_cgroup_has_device_bpf();
    look_at_namespaces(d);
}
