/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spawn.c - the clone that makes the container's init.
 *
 * Pid and time namespaces hold for children only: this thread enters them,
 * clones, and goes back.  The same is done with others that are joined when the
 * user namespace is new, since from inside it they could not be joined.  All else
 * is clone3's or the child's.
 *
 * Into a time namespace only a process with a single thread can go back, which a
 * program that uses the library need not be: there a process in between enters,
 * clones, and ends.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "engine/creation.h"
#include "engine/explain_limits.h"
#include "host/namespace.h"

/* Namespaces of this thread that are to be entered again. */
struct way_back {
    struct {
        uint64_t flag;
        int fd;
    } v[8];
    size_t n;
};

static const struct {
    uint64_t flag;
    const char *name;
} own_names[] = {
    { CLONE_NEWPID, "pid" }, { CLONE_NEWNET, "net" },       { CLONE_NEWIPC, "ipc" },
    { CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" },
};

/* What could not be entered; nothing here allocates, for it also happens in the process in between. */
struct entry {
    enum { ENTRY_JOIN, ENTRY_TIME, ENTRY_OFFSETS, ENTRY_CLONE } step;
    size_t join; /* index in plan->namespaces.join */
    int error;
    pid_t pid; /* of what the process in between cloned */
};

static int remember(const struct creation *c, struct way_back *back, uint64_t flag)
{
    for (size_t i = 0; back && i < sizeof own_names / sizeof *own_names; i++) {
        int fd;

        if (own_names[i].flag != flag)
            continue;
        fd = host_namespace_open(c->proc_fd, 0, own_names[i].name);
        if (fd < 0)
            return fd;
        back->v[back->n].flag = flag;
        back->v[back->n++].fd = fd;
        return 0;
    }
    return back ? -EINVAL : 0;
}

/* A thread that stays in the wrong namespace must do nothing more; there is no way to mend it. */
static int go_back(struct way_back *back, struct err *err)
{
    int r = 0;

    while (back->n) {
        int fd = back->v[--back->n].fd;

        if (sys_setns(fd, (int) back->v[back->n].flag) < 0 && r == 0)
            r = -errno;
        (void) close(fd);
    }
    return r < 0 ? err_set(err, ERR_NAMESPACE, r, "this thread could not go back to its own namespaces") : 0;
}

static bool parent_joins(const struct creation *c, uint64_t flag)
{
    if (flag == CLONE_NEWPID)
        return !c->plan->facts.in_user_namespace && !c->birth;
    return c->init.privileged && c->plan->namespaces.fresh & CLONE_NEWUSER && flag != CLONE_NEWUSER &&
           flag != CLONE_NEWNS;
}

static int join_for_child(struct creation *c, struct way_back *back, struct entry *entry)
{
    struct plan_namespaces *ns = &c->plan->namespaces;

    entry->step = ENTRY_JOIN;
    for (size_t i = 0; i < ns->n_join; i++) {
        struct plan_join *join = &ns->join[i];
        int r;

        if (!parent_joins(c, join->flag))
            continue;
        entry->join = i;
        r = remember(c, back, join->flag);
        if (r >= 0)
            r = sys_setns(join->ns_fd, (int) join->flag);
        if (r < 0)
            return r;
        fd_cleanup(&join->ns_fd);
    }
    return 0;
}

/* time_namespaces(7): offsets can be set until the first process is in it. */
static int make_time_namespace(struct creation *c, struct entry *entry)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;
    int r;

    if (!(ns->fresh & CLONE_NEWTIME))
        return 0;
    entry->step = ENTRY_TIME;
    r = sys_unshare(CLONE_NEWTIME);
    if (r < 0 || !ns->time_offsets)
        return r;
    entry->step = ENTRY_OFFSETS;
    return procfs_write(c->proc_fd, "self/timens_offsets", ns->time_offsets, strlen(ns->time_offsets));
}

static int entry_failed(const struct creation *c, const struct entry *entry, struct err *err)
{
    const struct plan_join *join = &c->plan->namespaces.join[entry->join];

    switch (entry->step) {
    case ENTRY_JOIN: return ERR_AT(err, join->from, path, ERR_NAMESPACE, entry->error, "join %s", join->path);
    case ENTRY_TIME:
        return err_set(err, ERR_NAMESPACE, entry->error, "linux.namespaces: make a time namespace");
    case ENTRY_OFFSETS:
        return ERR_AT(err, c->bundle.spec.linux, time_offsets, ERR_NAMESPACE, entry->error,
                      "set the clocks' offsets");
    default: return 0; /* the clone's: the caller knows more */
    }
}

