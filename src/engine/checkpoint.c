/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkpoint.c - a running container as files, by CRIU.
 *
 * CRIU freezes the container's cgroup, stores what it finds, and kills the processes or lets them go on.  It
 * stores what is in the container's own namespaces and mounts; what comes from the host it is told
 * beforehand, and restore gives it the same again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/criu_descriptors.h"
#include "engine/criu_mounts.h"
#include "engine/criu_request.h"
#include "engine/existing.h"
#include "engine/removal.h"
#include "host/criu_words.h"
#include "host/words.h"
#include "plan/cgroup.h"

struct checkpoint {
    struct criu_request request;
    struct existing container;
    struct bundle bundle;
    struct plan *plan;
    struct arena arena;
    bool was_paused;
};

/* ---- may it be? ---------------------------------------------------------------------------------------- */

static int check_status(struct existing *e, struct err *err)
{
    int r = existing_look(e, err);

    if (r < 0)
        return r;
    switch (e->status) {
    case OCI_STATUS_RUNNING:
    case OCI_STATUS_PAUSED: break;
    case OCI_STATUS_CREATED:
        return err_set(err, ERR_STATUS, 0, "the container has no program yet: start it first");
    default: return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    }
    /* Its program is the stub still, if it was paused before it was started. */
    if (faccessat(e->dir_fd, HOST_STATE_SOCKET, F_OK, 0) == 0)
        return err_set(err, ERR_STATUS, 0, "the container has no program yet: resume and start it first");
    return 0;
}

static int check_plan(const struct criu_request *q, const struct plan *plan, struct err *err)
{
    int r = criu_request_allowed(plan, err);

    if (r >= 0)
        r = criu_namespaces_check(plan, err);
    if (r >= 0)
        r = criu_mounts_check(plan, err);
    if (r >= 0 && plan->n_net_devices && !(q->empty & CLONE_NEWNET))
        r = ERR_AT(
            err, plan->net_devices[0].from, name, ERR_UNSUPPORTED, 0,
            "CRIU can't store a network device of the host: leave the network out with --empty-ns network");
    return r;
}

/* ---- telling CRIU -------------------------------------------------------------------------------------- */

static int set_parent(struct checkpoint *c, struct err *err)
{
    struct criu_request *q = &c->request;
    const char *parent = q->options.parent_path;
    autoclose int fd = parent ? sys_openat(q->images.fd, parent, O_PATH | O_DIRECTORY, 0) : -EBADF;

    if (parent && fd < 0)
        return err_set(err, ERR_CHECKPOINT, fd, "--parent-path %s: below %s", parent, q->images.path);
    if (parent && q->criu.set_parent_images(q->criu.opts, parent) < 0)
        return err_nomem(err);
    if (parent || q->options.pre_dump)
        q->criu.set_track_mem(q->criu.opts, true);
    return 0;
}

/*
 * The hierarchy that can freeze, as a path of the host; empty if there is none: then CRIU stops each process.
 */
static void freezer_path(const struct host_cgroup *cg, struct text *path)
{
    if (!cg->path)
        return;
    if (cg->layout == PLAN_CGROUP_V2)
        text_add(path, "/sys/fs/cgroup%s", cg->path);
    for (size_t i = 0; cg->layout != PLAN_CGROUP_V2 && i < cg->n_dirs; i++)
        if (!cg->dirs[i].v2 && plan_cgroup_lists(cg->dirs[i].name, "freezer") && cg->dirs[i].fd >= 0)
            text_add(path, "/sys/fs/cgroup/%s%s", cg->dirs[i].name, cg->path);
}

static int set_freezer(struct checkpoint *c, struct err *err)
{
    struct criu_request *q = &c->request;
    autotext struct text path = { 0 };
    int r = existing_cgroup(&c->container, err);

    if (r < 0)
        return r;
    freezer_path(&c->container.cgroup, &path);
    if (text_result(&path) < 0 || (path.n && q->criu.set_freeze_cgroup(q->criu.opts, text_string(&path)) < 0))
        return err_nomem(err);
    return 0;
}

/*
 * CRIU holds the network for the sake of connections that it stores, by rules of a firewall whose program may
 * be missing: without such connections that is not needed.  Restore finds the method in the images.
 */
static int set_network_lock(struct criu_request *q, struct err *err)
{
    const char *word = q->options.network_lock;

    if (!word && q->options.tcp_established)
        return 0;
    if (word && !q->criu.set_network_lock)
        return err_set(err, ERR_CHECKPOINT, 0, "libcriu is too old for --network-lock");
    if (q->criu.set_network_lock)
        (void) q->criu.set_network_lock(q->criu.opts, host_criu_network_lock(word ? word : "skip"));
    return 0;
}

