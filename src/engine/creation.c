/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * creation.c - the order in which a container is made, and unmade if that fails.
 *
 * What outlives this process is in the state file before it is made: killed at any
 * point, it leaves a record from which `delete --force` clears everything.
 */
#include "engine/creation.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/trace.h"
#include "engine/explain_denial.h"
#include "engine/lsm.h"
#include "host/consents.h"
#include "host/pidfile.h"
#include "host/rdt.h"
#include "host/sd_notify.h"
#include "host/socket.h"
#include "plan/annotations.h"

enum { CLAIM_TRIES = 8 };

static const struct creation empty = {
    .cgroup = HOST_CGROUP_INIT,
    .root_fd = -1,
    .dir_fd = -1,
    .proc_fd = -1,
    .listener_fd = -1,
    .gate_fd = -1,
    .init_gate_fd = -1,
    .stub_fd = -1,
    .notify_fd = -1,
    .hook_stdout_fd = -1,
    .hook_stderr_fd = -1,
    .rdt_fd = -1,
    .pidfd = -1,
    .netns_fd = -1,
    .template_fd = -1,
    .master_fd = -1,
};

int creation_init(struct creation *c, const struct ocirt *ocirt, const char *id,
                  const struct ocirt_create_options *options, struct err *err)
{
    *c = empty;
    c->ocirt = ocirt;
    c->id = id;
    return engine_options(&c->options, sizeof c->options, options, "ocirt_create_options", err);
}

/* ---- read and compile ---------------------------------------------------------------------------------- */

int creation_plan(struct creation *c, struct err *err)
{
    struct plan_options options = {
        .id = c->id,
        .manager = c->ocirt->manager,
        .no_pivot = c->options.no_pivot,
        .no_new_keyring = c->options.no_new_keyring,
        .traceparent = c->ocirt->traceparent,
        .notify_socket = c->options.notify_socket,
        .listen_fds = c->options.listen_fds,
        .seccomp_receiver = c->options.seccomp_receiver,
    };
    struct plan_facts facts;
    int r = bundle_open(&c->options, &c->bundle, err);

    if (r >= 0)
        r = bundle_parse(c->ocirt, c->bundle.text, c->bundle.size, &c->bundle, err);
    if (r >= 0)
        r = engine_facts(c->ocirt, &c->bundle.arena, &facts, err);
    if (r < 0)
        return r;
    if (plan_annotations_ask(&c->bundle.spec) &&
        host_consents_load(&facts, &c->bundle.arena, &options.consents) < 0)
        return err_nomem(err);
    options.bundle = c->bundle.path;
    options.preserve_fds = c->options.preserve_fds + options.listen_fds;
    return plan_compile(&c->bundle.spec, &options, &facts, &c->plan, err);
}

static int check_terminal(struct creation *c, struct err *err)
{
    const struct plan_process *p = c->plan->process;
    bool detached = !c->run || c->options.detach;
    int r;

    if (!p)
        return 0;
    if (p->terminal && detached && !c->options.console_socket) {
        r = ERR_AT(err, p->from, terminal, ERR_TERMINAL, 0,
                   "cannot allocate a terminal without --console-socket when nobody stays to serve it");
        err_hint(err,
                 "give --console-socket, use `ocirt run` without --detach, or set process.terminal to false");
        return r;
    }
    if (!p->terminal && c->options.console_socket)
        return err_set(err, ERR_TERMINAL, 0, "--console-socket is given, but process.terminal is not set");
    return 0;
}

/* ---- the record ---------------------------------------------------------------------------------------- */

static char *copy(struct creation *c, const char *s)
{
    return s ? arena_strdup(&c->bundle.arena, s) : NULL;
}

void creation_record_cgroup(struct creation *c)
{
    c->state_cgroup = (struct host_state_cgroup){
        .node.type = &host_state_cgroup_type,
        .manager = (enum host_state_manager)(c->cgroup.manager + 1),
        .path = copy(c, c->cgroup.path),
        .subgroup = copy(c, c->cgroup.subgroup),
        .scope = copy(c, c->cgroup.scope),
        .made = copy(c, c->cgroup.made),
    };
    c->state.cgroup = &c->state_cgroup;
}

