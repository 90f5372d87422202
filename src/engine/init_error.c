/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init_error.c - what init and stub report as (stage, item, errno), as a sentence.
 *
 * They share the plan with us: the item leads to the object of config.json.
 * The words that engines look for (host/words.h) are part of the sentences
 * about the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/signal_text.h"
#include "engine/creation.h"
#include "engine/explain_denial.h"
#include "engine/explain_mount.h"
#include "engine/explain_path.h"
#include "engine/program_error.h"
#include "engine/program_file.h"
#include "host/foreground.h"
#include "host/words.h"

struct failure {
    struct plan *plan;
    const struct plan_process *process;
    const struct msg *msg;
    const char *text;
    size_t n;
    struct err *err;
};

/* ": the kernel's words" for printf, without a newline at the end. */
#define WORDS_ARGS(f) (f)->n ? ": " : "", (int) (f)->n, (f)->n ? (f)->text : ""

static void strip(struct failure *f)
{
    while (f->n && (f->text[f->n - 1] == '\n' || f->text[f->n - 1] == ' '))
        f->n--;
}

/* What is certain of a refusal goes before the hints below, the rest behind them. */
static struct denial denial_of(const struct failure *f, enum host_denial_calls calls, int capability)
{
    return (struct denial){
        .calls = calls,
        .capability = capability,
        .inside = ((f->plan->namespaces.fresh | f->plan->namespaces.joined) & CLONE_NEWUSER) != 0,
    };
}

static void of_mounts(const struct failure *f)
{
    const struct denial denial = denial_of(f, HOST_DENIAL_MOUNT, CAP_SYS_ADMIN);

    if (!explain_denial(f->err, &denial))
        explain_denial_perhaps(f->err, &denial);
}

/* ---- by subject ---------------------------------------------------------------------------------------- */

static int mount_failed(struct failure *f)
{
    const struct plan_mount *m;
    int r = f->msg->err;

    if (f->msg->item >= f->plan->n_mounts)
        return err_set(f->err, ERR_MOUNT, r, "mount");
    m = &f->plan->mounts[f->msg->item];
    const char *what = m->kind == PLAN_MOUNT_REMOUNT ? "remount"
                       : m->kind == PLAN_MOUNT_BIND  ? "bind"
                                                     : "mount";
    const char *name = m->kind == PLAN_MOUNT_BIND && m->source ? m->source : m->type ? m->type : "none";

    if (m->from)
        r = err_at(f->err, &m->from->node, ERR_NO_MEMBER, ERR_MOUNT, r, "%s %s on %s%s%.*s", what, name,
                   m->target, WORDS_ARGS(f));
    else
        r = err_set(f->err, ERR_MOUNT, r, "%s %s on %s%s%.*s", what, name, m->target, WORDS_ARGS(f));
    explain_mount(f->err, f->plan, m, f->text, f->n);
    return r;
}

static int source_failed(struct failure *f)
{
    uint32_t item = f->msg->item;
    int r;

    if (item >= INIT_ITEM_DEVICE && item - INIT_ITEM_DEVICE < f->plan->n_devices) {
        r = err_set(f->err, ERR_DEVICE, f->msg->err, "bind the host's %s",
                    f->plan->devices[item - INIT_ITEM_DEVICE].path);
    } else if (item == INIT_ITEM_NULL) {
        r = err_set(f->err, ERR_DEVICE, f->msg->err, "linux.maskedPaths: clone the host's /dev/null");
    } else if (item == INIT_ITEM_ROOT) {
        r = ERR_AT(f->err, f->plan->spec->root, path, ERR_ROOTFS, f->msg->err, "clone the mounts of %s",
                   f->plan->root.path);
        explain_path(f->err, f->plan->root.path);
    } else {
        r = mount_failed(f);
        if (item < f->plan->n_mounts && f->plan->mounts[item].source)
            explain_path(f->err, f->plan->mounts[item].source);
        return r;
    }
    of_mounts(f);
    return r;
}