static int set_options(struct checkpoint *c, struct err *err)
{
    struct criu_request *q = &c->request;
    const struct ocirt_checkpoint_options *o = &q->options;

    q->criu.set_pid(q->criu.opts, c->container.state->pid);
    q->criu.set_leave_running(q->criu.opts, o->leave_running);
    q->criu.set_tcp_skip_in_flight(q->criu.opts, o->tcp_skip_in_flight);
    q->criu.set_link_remap(q->criu.opts, o->link_remap);
    if (q->criu.set_root(q->criu.opts, c->plan->root.path) < 0)
        return err_nomem(err);
    /* Its result is no use: some versions say -ENOMEM in any case. */
    if (q->page_server && !o->lazy_pages)
        (void) q->criu.set_page_server_address_port(q->criu.opts, q->page_server, (int) q->page_server_port);
    return set_network_lock(q, err);
}

/* What a dump of memory alone does not need. */
static int describe(struct checkpoint *c, struct err *err)
{
    struct criu_request *q = &c->request;
    const struct existing *e = &c->container;
    struct criu_mount_map map = { 0 };
    int r = criu_mounts_map(c->plan, e->proc_fd, e->state->pid, &c->arena, &map, err);

    if (r >= 0)
        r = criu_mounts_declare(&q->criu, &map, err);
    if (r >= 0)
        r = criu_images_save_submounts(&q->images, &map.submounts, err);
    if (r >= 0)
        r = criu_descriptors_save(q, e->proc_fd, e->pidfd, e->state->pid, err);
    return r < 0 ? r : criu_namespaces_declare(q, c->plan, err);
}

static int prepare(struct checkpoint *c, struct err *err)
{
    const struct ocirt_checkpoint_options *o = &c->request.options;
    int r = criu_request_open(&c->request, c->plan, true, "dump.log", err);

    if (r >= 0)
        r = criu_request_check_features(&c->request, o->pre_dump || o->parent_path, o->lazy_pages, err);
    if (r >= 0)
        r = set_parent(c, err);
    if (r >= 0)
        r = set_options(c, err);
    if (r >= 0)
        r = set_freezer(c, err);
    return r < 0 || o->pre_dump ? r : describe(c, err);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* Lazy pages: the memory can be fetched now. */
static int notify(void *data, const char *action, pid_t pid, struct err *err)
{
    const struct checkpoint *c = data;
    int fd = c->request.options.status_fd;
    ssize_t n;

    (void) pid;
    if (fd <= 0 || strcmp(action, "status-ready") != 0)
        return 0;
    n = sys_write(fd, "", 1);
    return n < 0 ? err_set(err, ERR_CHECKPOINT, (int) n, "write to --status-fd %d", fd) : 0;
}

/* CRIU freezes and thaws; one that was ended in between, or that failed, may have left the other state. */
static void refreeze(struct checkpoint *c)
{
    struct err ignored = { 0 };

    if (host_cgroup_is_frozen(&c->container.cgroup) == !c->was_paused)
        (void) host_cgroup_freeze(&c->container.cgroup, c->was_paused, &ignored);
    err_done(&ignored);
}

static int dump(struct checkpoint *c, struct err *err)
{
    struct criu_request *q = &c->request;
    const struct ocirt_checkpoint_options *o = &q->options;
    int r = criu_request_run(q, o->pre_dump ? q->criu.pre_dump : q->criu.dump,
                             o->pre_dump ? "store the container's memory" : "store the container", err);

    if (r < 0 || o->pre_dump || o->leave_running)
        refreeze(c);
    if (r < 0 || o->pre_dump || o->leave_running)
        return r;
    return removal_destroy(&c->container, c->plan, false, err);
}

static int checkpoint(struct checkpoint *c, const struct ocirt *ocirt, const char *id,
                      const struct ocirt_checkpoint_options *options, struct err *err)
{
    int r = criu_request_init(&c->request, ocirt, options, err);

    if (r >= 0)
        r = existing_open(ocirt, id, EXISTING_CHANGE, &c->container, err);
    if (r >= 0)
        r = check_status(&c->container, err);
    if (r >= 0)
        r = existing_procfs(&c->container, err);
    if (r >= 0)
        r = existing_config(&c->container, &c->bundle, &c->plan, err);
    if (r >= 0)
        r = check_plan(&c->request, c->plan, err);
    if (r < 0)
        return r;
    c->was_paused = c->container.status == OCI_STATUS_PAUSED;
    c->request.notify = notify;
    c->request.data = c;
    r = prepare(c, err);
    return r < 0 ? r : dump(c, err);
}

int ocirt_checkpoint(struct ocirt *ocirt, const char *id, const struct ocirt_checkpoint_options *options,
                     struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct checkpoint c = { .request = CRIU_REQUEST_INIT, .container = EXISTING_INIT };
    int r = checkpoint(&c, ocirt, id, options, &err);

    if (r < 0)
        err_prefix(&err, "checkpoint %s", id);
    r = engine_result(r, &err, ret_error);
    criu_request_done(&c.request);
    plan_free(c.plan);
    bundle_done(&c.bundle);
    existing_done(&c.container);
    arena_free(&c.arena);
    return r;
}
