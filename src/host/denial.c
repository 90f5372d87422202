/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * denial.c - what around this process makes the kernel refuse a call.
 *
 * A filter is asked by calls whose arguments can't be meant: the kernel answers that these are invalid, and a
 * filter, which comes before, still says what it says of the call.
 */
#include "host/denial.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/attempt.h"
#include "host/namespace.h"

/* ---- the calls ----------------------------------------------------------------------------------------- */

#define NOWHERE (-1L)        /* no descriptor, and no address */
#define NO_FLAG 0x40000000UL /* of none of the calls below */

static const struct call {
    enum host_denial_calls group;
    const char *name;
    long number;
    uint64_t privilege; /* without it the answer would be EPERM as well; 0: none is asked for */
    unsigned long argument[5];
} calls[] = {
#define ADMIN ((uint64_t) 1 << CAP_SYS_ADMIN)
    { HOST_DENIAL_MOUNT, "fsopen", SYS_fsopen, ADMIN, { 0, NO_FLAG } },
    { HOST_DENIAL_MOUNT, "fsconfig", SYS_fsconfig, 0, { (unsigned long) NOWHERE } },
    { HOST_DENIAL_MOUNT, "fsmount", SYS_fsmount, ADMIN, { (unsigned long) NOWHERE, NO_FLAG } },
    { HOST_DENIAL_MOUNT, "fspick", SYS_fspick, ADMIN, { (unsigned long) NOWHERE, 0, NO_FLAG } },
    { HOST_DENIAL_MOUNT, "open_tree", SYS_open_tree, 0, { (unsigned long) NOWHERE, 0, NO_FLAG } },
    { HOST_DENIAL_MOUNT,
      "move_mount",
      SYS_move_mount,
      ADMIN,
      { (unsigned long) NOWHERE, 0, (unsigned long) NOWHERE, 0, NO_FLAG } },
    { HOST_DENIAL_MOUNT, "mount_setattr", SYS_mount_setattr, 0, { (unsigned long) NOWHERE, 0, NO_FLAG } },
    { HOST_DENIAL_MOUNT, "mount", SYS_mount, 0, { 0, 0, (unsigned long) NOWHERE } },
    /* the mount point is opened first */
    { HOST_DENIAL_MOUNT, "openat2", SYS_openat2, 0, { (unsigned long) NOWHERE, 0, 0, 0 } },
    { HOST_DENIAL_NAMES, "sethostname", SYS_sethostname, ADMIN, { 0, INT_MAX } },
    { HOST_DENIAL_NAMES, "setdomainname", SYS_setdomainname, ADMIN, { 0, INT_MAX } },
    { HOST_DENIAL_MKNOD, "mknodat", SYS_mknodat, 0, { (unsigned long) NOWHERE, 0, S_IFCHR } },
    { HOST_DENIAL_KEYRING, "keyctl", SYS_keyctl, 0, { NO_FLAG } },
    { HOST_DENIAL_GROUPS, "setgroups", SYS_setgroups, (uint64_t) 1 << CAP_SETGID, { INT_MAX } },
    { HOST_DENIAL_PIVOT, "pivot_root", SYS_pivot_root, ADMIN, { 0, 0 } },
    { HOST_DENIAL_NAMESPACES, "clone3", SYS_clone3, 0, { 0, 0 } },
    { HOST_DENIAL_NAMESPACES, "unshare", SYS_unshare, 0, { CLONE_PARENT } },
    { HOST_DENIAL_NAMESPACES, "setns", SYS_setns, 0, { (unsigned long) NOWHERE, 0 } },
#undef ADMIN
    { HOST_DENIAL_PATHS, "openat2", SYS_openat2, 0, { (unsigned long) NOWHERE, 0, 0, 0 } },
    { HOST_DENIAL_CAPABILITIES, "capset", SYS_capset, 0, { 0, 0 } },
    { HOST_DENIAL_SECCOMP, "seccomp", SYS_seccomp, 0, { NO_FLAG } },
    { HOST_DENIAL_SCHEDULER, "sched_setattr", SYS_sched_setattr, 0, { 0, 0, 0 } },
    { HOST_DENIAL_IO_PRIORITY, "ioprio_set", SYS_ioprio_set, 0, { NO_FLAG, 0, 0 } },
    { HOST_DENIAL_MEMORY_POLICY, "set_mempolicy", SYS_set_mempolicy, 0, { NO_FLAG, 0, 0 } },
    { HOST_DENIAL_PERSONALITY, "personality", SYS_personality, 0, { 0xffffffff } },
};