static int device_failed(struct failure *f)
{
    const struct plan_device *d;
    int r = f->msg->err;

    if (f->msg->item >= f->plan->n_devices)
        return err_set(f->err, ERR_DEVICE, r, "make a device");
    d = &f->plan->devices[f->msg->item];
    if (r == -EEXIST && d->from)
        return err_at(f->err, &d->from->node, ERR_NO_MEMBER, ERR_DEVICE, 0,
                      "%s is in the root filesystem already, and is another file than this device", d->path);
    if (r == -EEXIST)
        return err_set(f->err, ERR_DEVICE, 0,
                       "%s is in the root filesystem already, and is another file than the default device",
                       d->path);
    r = d->from ? err_at(f->err, &d->from->node, ERR_NO_MEMBER, ERR_DEVICE, r, "make %s", d->path)
                : err_set(f->err, ERR_DEVICE, r, "make the default device %s", d->path);
    const struct denial denial = denial_of(f, HOST_DENIAL_MKNOD, CAP_MKNOD);
    if (explain_denial(f->err, &denial))
        return r;
    if (r == -EPERM && !denial.inside && !f->plan->facts.in_user_namespace)
        err_hint(f->err,
                 "a device controller of a cgroup around the runtime may forbid it, as that of an outer "
                 "container: it must allow m (mknod) for this device");
    explain_denial_perhaps(f->err, &denial);
    return r;
}

static int namespace_failed(struct failure *f)
{
    const struct plan_namespaces *ns = &f->plan->namespaces;

    if (f->msg->item >= ns->n_join)
        return err_set(f->err, ERR_NAMESPACE, f->msg->err, "join the container's namespaces");
    return ERR_AT(f->err, ns->join[f->msg->item].from, path, ERR_NAMESPACE, f->msg->err, "join %s",
                  ns->join[f->msg->item].path);
}

static int sysctl_failed(struct failure *f)
{
    const struct plan_sysctl *s;
    int r = f->msg->err;

    if (f->msg->item >= f->plan->n_sysctls)
        return err_set(f->err, ERR_SYSCTL, r, "set a sysctl");
    s = &f->plan->sysctls[f->msg->item];
    r = ERR_AT(f->err, f->plan->spec->linux, sysctl, ERR_SYSCTL, r, "set %s to %s", s->name, s->value);
    const struct denial denial = denial_of(f, HOST_DENIAL_NO_CALLS, -1);
    if (r == -ENOENT)
        err_hint(f->err, "this kernel has no /proc/sys/%s in that namespace", s->path);
    else if (r == -EINVAL || r == -ERANGE)
        err_hint(f->err, "the kernel does not take this value");
    else if (explain_denial(f->err, &denial))
        return r;
    else if ((r == -EPERM || r == -EACCES) && (denial.inside || f->plan->facts.in_user_namespace))
        err_hint(f->err,
                 "only root of the initial user namespace may change it: set it on the host, or leave "
                 "the user namespace out");
    explain_denial_perhaps(f->err, &denial);
    return r;
}

static int name_failed(struct failure *f)
{
    const struct denial denial = denial_of(f, HOST_DENIAL_NAMES, CAP_SYS_ADMIN);
    int r = f->msg->stage == INIT_STAGE_HOSTNAME
                ? ERR_AT(f->err, f->plan->spec, hostname, ERR_NAMESPACE, f->msg->err, "set the host name %s",
                         f->plan->hostname)
                : ERR_AT(f->err, f->plan->spec, domainname, ERR_NAMESPACE, f->msg->err,
                         "set the domain name %s", f->plan->domainname);

    if (!explain_denial(f->err, &denial))
        explain_denial_perhaps(f->err, &denial);
    return r;
}

