/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pause.c - freeze and thaw a container.
 *
 * One that was only created is refused: `start` would wait for its frozen process, with the lock that
 * `resume` needs.
 */
#include "engine/existing.h"
#include "host/words.h"

static int freeze(struct existing *e, struct err *err)
{
    int r = existing_look(e, err);

    if (r < 0)
        return r;
    if (e->status == OCI_STATUS_PAUSED)
        return 0; /* it is what was asked for; runc says "container not running" */
    if (e->status == OCI_STATUS_CREATED) {
        r = err_set(err, ERR_STATUS, 0, "cannot pause a container that is created");
        err_hint(err, "start it first");
        return r;
    }
    if (e->status != OCI_STATUS_RUNNING)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    return host_cgroup_freeze(&e->cgroup, true, err);
}

static int thaw(struct existing *e, struct err *err)
{
    int r = existing_look(e, err);

    if (r < 0)
        return r;
    if (e->status != OCI_STATUS_PAUSED)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_PAUSED);
    return host_cgroup_freeze(&e->cgroup, false, err);
}

static int change(struct ocirt *ocirt, const char *id, const char *verb,
                  int (*act)(struct existing *, struct err *), struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_CHANGE, &e, &err);

    if (r >= 0)
        r = act(&e, &err);
    if (r < 0)
        err_prefix(&err, "%s %s", verb, id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}

int ocirt_pause(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error)
{
    return change(ocirt, id, "pause", freeze, ret_error);
}

int ocirt_resume(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error)
{
    return change(ocirt, id, "resume", thaw, ret_error);
}
