/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_namespaces.c - which namespaces the host has, and whether this caller may make them.
 */
#include <errno.h>
#include <string.h>

#include "base/errno_text.h"
#include "plan/doctor_job.h"

static const struct {
    const char *name, *entry;
    bool needed;
    const char *costs, *remedy;
} namespaces[] = {
    { "mount", "mnt", true, "a container has no root filesystem of its own",
      "a kernel with CONFIG_NAMESPACES" },
    { "pid", "pid", false, "containers see the processes of the host", "CONFIG_PID_NS" },
    { "network", "net", false, "containers share the host's network", "CONFIG_NET_NS" },
    { "ipc", "ipc", false, "containers share System V IPC and message queues with the host",
      "CONFIG_IPC_NS" },
    { "uts", "uts", false, "hostname and domainname can't be set", "CONFIG_UTS_NS" },
    { "cgroup", "cgroup", false, "containers see where in the host's cgroups they are", "CONFIG_CGROUPS" },
    { "time", "time", false, "linux.timeOffsets is refused", "Linux 5.6 and CONFIG_TIME_NS" },
};

/* Why a user may make no user namespace, and what root can do about it. */
static void explain_user(struct doctor_job *job, struct doctor_finding *f)
{
    const struct doctor_namespaces *n = job->facts->namespaces;
    const char *remedy = "a kernel with CONFIG_USER_NS";

    if (n->max_user == 0)
        remedy = "set the sysctl user.max_user_namespaces to 15000 or so";
    else if (n->unprivileged == 0 && job->facts->caller->uid != 0)
        remedy = "set the sysctl kernel.unprivileged_userns_clone to 1";
    else if (n->apparmor_restricts == 1)
        remedy = "load an AppArmor profile for ocirt with the rule `userns,`, or set the sysctl "
                 "kernel.apparmor_restrict_unprivileged_userns to 0";
    else if (n->new_user == ENOSPC)
        remedy = "set the sysctl user.max_user_namespaces higher, or end what uses them";
    else if (n->new_user == EPERM)
        remedy =
            "look what forbids it: a seccomp filter around the caller, if this is a container, a security "
            "module, or a chroot";
    doctor_lacks(f, "containers without root privileges, and linux.namespaces with \"user\"", remedy);
}

static void judge_user_namespace(struct doctor_job *job)
{
    const struct doctor_namespaces *n = job->facts->namespaces;
    bool restricted = !n->new_user && n->apparmor_restricts == 1;
    struct doctor_finding *f = doctor_add(job, "user",
                                          n->new_user  ? DOCTOR_MISSING
                                          : restricted ? DOCTOR_LIMITED
                                                       : DOCTOR_OK);

    if (n->new_user && n->max_user >= 0)
        doctor_found(job, f, "%s; user.max_user_namespaces is %lld", errno_text(n->new_user),
                     (long long) n->max_user);
    else if (n->new_user)
        doctor_found(job, f, "%s", errno_text(n->new_user));
    else if (restricted)
        doctor_found(
            job, f,
            "kernel.apparmor_restrict_unprivileged_userns is 1: in one that is made without root privileges, "
            "nothing can be mounted");
    explain_user(job, f);
    doctor_need(f, job->facts->caller->uid != 0);
}

void doctor_judge_namespaces(struct doctor_job *job)
{
    job->area = "namespaces";
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        bool there = doctor_lists(&job->facts->namespaces->there, namespaces[i].entry);
        struct doctor_finding *f = doctor_add(job, namespaces[i].name, there ? DOCTOR_OK : DOCTOR_MISSING);

        doctor_lacks(f, namespaces[i].costs, namespaces[i].remedy);
        if (f)
            f->needed = namespaces[i].needed;
    }
    judge_user_namespace(job);
}
