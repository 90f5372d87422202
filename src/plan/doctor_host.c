/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_host.c - the rest of the host: security modules, limits for all, where the state is kept, CRIU.
 */
#include <stdlib.h>
#include <string.h>

#include "base/errno_text.h"
#include "plan/annotations.h"
#include "plan/doctor_job.h"

static void judge_lsm(struct doctor_job *job, const char *name, const char *module, const char *costs,
                      const char *remedy)
{
    bool there = doctor_lists(&job->facts->host->lsms, module);

    doctor_lacks(doctor_add(job, name, there ? DOCTOR_OK : DOCTOR_LIMITED), costs, remedy);
}

static void judge_lsms(struct doctor_job *job)
{
    job->area = "security modules";
    doctor_found(job, doctor_add(job, "active", DOCTOR_OK), "%s",
                 doctor_joined(job, &job->facts->host->lsms));
    judge_lsm(job, "AppArmor", "apparmor", "process.apparmorProfile is refused",
              "none where SELinux is used; else a kernel with it, booted with lsm=...,apparmor");
    judge_lsm(job, "SELinux", "selinux", "process.selinuxLabel and linux.mountLabel are refused",
              "none where AppArmor is used; else a kernel with it and a policy");
}

static const struct {
    const char *name, *sysctl;
    size_t fact; /* of struct doctor_host: an int64_t */
    int64_t enough;
    const char *costs;
} limits[] = {
    { "process ids", "kernel.pid_max", offsetof(struct doctor_host, pid_max), 32768,
      "a host with many containers runs out of process ids" },
    { "memory maps", "vm.max_map_count", offsetof(struct doctor_host, max_map_count), 65530,
      "databases and search engines in containers end with \"out of memory\"" },
    { "inotify instances", "fs.inotify.max_user_instances", offsetof(struct doctor_host, inotify_instances),
      128, "programs that watch files fail with \"too many open files\"; containers share the number" },
    { "inotify watches", "fs.inotify.max_user_watches", offsetof(struct doctor_host, inotify_watches), 8192,
      "programs that watch files fail with \"no space left on device\"; containers share the number" },
    { "keys", "kernel.keys.maxkeys", offsetof(struct doctor_host, keys), 200,
      "each container has a session keyring; when they are used up, create fails with \"disk quota "
      "exceeded\"" },
    { "terminals", "kernel.pty.max", offsetof(struct doctor_host, ptys), 1024,
      "containers with terminals can't be started when they are used up" },
};

static void judge_limits(struct doctor_job *job)
{
    job->area = "limits of the host";
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int64_t value = *(const int64_t *) (const void *) ((const char *) job->facts->host + limits[i].fact);
        struct doctor_finding *f;

        if (value < 0)
            continue; /* this kernel has no such limit */
        f = doctor_add(job, limits[i].name, value >= limits[i].enough ? DOCTOR_OK : DOCTOR_LIMITED);
        doctor_found(job, f, "%s is %lld", limits[i].sysctl, (long long) value);
        doctor_lacks(
            f, limits[i].costs,
            arena_printf(job->arena, "sysctl -w %s=%lld", limits[i].sysctl, (long long) limits[i].enough));
    }
}

static void judge_state_root(struct doctor_job *job)
{
    const struct doctor_host *h = job->facts->host;
    bool memory =
        !h->state_root_fs || strcmp(h->state_root_fs, "tmpfs") == 0 || strcmp(h->state_root_fs, "ramfs") == 0;
    struct doctor_finding *f = doctor_add(job, "directory",
                                          h->state_root_errno ? DOCTOR_MISSING
                                          : memory            ? DOCTOR_OK
                                                              : DOCTOR_LIMITED);

    if (h->state_root_why)
        doctor_found(job, f, "%s", h->state_root_why);
    else if (h->state_root_errno)
        doctor_found(job, f, "%s: %s", h->state_root, errno_text(h->state_root_errno));
    else
        doctor_found(job, f, "%s, on %s%s%s", h->state_root,
                     h->state_root_fs ? h->state_root_fs : "an unknown filesystem",
                     h->state_root_nosuid ? ", nosuid" : "", h->state_root_noexec ? ", noexec" : "");
    doctor_need(f, true);
    if (h->state_root_errno)
        doctor_lacks(
            f, "no container can be made",
            "choose a directory that may be written by --root, or by XDG_RUNTIME_DIR; it should be in "
            "memory, such as below /run");
    else
        doctor_lacks(
            f,
            "records of containers outlive a reboot, which no container does: they have to be deleted by "
            "hand",
            "choose a directory on a tmpfs by --root, such as below /run");
}

/* CRIU itself can do it for root alone. */
static void judge_criu(struct doctor_job *job)
{
    const struct doctor_host *h = job->facts->host;
    bool root = job->facts->caller->uid == 0 && !job->facts->caller->in_user_namespace;
    int32_t v = h->criu_version;
    struct doctor_finding *f = doctor_add(job, "CRIU", v && root ? DOCTOR_OK : DOCTOR_LIMITED);

    if (v)
        doctor_found(job, f, "%s, version %d.%d.%d", h->criu, v / 10000, v / 100 % 100, v % 100);
    else if (h->criu)
        doctor_found(job, f, "%s%s%s", h->criu, h->criu_why ? ": " : "", h->criu_why ? h->criu_why : "");
    doctor_lacks(f, "containers can't be stored by checkpoint",
                 !root     ? "none: root of the host alone can use it"
                 : h->criu ? "install its library as well (libcriu2 of Debian, criu-libs of Fedora), of CRIU "
                             "3.15 or later; and where ocirt is a static program ocirt-full of the same build"
                           : "install criu, and its library: libcriu2 (Debian), criu-libs (Fedora)");
}

/* Without any there is nothing to tell: hardly a host needs them. */
static void judge_consents(struct doctor_job *job)
{
    const struct doctor_host *h = job->facts->host;

    job->area = "annotations";
    if (h->consents_fault) {
        struct doctor_finding *f = doctor_add(job, "file of consents", DOCTOR_LIMITED);

        doctor_found(job, f, "%s", h->consents_fault);
        doctor_lacks(
            f, "annotations that need consent are refused",
            "chown it to root (or, for a user's own, to the user) and chmod 644; no link to it is followed");
    }
    for (size_t i = 0; i < h->consents.n; i++) {
        bool known = plan_annotation_takes_consent(h->consents.v[i]);
        struct doctor_finding *f = doctor_add(job, "consent", known ? DOCTOR_OK : DOCTOR_LIMITED);

        doctor_found(job, f, "%s", h->consents.v[i]);
        doctor_lacks(f, "the line has no effect: no annotation that needs consent is called that",
                     "see ocirt-annotations(7) for their names; a prefix ends with \".\"");
    }
}

void doctor_judge_host(struct doctor_job *job)
{
    judge_lsms(job);
    judge_limits(job);
    job->area = "state";
    judge_state_root(job);
    job->area = "programs";
    judge_criu(job);
    judge_consents(job);
}