static int hidden_failed(struct failure *f)
{
    const struct oci_linux *linux_ = f->plan->spec->linux;
    const struct plan_hidden *h;

    if (f->msg->item >= f->plan->n_hidden)
        return err_set(f->err, ERR_MOUNT, f->msg->err, "hide a path");
    h = &f->plan->hidden[f->msg->item];
    int r = err_at_index(
        f->err, &linux_->node,
        h->readonly ? offsetof(struct oci_linux, readonly_paths) : offsetof(struct oci_linux, masked_paths),
        h->index, ERR_MOUNT, f->msg->err, h->readonly ? "make %s read-only" : "mask %s", h->path);
    of_mounts(f);
    return r;
}

static int hook_failed(struct failure *f, enum plan_hook_kind kind)
{
    const struct plan_hook_list *hooks = &f->plan->hooks[kind];
    const struct plan_hook *h;
    int r = f->msg->err;

    strip(f);
    if (f->msg->item >= hooks->n)
        return err_set(f->err, ERR_HOOK, r, "run a hook");
    h = &hooks->v[f->msg->item];
    if (r == STUB_HOOK_TIMED_OUT)
        return ERR_AT(f->err, h->from, timeout, ERR_HOOK, 0, "%s did not end within %u s and was killed",
                      h->path, h->timeout);
    if (r <= STUB_HOOK_SIGNALED(0))
        return err_at(f->err, &h->from->node, ERR_NO_MEMBER, ERR_HOOK, 0, "%s was killed by signal %d%s%.*s",
                      h->path, -r - 0x20000, WORDS_ARGS(f));
    if (r <= STUB_HOOK_EXITED(0))
        return err_at(f->err, &h->from->node, ERR_NO_MEMBER, ERR_HOOK, 0, "%s exited with status %d%s%.*s",
                      h->path, -r - 0x10000, WORDS_ARGS(f));
    return ERR_AT(f->err, h->from, path, ERR_HOOK, r, "run %s", h->path);
}

static int rlimit_failed(struct failure *f)
{
    const struct plan_rlimit *l;
    int r = f->msg->err;

    if (!f->process || f->msg->item >= f->process->n_rlimits)
        return err_set(f->err, ERR_RLIMIT, r, "process.rlimits");
    l = &f->process->rlimits[f->msg->item];
    r = err_at(f->err, &l->from->node, ERR_NO_MEMBER, ERR_RLIMIT, r, "set %s to %llu and %llu", l->from->type,
               (unsigned long long) l->soft, (unsigned long long) l->hard);
    if (r == -EPERM)
        err_hint(f->err, "a hard limit above the caller's own needs CAP_SYS_RESOURCE");
    return r;
}

static int terminal_failed(struct failure *f)
{
    int r = ERR_AT(f->err, f->process->from, terminal, ERR_TERMINAL, f->msg->err,
                   "make a terminal from /dev/pts/ptmx");

    if (r == -ENOENT || r == -ENODEV)
        err_hint(f->err, "a terminal needs a mount of type devpts on /dev/pts");
    else if (r == -ENOSPC)
        err_hint(f->err, "all pseudo-terminals are in use: kernel.pty.max");
    return r;
}

static int label_failed(struct failure *f)
{
    const struct plan_process *p = f->process;

    if (p->apparmor)
        return ERR_AT(f->err, p->from, apparmor_profile, ERR_LSM, f->msg->err,
                      "set AppArmor profile %s: write " WORDS_LSM_PATH, p->apparmor, "exec");
    return ERR_AT(f->err, p->from, selinux_label, ERR_LSM, f->msg->err, "set label %s: write " WORDS_LSM_PATH,
                  p->selinux ? p->selinux : "", "exec");
}

static int overlay_failed(struct failure *f)
{
    const struct plan_root *root = &f->plan->root;
    int r = f->msg->item == INIT_ITEM_UPPER
                ? err_set(f->err, ERR_ROOTFS, f->msg->err, "make the layer in memory over %s%s%.*s",
                          root->path, WORDS_ARGS(f))
                : err_set(f->err, ERR_ROOTFS, f->msg->err, "lay an overlay over %s%s%.*s", root->path,
                          WORDS_ARGS(f));

    if (r == -ENODEV)
        err_hint(f->err, "this kernel has no filesystem overlay: see /proc/filesystems");
    else if (r == -EINVAL)
        err_hint(
            f->err,
            "something may be mounted below it that a user namespace must not uncover, or its filesystem "
            "can't be the lower layer of an overlay");
    of_mounts(f);
    return r;
}