/*
 * May init begin before we have said GO?  Where nothing is needed from us for it: no id maps, no cgroup to be
 * moved into before the cgroup namespace is made, no network device that a sysctl may be about.  With the
 * template there are no hooks either, and no mounts that open a device.  Nor with a trace, for only GO tells
 * the pid that it is of.
 */
static bool may_go_ahead(const struct creation *c)
{
    return c->template_fd >= 0 && c->cgroup.process_fd >= 0 && !c->migrate && !c->birth &&
           c->plan->facts.cgroup_layout == PLAN_CGROUP_V2 && !c->plan->n_net_devices &&
           c->ocirt->trace_fd <= 0;
}

/*
 * With a new user namespace, those whose files it is to own are unshared once its maps are written; the
 * cgroup namespace always after the birth, since its root is the cgroup that the process is in then.  That of
 * the network comes with GO, if it is made beside.
 */
static void choose_flags(struct creation *c, uint64_t *ret_clone)
{
    uint64_t fresh = c->plan->namespaces.fresh & ~(uint64_t) CLONE_NEWTIME;

    c->init.ahead = may_go_ahead(c);
    if (c->init.network_comes)
        fresh &= ~(uint64_t) CLONE_NEWNET;

    uint64_t later = fresh & CLONE_NEWCGROUP;

    if (c->init.template_fd >= 0) /* copied from the template, once it is entered */
        later |= fresh & CLONE_NEWNS;
    if (fresh & CLONE_NEWUSER)
        later |= fresh & (CLONE_NEWNS | CLONE_NEWIPC);
    /* Joined first, by the child: what is new is owned by the joined user namespace. */
    if (c->plan->namespaces.joined & CLONE_NEWUSER)
        later |= fresh & ~(uint64_t) CLONE_NEWPID;
    c->init.unshare_flags = later;
    *ret_clone = fresh & ~later;
}

static int clone_failed(const struct creation *c, int r, uint64_t flags, struct err *err)
{
    r = err_set(err, ERR_NAMESPACE, r, "create the container's process");
    if (r == -EBUSY && c->cgroup.path)
        err_hint(err, "the cgroup %s has cgroups below with controllers: it can hold no process itself",
                 c->cgroup.path);
    else if (r == -EOPNOTSUPP && c->cgroup.path)
        err_hint(
            err,
            "a cgroup above %s is threaded (cgroup.type): what is below can't be the container's own cgroup",
            c->cgroup.path);
    else if (r == -ENOSPC || r == -EUSERS || r == -EPERM)
        explain_namespace_limits(flags, err);
    else if (r == -EAGAIN)
        err_hint(err,
                 "a limit on processes is reached: pids.max of the cgroup, RLIMIT_NPROC or kernel.pid_max");
    return r;
}

/*
 * In the child.  Our end of the gate would keep it from seeing that we were killed: it would wait for ever.
 */
static void close_ours(struct creation *c)
{
    fd_cleanup(&c->gate_fd);
}

static pid_t clone_into_cgroup(const struct creation *c, struct clone_args *args)
{
    pid_t pid = sys_clone3(args);

    if (pid == -EOPNOTSUPP && args->flags & CLONE_INTO_CGROUP && host_cgroup_make_threaded(&c->cgroup) >= 0)
        pid = sys_clone3(args);
    return pid;
}

static bool enters_time_namespace(const struct creation *c)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;

    if (ns->fresh & CLONE_NEWTIME)
        return true;
    for (size_t i = 0; i < ns->n_join; i++)
        if (ns->join[i].flag == CLONE_NEWTIME && parent_joins(c, CLONE_NEWTIME))
            return true;
    return false;
}

/* Nobody but its child and the runtime, which waits, holds what is shared. */
static void close_joined(struct creation *c)
{
    struct plan_namespaces *ns = &c->plan->namespaces;

    for (size_t i = 0; i < ns->n_join; i++)
        if (parent_joins(c, ns->join[i].flag))
            fd_cleanup(&ns->join[i].ns_fd);
}

/* The process in between: enters, makes the true child (which returns), and ends. */
static pid_t enter_and_clone(struct creation *c, const struct clone_args *args, struct entry *entry)
{
    struct clone_args sibling = *args;
    int r = join_for_child(c, NULL, entry);

    sibling.flags = (args->flags | CLONE_PARENT) & ~(uint64_t) CLONE_PIDFD;
    sibling.pidfd = sibling.exit_signal =
        0; /* clone3(2): CLONE_PARENT takes no signal, but has the parent's */
    if (r >= 0)
        r = make_time_namespace(c, entry);
    if (r >= 0) {
        entry->step = ENTRY_CLONE;
        r = clone_into_cgroup(c, &sibling);
        if (r == 0)
            return 0;
    }
    entry->pid = r;
    entry->error = r < 0 ? r : 0;
    _exit(0);
}