/* In the child.  Root of a new user namespace has what is asked for, but no groups to set: not tried then. */
static int try_call(const void *context)
{
    const struct call *call = context;
    const unsigned long *a = call->argument;

    if (call->privilege && sys_unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) < 0)
        return 0;
    if (syscall(call->number, a[0], a[1], a[2], a[3], a[4]) >= 0)
        return 0;
    return -errno;
}

static bool refused(const struct call *call, uint64_t capabilities)
{
    struct call as_is = *call;
    int r;

    if (as_is.privilege & capabilities)
        as_is.privilege = 0;
    else if (as_is.group == HOST_DENIAL_GROUPS)
        return false;
    r = host_attempt(try_call, &as_is);
    return r == -EPERM || r == -EACCES || r == -ENOSYS;
}

/* ---- what the files of /proc say ----------------------------------------------------------------------- */

static const char *field(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found && (found == text || found[-1] == '\n') ? found + strlen(name) : NULL;
}

void host_denial_status(const char *text, struct host_denial *denial)
{
    const char *effective = field(text, "CapEff:"), *mode = field(text, "Seccomp:");

    denial->capabilities = effective ? strtoull(effective, NULL, 16) : UINT64_MAX;
    denial->filtered = mode && strtoul(mode, NULL, 10) == 2; /* SECCOMP_MODE_FILTER */
}

static void confined(struct host_denial *denial, const char *module, const char *label, size_t n)
{
    free(denial->module);
    free(denial->label);
    denial->module = strdup(module);
    denial->label = strndup(label, n);
    if (denial->module && denial->label)
        return;
    free(take_ptr(&denial->module));
    free(take_ptr(&denial->label));
}

/* "docker-default (enforce)"; in the modes complain and unconfined nothing is forbidden. */
static void apparmor_label(const char *text, struct host_denial *denial)
{
    const char *mode = strrchr(text, '(');

    if (mode && mode > text + 1 && (!strcmp(mode, "(enforce)") || !strcmp(mode, "(kill)")))
        confined(denial, "AppArmor", text, (size_t) (mode - text) - 1);
}

/* "user:role:type:level".  These types are those that policies leave alone. */
static void selinux_label(const char *text, struct host_denial *denial)
{
    static const char *const free_types[] = { ":unconfined_t:", ":spc_t:", ":kernel_t:" };

    for (size_t i = 0; i < sizeof free_types / sizeof *free_types; i++)
        if (strstr(text, free_types[i]))
            return;
    confined(denial, "SELinux", text, strlen(text));
}

void host_denial_label(const char *apparmor, const char *other, struct host_denial *denial)
{
    if (apparmor)
        apparmor_label(apparmor, denial);
    else if (other && strchr(other, ':'))
        selinux_label(other, denial);
    else if (other)
        apparmor_label(other, denial);
}

static char *read_line(int proc_fd, const char *path, char *buf, size_t size)
{
    if (procfs_read(proc_fd, path, buf, size) < 0)
        return NULL;
    buf[strcspn(buf, "\n")] = '\0';
    return buf;
}

