/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attend.c - what init needs from outside, and the talk with it until it is READY.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "engine/creation.h"
#include "engine/explain_denial.h"
#include "host/foreground.h"
#include "host/idmap.h"
#include "host/rdt.h"
#include "host/socket.h"

static int write_id_maps(struct creation *c, struct err *err)
{
    if (!(c->plan->namespaces.fresh & CLONE_NEWUSER))
        return 0;
    return host_idmap_write(c->proc_fd, c->pid, &c->plan->ids, c->init.privileged, err);
}

/*
 * The stub sets the limits.  A hard one that is to be raised is raised here: who may not, learns it from
 * create; and in a user namespace the stub may not.  The soft limit stays, so that init is not hampered.
 */
static int raise_limit(pid_t pid, const struct plan_rlimit *l, struct err *err)
{
    uint64_t now[2];
    int r = sys_prlimit(pid, l->resource, NULL, now);

    if (r < 0)
        return ERR_AT(err, l->from, type, ERR_RLIMIT, r, "read the limit %s", l->from->type);
    if (l->hard <= now[1])
        return 0;
    r = sys_prlimit(pid, l->resource, (const uint64_t[2]){ now[0], l->hard }, NULL);
    if (r >= 0)
        return 0;
    (void) ERR_AT(err, l->from, hard, ERR_RLIMIT, r, "raise the hard limit of %s from %llu to %llu",
                  l->from->type, (unsigned long long) now[1], (unsigned long long) l->hard);
    err_hint(err, "a hard limit above the caller's own needs CAP_SYS_RESOURCE");
    return r;
}

static int raise_limits(struct creation *c, struct err *err)
{
    const struct plan_process *p = c->plan->process;
    int r = 0;

    for (size_t i = 0; r >= 0 && p && i < p->n_rlimits; i++)
        r = raise_limit(c->pid, &p->rlimits[i], err);
    return r;
}

/* A child that must not be looked into has set its own: its file is root's. */
static bool is_set(int proc_fd, const char *path, const char *text)
{
    char now[24];
    ssize_t n = procfs_read(proc_fd, path, now, sizeof now);

    return n > 1 && (size_t) n - 1 == strlen(text) && !memcmp(now, text, strlen(text));
}

int engine_set_oom_score(int proc_fd, pid_t pid, const struct plan_process *p, struct err *err)
{
    char path[48], text[16];
    int n, r;

    if (!p || !p->has_oom_score_adj)
        return 0;
    (void) snprintf(path, sizeof path, "%d/oom_score_adj", (int) pid);
    n = snprintf(text, sizeof text, "%d", p->oom_score_adj);
    r = procfs_write(proc_fd, path, text, (size_t) n);
    if (r >= 0 || is_set(proc_fd, path, text))
        return 0;
    (void) ERR_AT(err, p->from, oom_score_adj, ERR_PROCESS, r, "set it to %d", p->oom_score_adj);
    if (r == -EACCES || r == -EPERM)
        err_hint(err, "a value lower than the caller's own needs CAP_SYS_RESOURCE");
    return r;
}

static int set_oom_score(struct creation *c, struct err *err)
{
    return engine_set_oom_score(c->proc_fd, c->pid, c->plan->process, err);
}

/* Before init makes its devices, or anything of the container can open one. */
static int restrict_devices(struct creation *c, struct err *err)
{
    int r = 0;

    if (c->cgroup.devices_wait)
        r = host_cgroup_restrict_devices(&c->cgroup, &c->plan->facts, c->plan->cgroup.device_rules, err);
    c->cgroup.devices_wait = false;
    return r;
}

static uid_t container_owner(const struct plan *plan)
{
    uint32_t id = plan->process ? plan->process->uid : 0;

    for (size_t i = 0; i < plan->ids.n_uid; i++) {
        const struct plan_id_range *range = &plan->ids.uid[i];

        if (id >= range->inside && id - range->inside < range->size)
            return range->outside + (id - range->inside);
    }
    return id;
}

static int enter_cgroup(struct creation *c, struct err *err)
{
    bool known = c->cgroup.path != NULL;
    int r = host_cgroup_enter(c->plan, &c->cgroup, c->pid, c->cgroup.process_fd >= 0 && !c->migrate, err);

    if (r < 0)
        explain_denied_cgroup(err);
    if (r >= 0 && !known && c->cgroup.path) { /* the manager has made it just now */
        creation_record_cgroup(c);
        r = host_state_save(c->dir_fd, &c->state, err);
    }
    return r < 0 ? r : host_cgroup_delegate(c->plan, &c->cgroup, container_owner(c->plan), err);
}

static int join_rdt(struct creation *c, struct err *err)
{
    return c->rdt_made ? host_rdt_join(c->rdt_fd, &c->state_rdt, c->pid, err) : 0;
}