/* As sys_clone3(), by way of that process. */
static pid_t clone_in_time_namespace(struct creation *c, const struct clone_args *args, struct err *err)
{
    struct clone_args plain = { .exit_signal = SIGCHLD };
    struct entry *entry =
        mmap(NULL, sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t helper, pid;

    if (entry == MAP_FAILED)
        return -ENOMEM;
    entry->pid = entry->error = -ESRCH; /* killed before it could say more */
    helper = sys_clone3(&plain);
    if (helper == 0)
        return enter_and_clone(c, args, entry);
    while (helper > 0 && waitpid(helper, NULL, 0) < 0 && errno == EINTR)
        continue;
    pid = helper < 0 ? helper : entry->pid;
    if (helper > 0 && pid < 0)
        (void) entry_failed(c, entry, err);
    close_joined(c);
    (void) munmap(entry, sizeof *entry);
    return pid;
}

/* As sys_clone3().  A failure may have said in ERR what it is. */
static pid_t clone_child(struct creation *c, struct clone_args *args, struct err *err)
{
    return enters_time_namespace(c) ? clone_in_time_namespace(c, args, err) : clone_into_cgroup(c, args);
}

static int open_pidfd(struct creation *c, struct err *err)
{
    c->pidfd = sys_pidfd_open(c->pid);
    return c->pidfd < 0 ? err_set(err, ERR_PROCESS, c->pidfd, "open a pidfd of the container's process") : 0;
}

static int clone_init(struct creation *c, struct clone_args *args, struct err *err)
{
    pid_t pid = clone_child(c, args, err);

    if (pid == 0) {
        close_ours(c);
        init_run(&c->init);
    }
    if (pid < 0)
        return err_is_set(err) ? pid : clone_failed(c, pid, args->flags, err);
    c->pid = pid;
    return enters_time_namespace(c) ? open_pidfd(c, err) : 0;
}

/*
 * In a joined user namespace a new pid namespace must be made by who is in it already.  And the root of a
 * user namespace (rootless Podman) that joins a pid namespace could not go back to its own, which is the
 * host's.
 */
static bool needs_helper(const struct creation *c, uint64_t flags)
{
    const struct plan *plan = c->plan;

    return (plan->namespaces.joined & CLONE_NEWUSER && flags & CLONE_NEWPID) ||
           (plan->facts.in_user_namespace && plan->namespaces.joined & CLONE_NEWPID);
}

/* See init_join_and_clone(): the true init is our child as well, by CLONE_PARENT. */
static int clone_through_helper(struct creation *c, struct clone_args *args, struct err *err)
{
    uint64_t inner = c->plan->namespaces.fresh & CLONE_NEWPID;
    int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t helper;
    int r = 0;

    if (shared == MAP_FAILED)
        return err_nomem(err);
    args->flags &= ~(uint64_t) (inner | CLONE_PIDFD);
    helper = clone_child(c, args, err);
    if (helper == 0) {
        close_ours(c);
        init_join_and_clone(&c->init, inner, shared);
        init_run(&c->init);
    }
    if (helper < 0) {
        r = err_is_set(err) ? helper : clone_failed(c, helper, args->flags, err);
    } else {
        while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
            continue;
        c->pid = *shared;
        /* Without a pid it has said why on the gate: creation_attend() reads that. */
        r = c->pid ? open_pidfd(c, err) : 0;
    }
    (void) munmap(shared, sizeof *shared);
    return r;
}

int creation_spawn(struct creation *c, struct err *err)
{
    struct clone_args args = { .exit_signal = SIGCHLD };
    struct way_back back = { .n = 0 };
    struct entry entry = { .pid = 0 };
    uint64_t flags;
    int pidfd = -EBADF, r, again;

    choose_flags(c, &flags);
    args.flags = flags | CLONE_PIDFD;
    args.pidfd = (uint64_t) (uintptr_t) &pidfd;
    if (c->cgroup.process_fd >= 0 && !c->migrate) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t) (unsigned) c->cgroup.process_fd;
    }
    if (!enters_time_namespace(c))
        entry.error = join_for_child(c, &back, &entry);
    r = entry.error < 0 ? entry_failed(c, &entry, err) : 0;
    if (r >= 0 && needs_helper(c, flags))
        r = clone_through_helper(c, &args, err);
    else if (r >= 0)
        r = clone_init(c, &args, err);
    if (c->pidfd < 0)
        c->pidfd = pidfd;
    again = go_back(&back, err);
    fd_cleanup(&c->init_gate_fd);
    return r < 0 ? r : again;
}
