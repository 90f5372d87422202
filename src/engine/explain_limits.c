/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_limits.c - why the kernel makes no more namespaces: namespaces(7), "The /proc/sys/user directory".
 */
#include "engine/explain_limits.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/text.h"
#include "engine/explain_denial.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct {
    uint64_t flag;
    const char *name;
} limits[] = {
    { CLONE_NEWUSER, "user/max_user_namespaces" }, { CLONE_NEWPID, "user/max_pid_namespaces" },
    { CLONE_NEWNET, "user/max_net_namespaces" },   { CLONE_NEWNS, "user/max_mnt_namespaces" },
    { CLONE_NEWIPC, "user/max_ipc_namespaces" },   { CLONE_NEWUTS, "user/max_uts_namespaces" },
    { CLONE_NEWTIME, "user/max_time_namespaces" }, { CLONE_NEWCGROUP, "user/max_cgroup_namespaces" },
};

/* "user.max_user_namespaces is 0", if there is such a file; ONLY_ZERO: and it says so. */
static void add(struct text *text, int proc_fd, const char *name, bool only_zero)
{
    char path[128], value[32];

    (void) snprintf(path, sizeof path, "sys/%s", name);
    if (procfs_read(proc_fd, path, value, sizeof value) <= 0)
        return;
    value[strcspn(value, "\n")] = '\0';
    if (only_zero && strcmp(value, "0") != 0)
        return;
    *strchr(path + 4, '/') = '.';
    text_add(text, "%s%s is %s", text->n ? ", " : "", path + 4, value);
}

static void explain_refusal(uint64_t flags, int proc_fd, struct err *err)
{
    const struct denial denial = {
        .calls = HOST_DENIAL_NAMESPACES,
        .capability = CAP_SYS_ADMIN,
        .inside = flags & CLONE_NEWUSER,
    };
    autotext struct text text = { 0 };

    if (explain_denial(err, &denial))
        return;
    if (flags & CLONE_NEWUSER && host_denial_in_chroot()) {
        err_hint(err, "the runtime is in a chroot, where the kernel makes no user namespaces: enter that "
                      "directory by pivot_root(2), or begin outside of it");
        return;
    }
    add(&text, proc_fd, "kernel/unprivileged_userns_clone", true);
    add(&text, proc_fd, "kernel/apparmor_restrict_unprivileged_userns", false);
    add(&text, proc_fd, "user/max_user_namespaces", true);
    if (flags & CLONE_NEWUSER && text.n)
        err_hint(err, "sysctls that may forbid user namespaces: %s", text_string(&text));
    explain_denial_perhaps(err, &denial);
}

void explain_namespace_limits(uint64_t flags, struct err *err)
{
    autoclose int proc_fd = procfs_open();
    autotext struct text text = { 0 };

    if (err->number == EPERM) {
        explain_refusal(flags, proc_fd, err);
        return;
    }
    for (int all = 0; all < 2 && text.n == 0; all++)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
            if (flags & limits[i].flag)
                add(&text, proc_fd, limits[i].name, !all);
    err_hint(err, "a limit on namespaces is reached, here or in a user namespace above: %s",
             text_string(&text));
}