static int root_failed(struct failure *f)
{
    int r = ERR_AT(f->err, f->plan->spec->root, path, ERR_ROOTFS, f->msg->err,
                   "attach the root filesystem %s", f->plan->root.path);
    const struct denial denial = denial_of(f, HOST_DENIAL_NAMESPACES, CAP_SYS_ADMIN);

    if (f->msg->stage != INIT_STAGE_ROOT_TARGET ||
        !explain_denial(f->err, &denial)) /* it is unshared there */
        of_mounts(f);
    return r;
}

static int exec_failed(struct failure *f)
{
    int r = program_exec_failed(f->process, f->msg, f->text, f->n, f->err);

    program_file_explain(f->plan, f->process, f->err);
    return r;
}

/* ---- those that need no more than a sentence ----------------------------------------------------------- */

/* CAPABILITY is what the step takes, and one more than its number; 0: none. */
struct sentence {
    uint32_t stage;
    enum err_code code;
    const char *text;
    enum host_denial_calls calls;
    int capability;
};

#define TAKES(capability) ((capability) + 1)

static const struct sentence sentences[] = {
    { INIT_STAGE_RESET, ERR_PROCESS, "begin", HOST_DENIAL_NO_CALLS, 0 },
    { INIT_STAGE_EXEC_JOIN, ERR_NAMESPACE, "join the namespaces of the container", HOST_DENIAL_NAMESPACES,
      TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_BECOME_ROOT, ERR_ID_MAP, "become root of the user namespace", HOST_DENIAL_NO_CALLS, 0 },
    { INIT_STAGE_UNSHARE, ERR_NAMESPACE, "linux.namespaces: make the namespaces", HOST_DENIAL_NAMESPACES,
      TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_KEYRING, ERR_KEYRING, "make a session keyring", HOST_DENIAL_KEYRING, 0 },
    { INIT_STAGE_PRIVATE, ERR_MOUNT, "cut the mounts of the container off from the host's", HOST_DENIAL_MOUNT,
      TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_LOOPBACK, ERR_NETWORK, "bring up the loopback device", HOST_DENIAL_NO_CALLS,
      TAKES(CAP_NET_ADMIN) },
    { INIT_STAGE_RUNTIME_HOOKS, ERR_HOOK, "wait for the hooks", HOST_DENIAL_NO_CALLS, 0 },
    { INIT_STAGE_PIVOT, ERR_ROOTFS, "make the root filesystem the root", HOST_DENIAL_PIVOT,
      TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_ROOT_READONLY, ERR_ROOTFS, "root.readonly: make the root filesystem read-only",
      HOST_DENIAL_MOUNT, TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_ROOT_PROPAGATION, ERR_ROOTFS, "linux.rootfsPropagation: set it", HOST_DENIAL_MOUNT,
      TAKES(CAP_SYS_ADMIN) },
    { INIT_STAGE_STDIO, ERR_TERMINAL, "process.terminal: make it the controlling terminal",
      HOST_DENIAL_NO_CALLS, 0 },
    { INIT_STAGE_READY, ERR_INTERNAL, "tell that the container is ready", HOST_DENIAL_NO_CALLS, 0 },
    { STUB_STAGE_WAIT, ERR_PROCESS, "wait for start", HOST_DENIAL_NO_CALLS, 0 },
    { STUB_STAGE_SCHEDULER, ERR_SCHEDULER, "process.scheduler: set it", HOST_DENIAL_SCHEDULER, 0 },
    { STUB_STAGE_IO_PRIORITY, ERR_SCHEDULER, "process.ioPriority: set it", HOST_DENIAL_IO_PRIORITY, 0 },
    { STUB_STAGE_AFFINITY, ERR_SCHEDULER, "process.execCPUAffinity: set it", HOST_DENIAL_NO_CALLS, 0 },
    { INIT_STAGE_MEMORY_POLICY, ERR_SCHEDULER, "linux.memoryPolicy: set it", HOST_DENIAL_MEMORY_POLICY, 0 },
    { STUB_STAGE_PERSONALITY, ERR_PROCESS, "linux.personality: set it", HOST_DENIAL_PERSONALITY, 0 },
    { STUB_STAGE_GROUPS, ERR_USER, "process.user.additionalGids: set the supplementary groups",
      HOST_DENIAL_GROUPS, TAKES(CAP_SETGID) },
    { STUB_STAGE_GID, ERR_USER, "process.user.gid: become that group", HOST_DENIAL_NO_CALLS,
      TAKES(CAP_SETGID) },
    { STUB_STAGE_UID, ERR_USER, "process.user.uid: become that user", HOST_DENIAL_NO_CALLS,
      TAKES(CAP_SETUID) },
    { STUB_STAGE_CAPABILITIES, ERR_CAPABILITY, "process.capabilities: set them", HOST_DENIAL_CAPABILITIES,
      0 },
    { STUB_STAGE_NO_NEW_PRIVS, ERR_PROCESS, "process.noNewPrivileges: set it", HOST_DENIAL_NO_CALLS, 0 },
    { STUB_STAGE_BIRTH, ERR_PROCESS, "create a process in the container's pid namespace",
      HOST_DENIAL_NO_CALLS, 0 },
    { STUB_STAGE_CLOSE, ERR_PROCESS, "close the descriptors", HOST_DENIAL_NO_CALLS, 0 },
    { STUB_STAGE_SECCOMP, ERR_SECCOMP, "linux.seccomp: load the filter", HOST_DENIAL_SECCOMP, 0 },
    { STUB_STAGE_NOTIFY, ERR_SECCOMP, "linux.seccomp.listenerPath: send the listener to the agent",
      HOST_DENIAL_NO_CALLS, 0 },
};

