/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_caller.c - what the caller may do: capabilities, ids, limits.
 */
#include <string.h>

#include "plan/doctor_job.h"

/* Capabilities whose lack is felt, in the order of how much. */
static const struct {
    const char *name;
    bool needed;
    const char *costs;
} felt[] = {
    { "CAP_SYS_ADMIN", true, "nothing can be mounted: root without it can run no containers" },
    { "CAP_SETUID", false, "containers can run as root alone" },
    { "CAP_SETGID", false, "containers can run in the caller's groups alone" },
    { "CAP_SETPCAP", false, "the bounding set of a container can't be made smaller" },
    { "CAP_MKNOD", false, "devices are bound from the host instead of being made" },
    { "CAP_SYS_RESOURCE", false,
      "hard limits (process.rlimits) can't be raised above the caller's, oomScoreAdj not be lowered" },
    { "CAP_NET_ADMIN", false,
      "linux.netDevices can't be moved, the loopback device of a joined network not be set up" },
    { "CAP_SYS_NICE", false, "process.scheduler with real-time policies is refused" },
    { "CAP_SYS_PTRACE", false, "exec can't join containers of other users" },
    { "CAP_DAC_OVERRIDE", false, "files of other users can't be reached" },
    { "CAP_CHOWN", false, "terminals and cgroups can't be given to a container's user" },
    { "CAP_KILL", false, "containers of other users can't be ended" },
};

static void judge_capabilities(struct doctor_job *job)
{
    const struct doctor_caller *c = job->facts->caller;
    const char *remedy = c->in_user_namespace
                             ? "none: it is a user namespace's root that lacks it"
                             : "start with it: this is perhaps a container, which can be given it";
    size_t n = 0;

    for (size_t i = 0; i < sizeof felt / sizeof *felt; i++) {
        struct doctor_finding *f;

        if (!doctor_lists(&c->lacking, felt[i].name))
            continue;
        f = doctor_add(job, felt[i].name, felt[i].needed ? DOCTOR_MISSING : DOCTOR_LIMITED);
        doctor_lacks(f, felt[i].costs, remedy);
        doctor_need(f, felt[i].needed);
        n++;
    }
    if (n)
        return;
    if (c->lacking.n)
        doctor_found(job, doctor_add(job, "capabilities", DOCTOR_OK), "root without %s",
                     doctor_joined(job, &c->lacking));
    else
        doctor_found(job, doctor_add(job, "capabilities", DOCTOR_OK), "root with all of them");
}

static void judge_program(struct doctor_job *job, const char *name, const char *path, bool works)
{
    struct doctor_finding *f = doctor_add(job, name,
                                          path && works ? DOCTOR_OK
                                          : path        ? DOCTOR_LIMITED
                                                        : DOCTOR_MISSING);

    if (path)
        doctor_found(job, f, "%s", path);
    doctor_lacks(f, "a rootless container has no other user or group than its root",
                 path
                     ? "give it its right back: chmod u+s, or setcap cap_setuid+ep (newgidmap: cap_setgid+ep)"
                     : "install it: package uidmap (Debian), shadow (Arch, Alpine) or shadow-utils (Fedora)");
}

static void judge_ids(struct doctor_job *job, const char *name, uint64_t n)
{
    struct doctor_finding *f = doctor_add(job, name,
                                          n >= 65536 ? DOCTOR_OK
                                          : n        ? DOCTOR_LIMITED
                                                     : DOCTOR_MISSING);

    doctor_found(job, f, "%llu", (unsigned long long) n);
    doctor_lacks(f,
                 n ? "images whose files belong to many users do not fit in"
                   : "a rootless container has no other user or group than its root",
                 "root adds some: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
}

static void judge_rootless(struct doctor_job *job)
{
    const struct doctor_caller *c = job->facts->caller;

    doctor_found(job, doctor_add(job, "user", DOCTOR_OK), "%u: containers are rootless", c->uid);
    judge_program(job, "newuidmap", c->newuidmap, c->uidmap_works);
    judge_program(job, "newgidmap", c->newgidmap, c->gidmap_works);
    judge_ids(job, "subordinate users", c->subuids);
    judge_ids(job, "subordinate groups", c->subgids);
}

static void judge_limit(struct doctor_job *job, const char *name, uint64_t value, uint64_t enough,
                        const char *costs, const char *remedy)
{
    struct doctor_finding *f = doctor_add(job, name, value >= enough ? DOCTOR_OK : DOCTOR_LIMITED);

    if (value == UINT64_MAX)
        doctor_found(job, f, "no limit");
    else
        doctor_found(job, f, "%llu", (unsigned long long) value);
    doctor_lacks(f, costs, remedy);
}

void doctor_judge_caller(struct doctor_job *job)
{
    const struct doctor_caller *c = job->facts->caller;

    job->area = "caller";
    if (c->uid == 0)
        judge_capabilities(job);
    else
        judge_rootless(job);
    if (c->uid == 0 && c->in_user_namespace)
        doctor_lacks(doctor_add(job, "user namespace", DOCTOR_LIMITED),
                     "root of a user namespace can't make devices, and mount few filesystems",
                     "none is needed where that is enough; else start outside of it");
    judge_limit(job, "open files", c->open_files, 1024, "containers with many mounts and namespaces fail",
                "raise the hard limit: LimitNOFILE= of the service, limits.conf of the session");
    judge_limit(job, "processes", c->processes, 1024, "containers can't start their processes",
                "raise the hard limit: LimitNPROC= of the service, limits.conf of the session");
}
