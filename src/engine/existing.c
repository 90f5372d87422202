/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * existing.c - a container that is there.
 *
 * A pid alone proves nothing, it may have been used again: the pidfd is opened
 * first, then its inode or the start time compared; what the pidfd refers to
 * stays the same.
 */
#include "engine/existing.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/sdbus.h"

enum {
    PATIENCE = 2000
}; /* milliseconds that a command may take before a deletion by force ends what it waits for */

const char *engine_status_word(enum oci_status status)
{
    return json_word(&oci_statuses, status);
}

int existing_procfs(struct existing *e, struct err *err)
{
    if (e->proc_fd < 0)
        e->proc_fd = procfs_open();
    return e->proc_fd < 0 ? err_set(err, ERR_KERNEL, e->proc_fd, "open a procfs") : 0;
}

/* SOCKET: where start.sock is below DIR_FD. */
static int find_status(struct existing *e, int dir_fd, const char *socket, struct err *err)
{
    int r = host_state_needs_procfs(e->state) ? existing_procfs(e, err) : 0;

    if (r < 0)
        return r;
    e->pidfd = e->state->pid > 0 ? sys_pidfd_open(e->state->pid) : -ESRCH;
    e->status = host_state_status(e->state, e->pidfd, e->proc_fd, dir_fd, socket);
    if (e->status == OCI_STATUS_STOPPED || e->status == OCI_STATUS_UNSET)
        fd_cleanup(&e->pidfd);
    return 0;
}

/* A frozen process of v1 dies when it is thawed. */
static void kill_process(const struct existing *e)
{
    struct existing now = EXISTING_INIT;
    struct err ignored = { 0 };

    if (existing_open(e->ocirt, e->id, EXISTING_READ, &now, &ignored) >= 0 && now.pidfd >= 0) {
        (void) sys_pidfd_send_signal(now.pidfd, SIGKILL);
        if (existing_look(&now, &ignored) >= 0 && now.status == OCI_STATUS_PAUSED)
            (void) host_cgroup_freeze(&now.cgroup, false, &ignored);
    }
    err_done(&ignored);
    existing_done(&now);
}

/* A process that is stopped or frozen keeps a create, start or exec waiting, and that one keeps the lock. */
static int lock_by_force(struct existing *e, struct err *err)
{
    int r = host_state_lock(e->dir_fd, true, PATIENCE, err);

    if (r != -ETIMEDOUT)
        return r;
    err_done(err);
    kill_process(e);
    return host_state_lock(e->dir_fd, true, EXISTING_LOCK_TIMEOUT, err);
}

static int open_directory(struct existing *e, enum existing_lock lock, struct err *err)
{
    int r = host_state_open(e->root_fd, e->id, &e->dir_fd, err);

    if (r >= 0 && lock == EXISTING_FORCE)
        r = lock_by_force(e, err);
    else if (r >= 0 && lock == EXISTING_CHANGE)
        r = host_state_lock(e->dir_fd, true, EXISTING_LOCK_TIMEOUT, err);
    if (r >= 0) /* after the lock: whoever had it may have changed the record */
        r = host_state_read(e->dir_fd, e->id, &e->arena, &e->state, err);
    return r < 0 ? r : find_status(e, e->dir_fd, HOST_STATE_SOCKET, err);
}

static int peek(struct existing *e, struct err *err)
{
    char *socket;
    int r = host_state_peek(e->root_fd, e->id, &e->arena, &e->state, err);

    if (r < 0)
        return r;
    socket = arena_printf(&e->arena, "%s/" HOST_STATE_SOCKET, e->id);
    return socket ? find_status(e, e->root_fd, socket, err) : err_nomem(err);
}

int existing_open(const struct ocirt *ocirt, const char *id, enum existing_lock lock, struct existing *ret,
                  struct err *err)
{
    int r;

    ret->ocirt = ocirt;
    ret->id = id;
    r = host_id_check(id, err);
    if (r >= 0)
        r = host_root_open(ocirt->root, false, NULL, &ret->root_fd, err);
    return r < 0 ? r : open_directory(ret, lock, err);
}