static void keyring_hint(struct err *err)
{
    if (err->number == EDQUOT)
        err_hint(err,
                 "the user has as many keys as the sysctls kernel.keys.maxkeys and maxbytes allow (for root: "
                 "root_maxkeys, root_maxbytes): raise them, or give --no-new-keyring");
    else
        err_hint(err, "%s%s--no-new-keyring leaves the container with the caller's session keyring",
                 err->hint ? err->hint : "", err->hint ? "; " : "");
}

static void plain_hint(struct err *err, uint32_t stage)
{
    if (err->number == EAGAIN && stage == STUB_STAGE_BIRTH)
        err_hint(err, "a limit on processes is reached; exec needs two for a moment: "
                      "linux.resources.pids.limit, RLIMIT_NPROC or kernel.pid_max");
    else if (err->number == EPERM && stage == STUB_STAGE_GROUPS)
        err_hint(err,
                 "where /proc/self/setgroups says deny, as in a user namespace that an ordinary user made "
                 "without newgidmap, groups can't be set");
    else if (err->number == EPERM && stage == STUB_STAGE_SCHEDULER)
        err_hint(err, "this policy or priority needs CAP_SYS_NICE");
}

static int plain_failed(struct failure *f)
{
    uint32_t stage = f->msg->stage;

    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct sentence *s = &sentences[i];

        if (s->stage != stage)
            continue;
        const struct denial denial = denial_of(f, s->calls, s->capability - 1);
        int r = err_set(f->err, s->code, f->msg->err, "%s", s->text);
        if (!explain_denial(f->err, &denial))
            plain_hint(f->err, stage);
        if (stage == INIT_STAGE_KEYRING)
            keyring_hint(f->err);
        explain_denial_perhaps(f->err, &denial);
        return r;
    }
    return err_set(f->err, ERR_INTERNAL, f->msg->err, "stage %u of the container's process", stage);
}

