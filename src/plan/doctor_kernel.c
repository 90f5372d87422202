/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_kernel.c - what the kernel has of what ocirt uses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errno_text.h"
#include "plan/doctor_job.h"

static void judge_release(struct doctor_job *job)
{
    const struct doctor_kernel *k = job->facts->kernel;
    unsigned major = 0, minor = 0;
    bool known = sscanf(k->release, "%u.%u", &major, &minor) == 2;
    bool recent = known && (major > 5 || (major == 5 && minor >= 14));
    struct doctor_finding *f = doctor_add(job, "version", recent ? DOCTOR_OK : DOCTOR_MISSING);

    doctor_found(job, f, "Linux %s on %s", k->release, k->machine);
    doctor_lacks(f, "ocirt uses what Linux 5.14 and later have", "install a newer kernel");
    doctor_need(f, true);
}

/* A call that ocirt can't do without, or that something of it needs. */
struct call {
    const char *name;
    size_t fact; /* of struct doctor_kernel: an errno */
    bool needed;
    const char *costs, *since;
};

#define FACT(m) offsetof(struct doctor_kernel, m)

static const struct call calls[] = {
    { "openat2", FACT(openat2), true, "no path inside a container can be resolved safely", "5.6" },
    { "clone3", FACT(clone3), true, "no process can be made for a container", "5.3" },
    { "mount_setattr", FACT(mount_setattr), true, "mounts can't be made read-only as a tree, nor id-mapped",
      "5.12" },
    { "fsopen", FACT(fsopen), true, "filesystems can't be mounted for a container", "5.2" },
    { "pidfd_open", FACT(pidfd_open), true, "a container's process can't be watched or ended safely", "5.3" },
    { "close_range", FACT(close_range), true, "descriptors of the runtime can't be kept from a container",
      "5.9" },
    { "seccomp", FACT(seccomp), false, "config.json with a filter (linux.seccomp) is refused",
      "3.17, CONFIG_SECCOMP_FILTER" },
    { "seccomp_notify", FACT(seccomp_notify), false, "filters with SCMP_ACT_NOTIFY are refused", "5.0" },
};

/* ENOSYS: the kernel has it not.  Anything else: somebody forbids it, such as a filter around us. */
static void judge_call(struct doctor_job *job, const struct call *call)
{
    int32_t error = *(const int32_t *) (const void *) ((const char *) job->facts->kernel + call->fact);
    struct doctor_finding *f = doctor_add(job, call->name, error ? DOCTOR_MISSING : DOCTOR_OK);
    const char *remedy =
        error == ENOSYS || error == EINVAL || error == EOPNOTSUPP
            ? arena_printf(job->arena, "a kernel with it: Linux %s", call->since)
            : "look what forbids it: a seccomp filter around the caller, if this is a container, or a "
              "security module";

    if (error)
        doctor_found(job, f, "%s", errno_text(error));
    doctor_lacks(f, call->costs, remedy);
    doctor_need(f, call->needed);
}

/* The program that becomes the container's process is executed from memory, or else from a tmpfs. */
static void judge_memfd(struct doctor_job *job)
{
    const struct doctor_kernel *k = job->facts->kernel;
    bool root = job->facts->caller->uid == 0;
    struct doctor_finding *f = doctor_add(job, "memfd",
                                          !k->memfd_exec ? DOCTOR_OK
                                          : root         ? DOCTOR_LIMITED
                                                         : DOCTOR_MISSING);

    if (k->memfd_noexec >= 0)
        doctor_found(job, f, "vm.memfd_noexec is %lld", (long long) k->memfd_noexec);
    else if (k->memfd_exec)
        doctor_found(job, f, "%s", errno_text(k->memfd_exec));
    doctor_lacks(f,
                 root ? "a tmpfs takes the place of the executable memory, which makes a start slower"
                      : "the program that becomes a container's process can't be executed from memory",
                 "set the sysctl vm.memfd_noexec to 0 or 1");
    doctor_need(f, true);
}

struct extra {
    const char *name;
    size_t fact; /* of struct doctor_kernel: a bool */
    const char *costs, *remedy;
};

static const struct extra extras[] = {
    { "pidfs", FACT(pidfs), "pidfds of two processes can't be told apart by their inode", "Linux 6.9" },
    { "exit information", FACT(exit_info),
      "ocirt wait prints -1 where the exit status of a container is not its child's", "Linux 6.15" },
    { "cgroup.kill", FACT(cgroup_kill), "processes of a container are frozen and killed one by one",
      "Linux 5.14 and a cgroup2 mount" },
    { "overlay", FACT(overlay),
      "run --overlay and the annotation org.ocirt.root.overlay fail, unless the kernel can load overlayfs",
      "CONFIG_OVERLAY_FS, or modprobe overlay" },
    { "device programs", FACT(device_bpf),
      "rules for devices (linux.resources.devices) can't be kept on cgroup v2",
      "root, and a kernel with CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL" },
};

static void judge_extras(struct doctor_job *job)
{
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        bool there = *(const bool *) (const void *) ((const char *) job->facts->kernel + extras[i].fact);

        doctor_lacks(doctor_add(job, extras[i].name, there ? DOCTOR_OK : DOCTOR_LIMITED), extras[i].costs,
                     extras[i].remedy);
    }
}

void doctor_judge_kernel(struct doctor_job *job)
{
    job->area = "kernel";
    judge_release(job);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        judge_call(job, &calls[i]);
    judge_memfd(job);
    judge_extras(job);
}