static int identify(struct creation *c, struct err *err)
{
    int r = host_state_identify(&c->state, c->dir_fd, c->pidfd, c->proc_fd, c->pid);

    if (r == -EBADF &&
        c->proc_fd < 0) { /* this kernel's pidfds don't tell (before 6.9), but the start time does */
        r = creation_open_procfs(c, err);
        if (r < 0)
            return r;
        r = host_state_identify(&c->state, c->dir_fd, c->pidfd, c->proc_fd, c->pid);
    }
    const struct denial denial = { .calls = HOST_DENIAL_PATHS, .capability = -1 };
    if (r >= 0)
        return 0;
    r = err_set(err, ERR_PROCESS, r, "read the start time of process %d", (int) c->pid);
    (void) explain_denial(err, &denial);
    return r;
}

int creation_save_pid(struct creation *c, struct err *err)
{
    int r = identify(c, err);

    return r < 0 ? r : host_state_save(c->dir_fd, &c->state, err);
}

/*
 * Of `run` the next record does, unless somebody looks before that: init can't come to where it would outlive
 * us without GO, and its program not without the second one.
 */
static int record_pid(struct creation *c, struct err *err)
{
    return c->run && c->init.ahead ? identify(c, err) : creation_save_pid(c, err);
}

int creation_run_runtime_hooks(struct creation *c, struct err *err)
{
    const enum plan_hook_kind kinds[] = { PLAN_PRESTART, PLAN_CREATE_RUNTIME };

    c->hooks_ran = true;
    for (size_t i = 0; i < 2; i++) {
        int r = host_hooks_run_for(&c->state, &c->plan->hooks[kinds[i]], kinds[i], OCI_STATUS_CREATING,
                                   c->plan->hooks_stdout, c->plan->hooks_stderr, err);

        if (r < 0)
            return r;
    }
    return 0;
}

/* NETWORK_FD: -1, or what init waits for with the first GO. */
static int go_with(struct creation *c, int network_fd, struct err *err)
{
    int r = network_fd < 0 ? gate_go(c->gate_fd, c->pid) : gate_go_with(c->gate_fd, c->pid, network_fd);

    if (r == -EPIPE || r == -ECONNRESET)
        return 0; /* it is gone, and what it said before is still to be read */
    return r < 0 ? err_set(err, ERR_INIT_DIED, r, "tell the container's process to go on") : 0;
}

static int go(struct creation *c, struct err *err)
{
    return go_with(c, -1, err);
}

static int go_with_network(struct creation *c, struct err *err)
{
    return go_with(c, c->init.network_comes ? c->netns_fd : -1, err);
}

bool engine_died_at_birth(const struct host_cgroup *cgroup, int status)
{
    uint64_t kills = 0;

    return cgroup->process_fd >= 0 && status == 128 + SIGKILL &&
           (host_cgroup_oom_kills(cgroup, &kills) < 0 || kills == 0);
}

static int died_unheard(struct creation *c, struct err *err)
{
    int status = -1;

    if (c->pidfd >= 0)
        (void) host_process_status(c->pidfd, &status);
    if (c->migrate || !engine_died_at_birth(&c->cgroup, status))
        return engine_init_died_so(status, &c->cgroup, err);
    c->pid = 0; /* reaped */
    return -ERESTART;
}

static int listen_to_init(struct creation *c, struct err *err)
{
    char text[MSG_TEXT_MAX];

    for (;;) {
        struct msg m;
        size_t n = sizeof text;
        autoclose int fd = -EBADF;
        int r = gate_receive(c->gate_fd, &m, text, &n, &fd);

        if (r < 0)
            return err_set(err, ERR_INIT_DIED, r, "listen to the container's process");
        if (r == 0)
            return c->heard ? engine_init_died(c->pidfd, &c->cgroup, err) : died_unheard(c, err);
        c->heard = true;
        switch ((enum msg_type) m.type) {
        case MSG_HOOKS:
            r = creation_run_runtime_hooks(c, err);
            r = r < 0 ? r : go(c, err);
            if (r < 0)
                return r;
            break;
        case MSG_READY: c->master_fd = take_fd(&fd); return 0;
        case MSG_FAILED:
            if (m.stage == INIT_STAGE_CONTAINER_HOOKS)
                c->hooks_ran = true;
            return engine_init_failed(c->plan, c->plan->process, &m, text, n, err);
        default: return err_set(err, ERR_INTERNAL, 0, "message %u from the container's process", m.type);
        }
    }
}

int creation_attend(struct creation *c, struct err *err)
{
    int (*const steps[])(struct creation *, struct err *) = {
        record_pid,       write_id_maps,        raise_limits,          set_oom_score, enter_cgroup,
        restrict_devices, creation_end_network, creation_move_netdevs, join_rdt,      go_with_network,
    };
    int r = 0;

    if (c->pid == 0) /* the helper of the clone failed */
        return listen_to_init(c, err);
    for (size_t i = 0; r >= 0 && i < sizeof steps / sizeof *steps; i++)
        r = steps[i](c, err);
    if (r >= 0)
        r = listen_to_init(c, err);
    if (r >= 0 && !c->netdevs_moved) /* else what is taken back needs it */
        fd_cleanup(&c->netns_fd);
    return r;
}