static int record_net_devices(struct creation *c)
{
    struct arena *arena = &c->bundle.arena;
    size_t n = c->plan->n_net_devices;
    struct host_state_net_device **list = arena_array(arena, n, sizeof *list);

    c->netdevs = arena_array(arena, n, sizeof *c->netdevs);
    if (!list || !c->netdevs)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        list[i] = arena_array(arena, 1, sizeof **list);
        if (!list[i])
            return -ENOMEM;
        list[i]->node.type = &host_state_net_device_type;
        list[i]->host_name = copy(c, c->plan->net_devices[i].host_name);
        list[i]->name = copy(c, c->plan->net_devices[i].name);
    }
    c->state.net_devices.v = list;
    c->state.net_devices.n = n;
    return 0;
}

/*
 * What is mounted in a mount namespace that outlives the container hangs below its root: one unmount takes it
 * all.
 */
static int record_mounts(struct creation *c)
{
    char **list;

    if (c->plan->root.how != PLAN_ROOT_CHROOT || (c->plan->namespaces.joined & CLONE_NEWNS))
        return 0;
    list = arena_array(&c->bundle.arena, 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    list[0] = copy(c, c->plan->root.path);
    c->state.mounts.v = list;
    c->state.mounts.n = 1;
    return 0;
}

static int fill_state(struct creation *c, struct err *err)
{
    const struct plan *plan = c->plan;

    c->state = (struct host_state){
        .node.type = &host_state_type,
        .format = HOST_STATE_FORMAT,
        .id = copy(c, c->id),
        .oci_version = c->bundle.spec.oci_version,
        .bundle = c->bundle.path,
        .rootfs = copy(c, plan->root.path),
        .created = host_state_now(&c->bundle.arena),
        .owner = getuid(),
        .creating = true,
        .detached = !c->run || c->options.detach,
        .terminal = plan->process && plan->process->terminal,
        .rootless = plan->facts.rootless,
        .has_seccomp = plan->seccomp != NULL,
        .has_user_namespace = ((plan->namespaces.fresh | plan->namespaces.joined) & CLONE_NEWUSER) != 0,
        .annotations = c->bundle.spec.annotations,
    };
    c->state_config = (struct host_state_config){
        .node.type = &host_state_config_type,
        .process = plan->process != NULL,
        .own_pids = (plan->namespaces.fresh & CLONE_NEWPID) != 0,
        .start_container = plan->hooks[PLAN_START_CONTAINER].n != 0,
        .poststart = plan->hooks[PLAN_POSTSTART].n != 0,
        .poststop = plan->hooks[PLAN_POSTSTOP].n != 0,
    };
    c->state.config = &c->state_config;
    creation_record_cgroup(c);
    if (!c->state.created || record_net_devices(c) < 0 || record_mounts(c) < 0)
        return err_nomem(err);
    if (!plan->intel_rdt)
        return 0;
    c->state_rdt.node.type = &host_state_rdt_type;
    c->state.rdt = &c->state_rdt;
    int r = host_rdt_open(&c->rdt_fd, err);
    return r < 0 ? r : host_rdt_plan(c->rdt_fd, plan->intel_rdt, c->id, &c->bundle.arena, &c->state_rdt, err);
}

/*
 * Between making a directory and locking it, a `delete --force` may take it, and another create put its own
 * there.
 */
static int claim_directory(struct creation *c, struct err *err)
{
    int r;

    for (unsigned tries = 0;; tries++) {
        r = host_state_claim(c->root_fd, c->id, &c->dir_fd, err);
        if (r >= 0)
            r = host_config_save(c->dir_fd, c->bundle.text, c->bundle.size, err);
        if (r == -ENOENT || r == -EEXIST) /* not ours: creation_undo() must leave it alone */
            fd_cleanup(&c->dir_fd);
        if (r != -ENOENT || tries == CLAIM_TRIES)
            return r;
        err_done(err);
    }
}

/* Only now it is known where the directory is. */
static int make_notify_directory(struct creation *c, const char *root, struct err *err)
{
    struct plan_mount *m = &c->plan->mounts[c->plan->notify_mount - 1];
    int r = host_sd_notify_make(c->dir_fd, err);

    if (r < 0)
        return r;
    m->source = arena_printf(&c->bundle.arena, "%s/%s/" HOST_SD_NOTIFY_DIRECTORY, root, c->id);
    return m->source ? 0 : err_nomem(err);
}

static int claim(struct creation *c, struct err *err)
{
    bool notify = c->plan->notify_mount != 0;
    autofree char *root = NULL;
    int r = host_id_check(c->id, err);

    if (r >= 0)
        r = host_root_open(c->ocirt->root, true, notify ? &root : NULL, &c->root_fd, err);
    if (r >= 0)
        r = claim_directory(c, err);
    if (r >= 0 && notify)
        r = make_notify_directory(c, root, err);
    if (r >= 0)
        r = host_cgroup_name(c->plan, &c->cgroup, err);
    if (r >= 0)
        r = fill_state(c, err);
    return r < 0 ? r : host_state_save(c->dir_fd, &c->state, err);
}

/* ---- make ---------------------------------------------------------------------------------------------- */

/* Where another manager makes the cgroup, it is known only now where that is. */
static int settle_cgroup(struct creation *c, struct err *err)
{
    int r = host_cgroup_settle(c->plan, &c->cgroup, err);

    if (r < 0)
        explain_denied_cgroup(err);
    creation_record_cgroup(c);
    return r;
}

/* Making and dropping one takes a tenth of a millisecond, which most containers can do without. */
static bool needs_procfs(const struct plan *plan)
{
    const struct plan_process *p = plan->process;
    const struct plan_namespaces *ns = &plan->namespaces;

    for (size_t i = 0; i < plan->n_mounts; i++)
        if (plan->mounts[i].id_map)
            return true;
    return ns->n_join || ns->fresh & (CLONE_NEWUSER | CLONE_NEWTIME) || plan->n_sysctls ||
           plan->n_net_devices || (p && (p->apparmor || p->selinux || p->has_oom_score_adj));
}

int creation_open_procfs(struct creation *c, struct err *err)
{
    if (c->proc_fd >= 0)
        return 0;
    c->proc_fd = procfs_open();
    return c->proc_fd < 0 ? err_set(err, ERR_KERNEL, c->proc_fd, "open a procfs") : 0;
}

static int make_host_side(struct creation *c, struct err *err)
{
    int r = needs_procfs(c->plan) ? creation_open_procfs(c, err) : 0;

    c->init.privileged = !c->plan->facts.rootless;
    if (r >= 0)
        r = engine_check_labels(c->proc_fd, c->plan, c->plan->process, err);
    c->cgroup.devices_wait = c->devices_after_clone;
    if (r >= 0)
        r = host_cgroup_create(c->plan, &c->cgroup, err);
    c->cgroup_made = r >= 0;
    if (r < 0)
        explain_denied_cgroup(err);
    if (r >= 0 && c->plan->facts.cgroup_layout != PLAN_CGROUP_V2)
        r = settle_cgroup(c, err); /* its mounts of v1 need the directories */
    if (r >= 0 && c->plan->intel_rdt) {
        r = host_rdt_make(c->rdt_fd, c->plan->intel_rdt, &c->state_rdt, err);
        c->rdt_made = r >= 0;
    }
    if (r >= 0 && c->plan->hooks[PLAN_CREATE_CONTAINER].n)
        r = host_hook_state_make(&c->state, OCI_STATUS_CREATING, &c->creating, err);
    if (r >= 0 && c->plan->hooks[PLAN_START_CONTAINER].n)
        r = host_hook_state_make(&c->state, OCI_STATUS_CREATED, &c->created, err);
    return r;
}

static int fill_init(struct creation *c, struct err *err)
{
    const struct plan_process *p = c->plan->process;
    size_t n = 0;

    while (p && p->argv[n])
        n++;
    c->init.plan = c->plan;
    c->init.process = c->plan->process;
    c->init.gate_fd = c->init_gate_fd;
    c->init.proc_fd = c->proc_fd;
    c->init.trace_fd = c->ocirt->trace_fd;
    c->init.stub_fd = c->stub_fd;
    c->init.container_pidfd = c->init.exec_root_fd = -1;
    c->init.template_fd = c->template_fd;
    c->init.template_namespace = c->template_fd >= 0;
    c->init.target_fd = c->init.root_fd = c->init.master_fd = c->init.slave_fd = -1;
    c->init.pidns_fd = -1;
    c->init.birth = c->birth != 0;
    c->init.preserve_fds = c->plan->options.preserve_fds;
    for (size_t i = 0; i < 2; i++) {
        const char *part = i ? c->creating.after : c->creating.before;

        c->init.hook_state[i] = part;
        c->init.hook_state_size[i] = part ? strlen(part) : 0;
    }
    c->init.stub_argv = arena_array(&c->bundle.arena, n + 3, sizeof *c->init.stub_argv);
    if (!c->init.stub_argv)
        return err_nomem(err);
    if (p)
        memcpy(c->init.stub_argv + 2, p->argv, n * sizeof *p->argv);
    return 0;
}

/* The trees are attached, or belong to init: what is left of them here would only keep host mounts busy. */
static void close_trees(struct plan *plan)
{
    fd_cleanup(&plan->root.tree_fd);
    fd_cleanup(&plan->null_tree_fd);
    for (size_t i = 0; i < plan->n_mounts; i++) {
        fd_cleanup(&plan->mounts[i].tree_fd);
        if (plan->mounts[i].id_map)
            fd_cleanup(&plan->mounts[i].id_map->userns_fd);
    }
    for (size_t i = 0; i < plan->n_devices; i++)
        fd_cleanup(&plan->devices[i].tree_fd);
    for (size_t i = 0; i < plan->namespaces.n_join; i++)
        fd_cleanup(&plan->namespaces.join[i].ns_fd);
}

/* A step and its name in a trace. */
struct step {
    const char *name;
    int (*run)(struct creation *c, struct err *err);
};

static int walk(struct creation *c, const struct step *steps, struct err *err)
{
    int r = 0;

    for (; r >= 0 && steps->run; steps++) {
        int64_t begin = trace_begin(c->ocirt->trace_fd);

        r = steps->run(c, err);
        trace_end(c->ocirt->trace_fd, "runtime", steps->name, 0, begin);
    }
    return r;
}

static int make(struct creation *c, struct err *err)
{
    static const struct step prepare[] = {
        { "read and plan", creation_plan },
        { "check terminal", check_terminal },
        { "begin network", creation_begin_network },
        { "claim", claim },
        { "cgroup", make_host_side },
        { "acquire", creation_acquire },
        { "seccomp", creation_prepare_stub },
        { "choose birth", creation_choose_birth },
        { "await cgroup", settle_cgroup },
        { NULL, NULL },
    };
    static const struct step begin[] = {
        { "gate", creation_open_gate },
        { "stub image", creation_build_stub },
        { "prepare init", fill_init },
        { "clone", creation_spawn },
        { "attend init", creation_attend },
        { "await birth", creation_await_birth },
        { NULL, NULL },
    };
    int r;

    c->devices_after_clone = true;
    r = walk(c, prepare, err);
    if (r >= 0)
        r = walk(c, begin, err);
    if (r == -ERESTART && !err_is_set(err)) {
        fd_cleanup(&c->gate_fd);
        fd_cleanup(&c->stub_fd);
        fd_cleanup(&c->pidfd);
        c->migrate = true;
        r = walk(c, begin, err);
    }
    if (c->plan)
        close_trees(c->plan);
    fd_cleanup(&c->listener_fd);
    fd_cleanup(&c->stub_fd);
    fd_cleanup(&c->notify_fd);
    return r;
}

int creation_claim(struct creation *c, struct err *err)
{
    static const struct step steps[] = {
        { "check terminal", check_terminal }, { "claim", claim }, { "cgroup", make_host_side },
        { "await cgroup", settle_cgroup },    { NULL, NULL },
    };

    return walk(c, steps, err);
}

int creation_make(struct creation *c, struct err *err)
{
    int r = make(c, err);

    if (r < 0)
        creation_undo(c, err);
    return r;
}

int creation_publish(struct creation *c, struct err *err)
{
    int r = 0;

    if (c->master_fd >= 0 && c->options.console_socket) {
        r = host_console_send(c->options.console_socket, c->master_fd, err);
        fd_cleanup(&c->master_fd);
    }
    if (r >= 0 && c->options.pidfd_socket)
        r = host_pidfd_send(c->options.pidfd_socket, c->pidfd, err);
    if (r >= 0 && c->plan->pidfd_receiver)
        r = host_pidfd_send(c->plan->pidfd_receiver, c->pidfd, err);
    if (r >= 0 && c->options.pid_file)
        r = host_pidfile_write(c->options.pid_file, c->pid, err);
    c->pid_file_written = c->options.pid_file && r >= 0;
    if (r < 0)
        return r;
    c->state.creating = false;
    return host_state_save(c->dir_fd, &c->state, err);
}

/* ---- undo ---------------------------------------------------------------------------------------------- */

static void end_init(struct creation *c)
{
    if (c->pid <= 0)
        return;
    if (c->pidfd >= 0)
        (void) sys_pidfd_send_signal(c->pidfd, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Errors here change nothing about the one that is told; they become warnings. */
static void tidy(struct creation *c, int r, struct err *second)
{
    if (r < 0 && err_is_set(second) && c->ocirt->warn)
        c->ocirt->warn(c->ocirt->context, second->text ? second->text : "out of memory");
    err_done(second);
}

void creation_undo(struct creation *c, struct err *err)
{
    struct err second = engine_err(c->ocirt);

    (void) err;
    if (c->pid_file_written)
        host_pidfile_remove(c->options.pid_file);
    if (c->netdevs_moved)
        tidy(c, host_netdevs_return(c->proc_fd, c->netdevs, c->plan->n_net_devices, c->netns_fd), &second);
    end_init(c);
    if (c->cgroup_made) {
        tidy(c, host_cgroup_kill(&c->cgroup, SIGKILL, &second), &second);
        tidy(c, host_cgroup_remove(&c->cgroup, &second), &second);
    }
    if (c->rdt_made)
        tidy(c, host_rdt_remove(c->rdt_fd, &c->state_rdt, true, &second), &second);
    for (size_t i = 0; c->pid > 0 && i < c->state.mounts.n; i++)
        engine_unmount(c->state.mounts.v[i]);
    if (c->dir_fd >= 0)
        tidy(c, host_state_remove(c->root_fd, c->id, &second), &second);
    if (c->hooks_ran)
        tidy(c,
             host_hooks_run_for(&c->state, &c->plan->hooks[PLAN_POSTSTOP], PLAN_POSTSTOP, OCI_STATUS_STOPPED,
                                c->plan->hooks_stdout, c->plan->hooks_stderr, &second),
             &second);
}

void creation_done(struct creation *c)
{
    int *const fds[] = {
        &c->root_fd,      &c->dir_fd,  &c->proc_fd,   &c->listener_fd,    &c->gate_fd,
        &c->init_gate_fd, &c->stub_fd, &c->notify_fd, &c->hook_stdout_fd, &c->hook_stderr_fd,
        &c->rdt_fd,       &c->pidfd,   &c->netns_fd,  &c->template_fd,    &c->master_fd,
    };

    if (c->network.at_work)
        c->netns_fd = host_network_end(&c->network);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fd_cleanup(fds[i]);
    for (size_t i = 0; i < 3; i++)
        json_text_free(&c->notify_state[i]);
    host_hook_state_done(&c->creating);
    host_hook_state_done(&c->created);
    host_seccomp_done(&c->seccomp);
    host_cgroup_done(&c->cgroup);
    plan_free(c->plan);
    bundle_done(&c->bundle);
}