static int stub_failed(struct failure *f)
{
    int r = err_set(f->err, ERR_EXEC, f->msg->err, "execute the stub from memory");

    if (r == -EACCES)
        err_hint(f->err, "the sysctl vm.memfd_noexec forbids programs in memory");
    else if (r == -E2BIG)
        err_hint(f->err, "process.args and process.env together are too long: see execve(2)");
    return r;
}

int engine_init_failed(struct plan *plan, const struct plan_process *process, const struct msg *msg,
                       const char *text, size_t n, struct err *err)
{
    struct failure f = { .plan = plan, .process = process, .msg = msg, .text = text, .n = n, .err = err };

    strip(&f);
    switch (msg->stage) {
    case INIT_STAGE_JOIN: return namespace_failed(&f);
    case INIT_STAGE_SOURCES: return source_failed(&f);
    case INIT_STAGE_HOSTNAME:
    case INIT_STAGE_DOMAINNAME: return name_failed(&f);
    case INIT_STAGE_SYSCTL: return sysctl_failed(&f);
    case INIT_STAGE_ROOT: return msg->item ? overlay_failed(&f) : root_failed(&f);
    case INIT_STAGE_ROOT_TARGET: return root_failed(&f);
    case INIT_STAGE_MOUNT: return mount_failed(&f);
    case INIT_STAGE_DEVICE: return device_failed(&f);
    case INIT_STAGE_SYMLINK:
        return err_set(err, ERR_DEVICE, msg->err, "make the link %s",
                       msg->item < plan->n_symlinks ? plan->symlinks[msg->item].path : "in /dev");
    case INIT_STAGE_CONSOLE: return terminal_failed(&f);
    case INIT_STAGE_CONTAINER_HOOKS: return hook_failed(&f, PLAN_CREATE_CONTAINER);
    case STUB_STAGE_HOOK: return hook_failed(&f, PLAN_START_CONTAINER);
    case INIT_STAGE_HIDE: return hidden_failed(&f);
    case INIT_STAGE_CWD:
    case STUB_STAGE_CWD:
        return ERR_AT(err, process->from, cwd, ERR_CWD, msg->err,
                      msg->stage == STUB_STAGE_CWD && msg->item == 1 ? "%s is outside of the container's root"
                                                                     : "enter %s",
                      process->cwd);
    case INIT_STAGE_PROGRAM: return program_lookup_failed(process, msg, text, n, err);
    case STUB_STAGE_EXEC: return exec_failed(&f);
    case STUB_STAGE_RLIMIT: return rlimit_failed(&f);
    case STUB_STAGE_LSM: return label_failed(&f);
    case INIT_STAGE_STUB: return stub_failed(&f);
    default: return plain_failed(&f);
    }
}

int engine_init_died(int pidfd, const struct host_cgroup *cgroup, struct err *err)
{
    int status = -1;

    if (pidfd >= 0)
        (void) host_process_status(pidfd, &status);
    return engine_init_died_so(status, cgroup, err);
}

int engine_init_died_so(int status, const struct host_cgroup *cgroup, struct err *err)
{
    uint64_t kills = 0;
    int r;

    if (cgroup && host_cgroup_oom_kills(cgroup, &kills) >= 0 && kills) {
        r = err_set(err, ERR_INIT_DIED, 0, "the container's process was killed: out of memory in its cgroup");
        err_hint(err, "linux.resources.memory.limit (--memory) is too low for this program to begin");
        return r;
    }
    if (status == 128 + SIGSYS) {
        r = err_set(err, ERR_INIT_DIED, 0, "the container's process was killed by the seccomp filter");
        err_hint(err, "the profile must allow what is needed to become the user and execute the program");
        return r;
    }
    if (status > 128)
        return err_set(err, ERR_INIT_DIED, 0, "the container's process was killed by signal %d (%s)",
                       status - 128, signal_text(status - 128));
    return err_set(err, ERR_INIT_DIED, 0, "the container's process ended before it was ready");
}
