/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delete.c - a container that is no longer wanted.
 *
 * Plain delete takes a created container too, although runtime.md would have it
 * refused: runc and crun do, and callers rely on it.
 */
#include <errno.h>
#include <unistd.h>

#include "engine/existing.h"
#include "engine/removal.h"
#include "host/words.h"

static int check_status(struct existing *e, struct err *err)
{
    int r = existing_look(e, err);

    if (r < 0)
        return r;
    if (e->status == OCI_STATUS_STOPPED || e->status == OCI_STATUS_CREATED)
        return 0;
    r = err_set(err, ERR_STATUS, 0, WORDS_NOT_STOPPED, e->id, engine_status_word(e->status));
    err_hint(err, "--force kills it first");
    return r;
}

/* A record that can't be read tells nothing of what to undo, but it must not stay in the way. */
static int remove_spoilt(struct existing *e, struct err *err)
{
    err_done(err);
    return host_state_remove(e->root_fd, e->id, err);
}

int ocirt_delete(struct ocirt *ocirt, const char *id, bool force, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, force ? EXISTING_FORCE : EXISTING_CHANGE, &e, &err);

    if (force && err.code == ERR_NOT_FOUND) {
        err_done(&err); /* what is not there is deleted: all runtimes agree */
        r = 0;
    } else if (force && err.code == ERR_STATE_FILE && r == -EBADMSG) {
        r = remove_spoilt(&e, &err);
    } else if (r >= 0) {
        r = force ? 0 : check_status(&e, &err);
        if (r >= 0)
            r = existing_need_manager(&e, &err);
        if (r >= 0)
            r = removal_destroy(&e, NULL, force, &err);
    }
    if (r < 0)
        err_prefix(&err, "delete %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}
