/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lsm.c - can this host honour the labels that a configuration gives?
 */
#include "engine/lsm.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"

#ifndef SELINUX_MAGIC
#define SELINUX_MAGIC 0xf97cff8cU
#endif

/* Linux 5.8 and later show AppArmor's attributes in a directory of their own, if it is active. */
static bool has_apparmor(int proc_fd)
{
    autoclose int fd = procfs_file(proc_fd, "self/attr/apparmor/exec", O_PATH);

    return fd >= 0;
}

static bool has_selinux(void)
{
    struct statfs fs;

    return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long) fs.f_type == SELINUX_MAGIC;
}

int engine_check_labels(int proc_fd, const struct plan *plan, const struct plan_process *process,
                        struct err *err)
{
    if (process && process->apparmor && !has_apparmor(proc_fd))
        return ERR_AT(err, process->from, apparmor_profile, ERR_LSM, 0,
                      "AppArmor is not active on this host: %s cannot be applied", process->apparmor);
    if (process && process->selinux && !has_selinux())
        return ERR_AT(err, process->from, selinux_label, ERR_LSM, 0,
                      "SELinux is not active on this host: %s cannot be applied", process->selinux);
    if (plan->mount_label && !has_selinux())
        return ERR_AT(err, plan->spec->linux, mount_label, ERR_LSM, 0,
                      "SELinux is not active on this host: %s cannot be applied", plan->mount_label);
    return 0;
}