static void leave(struct existing *e)
{
    fd_cleanup(&e->pidfd);
    fd_cleanup(&e->dir_fd);
    host_cgroup_done(&e->cgroup);
    e->cgroup_open = false;
    e->state = NULL;
    arena_reset(&e->arena);
}

int existing_next(struct existing *e, const char *id, struct err *err)
{
    int r;

    leave(e);
    e->id = id;
    r = peek(e, err);
    if (r != -ENOENT)
        return r;
    err_done(err);
    return open_directory(e, EXISTING_READ, err);
}

int existing_cgroup(struct existing *e, struct err *err)
{
    const struct host_state_cgroup *c = e->state->cgroup;
    int r;

    if (e->cgroup_open || !c)
        return 0;
    r = host_cgroup_open((enum plan_cgroup_manager)(c->manager ? c->manager - 1 : 0), c->path, c->scope,
                         c->subgroup, c->made, &e->cgroup, err);
    e->cgroup_open = r >= 0;
    return r;
}

int existing_need_manager(const struct existing *e, struct err *err)
{
    return e->state->cgroup && e->state->cgroup->manager == HOST_MANAGER_SYSTEMD ? sdbus_need(err) : 0;
}

int existing_look(struct existing *e, struct err *err)
{
    int r;

    if (e->status != OCI_STATUS_RUNNING && e->status != OCI_STATUS_CREATED)
        return 0;
    r = existing_cgroup(e, err);
    if (r < 0)
        return r;
    if (host_cgroup_is_frozen(&e->cgroup) == 1)
        e->status = OCI_STATUS_PAUSED;
    return 0;
}

int existing_see(struct existing *e, struct err *err)
{
    if ((e->status != OCI_STATUS_RUNNING && e->status != OCI_STATUS_CREATED) || !e->state->cgroup)
        return 0;
    if (!e->top_open) {
        int r = host_cgroup_top_open(&e->top, err);

        if (r < 0)
            return r;
        e->top_open = true;
    }
    if (host_cgroup_top_frozen(&e->top, e->state->cgroup->path) == 1)
        e->status = OCI_STATUS_PAUSED;
    return 0;
}

const char *existing_owner(struct existing *e)
{
    autoarena struct arena arena = { 0 };
    const char *name;

    if (e->owner && e->owner_uid == e->state->owner)
        return e->owner;
    name = host_user_name(e->state->owner, &arena);
    free(e->owner);
    e->owner = name ? strdup(name) : NULL;
    e->owner_uid = e->state->owner;
    return e->owner;
}

static int read_config(struct existing *e, struct bundle *ret_bundle, struct plan **ret_plan, struct err *err)
{
    const struct plan_options options = {
        .id = e->id,
        .bundle = e->state->bundle,
        .traceparent = e->ocirt->traceparent,
        .consented = true,
        .manager = (enum plan_cgroup_manager)(e->state->cgroup && e->state->cgroup->manager
                                                  ? e->state->cgroup->manager - 1
                                                  : PLAN_MANAGER_DISABLED),
    };
    struct plan_facts facts;
    char *text;
    size_t size;
    int r = host_config_load(e->dir_fd, &ret_bundle->arena, &text, &size, err);

    if (r < 0)
        return r;
    ret_bundle->path = e->state->bundle;
    r = bundle_parse(e->ocirt, text, size, ret_bundle, err);
    if (r < 0 || !ret_plan)
        return r;
    r = engine_facts(e->ocirt, &ret_bundle->arena, &facts, err);
    return r < 0 ? r : plan_compile(&ret_bundle->spec, &options, &facts, ret_plan, err);
}

/* What is to be warned of in the configuration, create has said. */
int existing_config(struct existing *e, struct bundle *ret_bundle, struct plan **ret_plan, struct err *err)
{
    void (*warn)(void *, const char *) = err->warn;
    int r;

    err->warn = NULL;
    r = read_config(e, ret_bundle, ret_plan, err);
    err->warn = warn;
    return r;
}

void existing_done(struct existing *e)
{
    leave(e);
    arena_free(&e->arena);
    fd_cleanup(&e->proc_fd);
    fd_cleanup(&e->root_fd);
    host_cgroup_top_close(&e->top);
    free(e->owner);
    e->owner = NULL;
}