void host_denial_look(enum host_denial_calls group, struct host_denial *ret)
{
    autoclose int proc_fd = procfs_open();
    char text[4096], other[4096];

    *ret = (struct host_denial){ .capabilities = UINT64_MAX };
    if (proc_fd < 0)
        return;
    ssize_t n = procfs_read(proc_fd, "self/status", text, sizeof text);
    if (n > 0)
        host_denial_status(text, ret);
    else
        ret->filtered = n == -EPERM || n == -ENOSYS; /* openat2(2) itself is refused */
    host_denial_label(read_line(proc_fd, "self/attr/apparmor/current", text, sizeof text),
                      read_line(proc_fd, "self/attr/current", other, sizeof other), ret);
    for (size_t i = 0; ret->filtered && !ret->call && i < sizeof calls / sizeof *calls; i++)
        if (calls[i].group == group && refused(&calls[i], ret->capabilities))
            ret->call = calls[i].name;
}

void host_denial_done(struct host_denial *denial)
{
    free(take_ptr(&denial->module));
    free(take_ptr(&denial->label));
}

/* ---- mounts -------------------------------------------------------------------------------------------- */

static bool is_mounted(const struct host_mounts *mounts, const char *point)
{
    for (size_t i = 0; i < mounts->n; i++)
        if (!strcmp(mounts->v[i].point, point))
            return true;
    return false;
}

static bool is_below(const char *path, const char *point)
{
    size_t n = strlen(point);

    return !strncmp(path, point, n) && path[n] == '/';
}

/* Directories of proc and sysfs that are there to be mounted on, and stay empty: nothing is hidden. */
static bool hides_nothing(const char *point)
{
    static const char *const empty[] = {
        "/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd",        "/sys/kernel/debug",
        "/sys/kernel/tracing",      "/sys/kernel/security", "/sys/kernel/config",
        "/sys/fs/cgroup",           "/sys/fs/bpf",          "/sys/fs/pstore",
        "/sys/fs/fuse/connections", "/sys/fs/selinux",      "/sys/firmware/efi/efivars",
    };

    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (!strcmp(point, empty[i]) || is_below(point, empty[i]))
            return true;
    return false;
}

int host_denial_covered(const struct host_mounts *mounts, const char *point, struct text *text)
{
    int n = 0;

    for (size_t i = 0; i < mounts->n; i++) {
        const char *path = mounts->v[i].point;

        if (!is_below(path, point) || hides_nothing(path))
            continue;
        if (n < 2)
            text_add(text, "%s%s", n ? ", " : "", path);
        n++;
    }
    if (n > 2)
        text_add(text, " and %d more", n - 2);
    return n || is_mounted(mounts, point) ? n : -1;
}

int host_denial_look_below(const char *point, struct text *text)
{
    autoclose int proc_fd = procfs_open();
    autoarena struct arena arena = { 0 };
    struct host_mounts mounts;
    int n = -1;

    if (proc_fd >= 0 && host_mountinfo_read(proc_fd, getpid(), &arena, &mounts) >= 0)
        n = host_denial_covered(&mounts, point, text);
    return n;
}

/* The mount that "/" leads to. */
static int root_mount(int proc_fd)
{
    autoclose int fd = sys_openat(AT_FDCWD, "/", O_PATH, 0);

    return fd < 0 ? fd : host_mountinfo_of_fd(proc_fd, 0, fd);
}

/* In a child: to enter the mount namespace that one is in already leads out of a chroot.  -EXDEV: it did. */
static int leave_chroot(const void *context)
{
    const int *proc_fd = context;
    autoclose int ns_fd = host_namespace_open(*proc_fd, 0, "mnt");
    int before = root_mount(*proc_fd);

    if (ns_fd < 0 || before < 0 || sys_setns(ns_fd, CLONE_NEWNS) < 0)
        return 0;
    return root_mount(*proc_fd) == before ? 0 : -EXDEV;
}

bool host_denial_in_chroot(void)
{
    autoclose int proc_fd = procfs_open();
    autoarena struct arena arena = { 0 };
    struct host_mounts mounts;

    if (proc_fd < 0 || host_mountinfo_read(proc_fd, getpid(), &arena, &mounts) < 0)
        return false;
    return !is_mounted(&mounts, "/") || host_attempt(leave_chroot, &proc_fd) == -EXDEV;
}
