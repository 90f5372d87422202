/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_cgroup.c - how the host's control groups can be used, and the manager that makes them.
 */
#include <string.h>

#include "base/errno_text.h"
#include "plan/doctor_job.h"

static void judge_layout(struct doctor_job *job)
{
    const struct doctor_cgroup *cg = job->facts->cgroup;
    bool none = strcmp(cg->layout, "none") == 0, v1 = strcmp(cg->layout, "v1") == 0;
    struct doctor_finding *f = doctor_add(job, "layout",
                                          none ? DOCTOR_MISSING
                                          : v1 ? DOCTOR_LIMITED
                                               : DOCTOR_OK);

    doctor_found(job, f, "%s", none ? "nothing is mounted on /sys/fs/cgroup" : cg->layout);
    if (none)
        doctor_lacks(f, "containers have no limits, can't be paused, and have to be without linux.resources",
                     "mount a cgroup2 there: mount -t cgroup2 none /sys/fs/cgroup");
    else
        doctor_lacks(
            f, "processes are moved into their cgroup instead of being born there, and killed one by one",
            "boot with systemd.unified_cgroup_hierarchy=1, or mount a cgroup2 on /sys/fs/cgroup/unified");
}

static void judge_writable(struct doctor_job *job)
{
    const struct doctor_cgroup *cg = job->facts->cgroup;
    struct doctor_finding *f;

    if (strcmp(cg->layout, "none") == 0)
        return;
    f = doctor_add(job, "may make cgroups", cg->writable ? DOCTOR_OK : DOCTOR_LIMITED);
    if (cg->own)
        doctor_found(job, f, "the caller is in %s", cg->own);
    doctor_lacks(
        f, "containers have no cgroup: no limits, no pause, no statistics",
        strcmp(cg->layout, "v2") != 0 ? "root alone has them with cgroup v1: boot with cgroup v2 alone"
        : job->facts->systemd->running
            ? "use --cgroup-manager systemd, in a session of the user (loginctl enable-linger makes one)"
            : "have root give a cgroup to the user (chown it, cgroup.procs and cgroup.subtree_control), and "
              "begin there");
}

static const struct {
    const char *name, *file, *costs;
} controllers[] = {
    { "memory", "memory", "limits and statistics of memory" },
    { "cpu", "cpu", "limits and shares of processor time" },
    { "pids", "pids", "limits of processes" },
    { "io", "io", "limits and statistics of disks" },
    { "cpuset", "cpuset", "binding to processors and memory nodes" },
};

/* On v1 the controller of disks has another name. */
static bool host_has(const struct doctor_cgroup *cg, const char *controller)
{
    return doctor_lists(&cg->controllers, controller) ||
           (strcmp(controller, "io") == 0 && doctor_lists(&cg->controllers, "blkio"));
}

static const char *cure(struct doctor_job *job, const char *name, bool there)
{
    if (!there)
        return "a kernel with that controller, and no cgroup_disable= for it";
    if (strcmp(job->facts->cgroup->layout, "v2") != 0)
        return "root alone has it with cgroup v1: boot with cgroup v2 alone";
    if (job->facts->systemd->running && job->facts->systemd->user && job->facts->systemd->connect)
        return "the user's systemd manager has it, once it can be reached: see below";
    if (job->facts->systemd->running)
        return "have it delegated: a drop-in for user@.service with [Service] Delegate=cpu cpuset io memory "
               "pids";
    return arena_printf(job->arena, "have root write +%s to cgroup.subtree_control of the cgroups above",
                        name);
}

static void judge_controller(struct doctor_job *job, size_t i)
{
    const struct doctor_cgroup *cg = job->facts->cgroup;
    bool v2 = strcmp(cg->layout, "v2") == 0, there = host_has(cg, controllers[i].file);
    bool usable = there && (v2 ? doctor_lists(&cg->usable, controllers[i].file) : cg->writable);
    struct doctor_finding *f = doctor_add(job, controllers[i].name,
                                          usable  ? DOCTOR_OK
                                          : there ? DOCTOR_LIMITED
                                                  : DOCTOR_MISSING);

    if (there && !usable)
        doctor_found(job, f, "the host has it, but not for user %u", job->facts->caller->uid);
    doctor_lacks(f, controllers[i].costs, cure(job, controllers[i].file, there));
}

static void judge_favor(struct doctor_job *job)
{
    const struct doctor_cgroup *cg = job->facts->cgroup;

    if (strcmp(cg->layout, "v2") != 0 && strcmp(cg->layout, "hybrid") != 0)
        return;
    doctor_lacks(
        doctor_add(job, "favordynmods", cg->favor_dynmods ? DOCTOR_OK : DOCTOR_LIMITED),
        "a process that is moved between cgroups waits for all processors, which takes milliseconds; ocirt's "
        "are born where they belong, except on v1",
        "mount -o remount,favordynmods /sys/fs/cgroup; it makes forks and exits a little slower");
}

static void judge_systemd(struct doctor_job *job)
{
    const struct doctor_systemd *s = job->facts->systemd;
    const char *whose = s->user ? "the user's manager" : "the system's manager";
    struct doctor_finding *f =
        doctor_add(job, "manager", s->running && !s->connect ? DOCTOR_OK : DOCTOR_LIMITED);

    if (!s->running)
        doctor_found(job, f, "systemd does not run this host");
    else if (s->connect && s->why)
        doctor_found(job, f, "%s: %s", whose, s->why);
    else if (s->connect)
        doctor_found(job, f, "%s can't be reached: %s", whose, errno_text(s->connect));
    else
        doctor_found(job, f, "%s answers: systemd %s", whose, s->version ? s->version : "of unknown version");
    doctor_lacks(
        f, "--cgroup-manager systemd (--systemd-cgroup) is refused; cgroupfs is the default",
        !s->running ? "none, unless systemd is wanted"
        : s->no_library
            ? "install libsystemd, and where ocirt is a static program ocirt-full of the same build"
        : s->user
            ? "log in with a session (not by su), or `loginctl enable-linger`; XDG_RUNTIME_DIR must be set"
            : "start dbus");
}

void doctor_judge_cgroup(struct doctor_job *job)
{
    job->area = "cgroups";
    judge_layout(job);
    judge_writable(job);
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
        judge_controller(job, i);
    judge_favor(job);
    job->area = "systemd";
    judge_systemd(job);
}
