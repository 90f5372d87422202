/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ps.c - which processes a container has, and when its first one ends.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/sys.h"
#include "engine/existing.h"
#include "host/foreground.h"
#include "host/words.h"

/* Without a cgroup only the first process is known. */
static int find(struct existing *e, pid_t **ret_pids, size_t *ret_n, struct err *err)
{
    pid_t *pids;
    int r = existing_cgroup(e, err);

    if (r < 0)
        return r;
    if (e->cgroup_open && host_cgroup_exists(&e->cgroup))
        return host_cgroup_pids(&e->cgroup, ret_pids, ret_n, err);
    pids = calloc(1, sizeof *pids);
    if (!pids)
        return err_nomem(err);
    *pids = e->state->pid;
    *ret_n = e->pidfd >= 0 ? 1 : 0;
    *ret_pids = pids;
    return 0;
}

int ocirt_ps(struct ocirt *ocirt, const char *id, pid_t **ret_pids, size_t *ret_n,
             struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_READ, &e, &err);

    if (r >= 0)
        r = find(&e, ret_pids, ret_n, &err);
    if (r < 0)
        err_prefix(&err, "ps %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}

/* It has ended before anybody asked: how, is known as long as it is not reaped.  -1: no longer. */
static int status_of_ended(const struct existing *e)
{
    autoclose int pidfd = sys_pidfd_open(e->state->pid);
    int status = -1;

    if (host_state_is_process(e->state, pidfd, e->proc_fd))
        (void) host_process_status(pidfd, &status);
    return status;
}

static int await(struct existing *e, int *ret_status, struct err *err)
{
    struct pollfd fd = { .fd = e->pidfd, .events = POLLIN };
    int r;

    if (e->pidfd < 0 && e->state->pid <= 0)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    if (e->pidfd < 0) {
        *ret_status = status_of_ended(e);
        return 0;
    }
    do
        r = poll(&fd, 1, -1);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return err_set(err, ERR_PROCESS, errno, "wait for process %d", e->state->pid);
    *ret_status = -1;
    (void) host_process_status(e->pidfd, ret_status);
    return 0;
}

int ocirt_wait(struct ocirt *ocirt, const char *id, int *ret_status, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_READ, &e, &err);

    if (r >= 0)
        r = await(&e, ret_status, &err);
    if (r < 0)
        err_prefix(&err, "wait for %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}

static int open_pidfd(struct existing *e, int *ret_fd, struct err *err)
{
    if (e->pidfd < 0)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    *ret_fd = take_fd(&e->pidfd);
    return 0;
}

int ocirt_pidfd(struct ocirt *ocirt, const char *id, int *ret_fd, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_READ, &e, &err);

    if (r >= 0)
        r = open_pidfd(&e, ret_fd, &err);
    if (r < 0)
        err_prefix(&err, "pidfd of %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}
