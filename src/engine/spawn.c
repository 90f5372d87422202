/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spawn.c - the clone that makes the container's init.
 *
 * Pid and time namespaces hold for children only: this thread enters them,
 * clones, and goes back.  The same is done with others that are joined when the
 * user namespace is new, since from inside it they could not be joined.  All else
 * is clone3's or the child's.
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
    { CLONE_NEWPID, "pid" }, { CLONE_NEWTIME, "time_for_children" },
    { CLONE_NEWNET, "net" }, { CLONE_NEWIPC, "ipc" },
    { CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" },
};

static int remember(struct creation *c, struct way_back *back, uint64_t flag)
{
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++) {
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
    return -EINVAL;
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
        return !c->plan->facts.in_user_namespace;
    return c->init.privileged && c->plan->namespaces.fresh & CLONE_NEWUSER && flag != CLONE_NEWUSER &&
           flag != CLONE_NEWNS;
}

static int join_for_child(struct creation *c, struct way_back *back, struct err *err)
{
    struct plan_namespaces *ns = &c->plan->namespaces;

    for (size_t i = 0; i < ns->n_join; i++) {
        struct plan_join *join = &ns->join[i];
        int r;

        if (!parent_joins(c, join->flag))
            continue;
        r = remember(c, back, join->flag);
        if (r >= 0)
            r = sys_setns(join->ns_fd, (int) join->flag);
        if (r < 0)
            return ERR_AT(err, join->from, path, ERR_NAMESPACE, r, "join %s", join->path);
        fd_cleanup(&join->ns_fd);
    }
    return 0;
}

/* time_namespaces(7): offsets can be set until the first process is in it. */
static int make_time_namespace(struct creation *c, struct way_back *back, struct err *err)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;
    int r;

    if (!(ns->fresh & CLONE_NEWTIME))
        return 0;
    r = remember(c, back, CLONE_NEWTIME);
    if (r >= 0)
        r = sys_unshare(CLONE_NEWTIME);
    if (r < 0)
        return err_set(err, ERR_NAMESPACE, r, "linux.namespaces: make a time namespace");
    if (!ns->time_offsets)
        return 0;
    r = procfs_write(c->proc_fd, "self/timens_offsets", ns->time_offsets, strlen(ns->time_offsets));
    return r < 0
               ? ERR_AT(err, c->bundle.spec.linux, time_offsets, ERR_NAMESPACE, r, "set the clocks' offsets")
               : 0;
}

/*
 * With a new user namespace, those whose files it is to own are unshared once its maps are written; the cgroup
 * namespace always after the birth, since its root is the cgroup that the process is in then.
 */
static void choose_flags(struct creation *c, uint64_t *ret_clone)
{
    uint64_t fresh = c->plan->namespaces.fresh & ~(uint64_t) CLONE_NEWTIME;
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
    else if (r == -ENOSPC || r == -EUSERS)
        err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
    else if (r == -EPERM && flags & CLONE_NEWUSER)
        err_hint(err, "user namespaces are disabled: see kernel.unprivileged_userns_clone, "
                      "kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces");
    else if (r == -EAGAIN)
        err_hint(err,
                 "a limit on processes is reached: pids.max of the cgroup, RLIMIT_NPROC or kernel.pid_max");
    return r;
}

/* In the child.  Our end of the gate would keep it from seeing that we were killed: it would wait for ever. */
static void close_ours(struct creation *c)
{
    fd_cleanup(&c->gate_fd);
}

static int clone_init(struct creation *c, struct clone_args *args, struct err *err)
{
    pid_t pid = sys_clone3(args);

    if (pid == 0) {
        close_ours(c);
        init_run(&c->init);
    }
    if (pid < 0)
        return clone_failed(c, pid, args->flags, err);
    c->pid = pid;
    return 0;
}

/*
 * In a joined user namespace a new pid namespace must be made by who is in it already.  And the root of a user namespace
 * (rootless Podman) that joins a pid namespace could not go back to its own, which is the host's.
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
    helper = sys_clone3(args);
    if (helper == 0) {
        close_ours(c);
        init_join_and_clone(&c->init, inner, shared);
        init_run(&c->init);
    }
    if (helper < 0) {
        r = clone_failed(c, helper, args->flags, err);
    } else {
        while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
            continue;
        c->pid = *shared;
        c->pidfd = c->pid ? sys_pidfd_open(c->pid) : -EBADF;
        /* Without a pid it has said why on the gate: creation_attend() reads that. */
        if (c->pid && c->pidfd < 0)
            r = err_set(err, ERR_PROCESS, c->pidfd, "open a pidfd of the container's process");
    }
    (void) munmap(shared, sizeof *shared);
    return r;
}

int creation_spawn(struct creation *c, struct err *err)
{
    struct clone_args args = { .exit_signal = SIGCHLD };
    struct way_back back = { .n = 0 };
    uint64_t flags;
    int pidfd = -EBADF, r, again;

    choose_flags(c, &flags);
    args.flags = flags | CLONE_PIDFD;
    args.pidfd = (uint64_t) (uintptr_t) &pidfd;
    if (c->cgroup.process_fd >= 0 && !c->migrate) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t) (unsigned) c->cgroup.process_fd;
    }
    r = join_for_child(c, &back, err);
    if (r >= 0)
        r = make_time_namespace(c, &back, err);
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
