/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * existing.h - a container that is there: its record, what it is doing, and a pidfd that is surely its
 * process.
 */
#ifndef OCIRT_ENGINE_EXISTING_H
#define OCIRT_ENGINE_EXISTING_H

#include "engine/context.h"
#include "host/cgroup.h"
#include "host/state.h"

struct existing {
    const struct ocirt *ocirt;
    const char *id;
    struct arena arena;
    struct host_state *state;
    enum oci_status status; /* paused too, once existing_look() was asked */
    int dir_fd;
    int pidfd; /* -1: stopped */
    struct host_cgroup cgroup;
    bool cgroup_open;

    /* Of the host: the same for the next container. */
    int root_fd;
    int proc_fd;                /* -1 before existing_procfs() */
    struct host_cgroup_top top; /* open for existing_see() */
    bool top_open;
    char *owner; /* the name of user owner_uid, once it was asked for */
    uint32_t owner_uid;
};

#define EXISTING_INIT \
    { \
        .root_fd = -1, .dir_fd = -1, .proc_fd = -1, .pidfd = -1, .cgroup = HOST_CGROUP_INIT, \
        .top = HOST_CGROUP_TOP_INIT \
    }

enum { EXISTING_LOCK_TIMEOUT = 10 * 1000 }; /* milliseconds: another command may be at work */

/*
 * CHANGE: alone, until existing_done().  FORCE: as that; whoever is at work for long may be waiting for the
 * container's process, so that is killed.
 */
enum existing_lock { EXISTING_READ, EXISTING_CHANGE, EXISTING_FORCE };

/* Loads container ID, and finds out its status.  WORDS_NOT_FOUND if there is none. */
int existing_open(const struct ocirt *ocirt, const char *id, enum existing_lock lock, struct existing *ret,
                  struct err *err);

/*
 * Looks at the next container of the state root that E has open, for who has nothing to do with its
 * directory: that need not be open then.  What E knows of the host is kept.
 */
int existing_next(struct existing *e, const char *id, struct err *err);

/* Opens the private procfs, once: making one costs more than the rest of a short command. */
int existing_procfs(struct existing *e, struct err *err);

/* Opens its cgroup, once. */
int existing_cgroup(struct existing *e, struct err *err);

/*
 * Says early that this call will talk to the manager of its cgroup, if another program is that: see
 * host_library_need(), which may begin the command anew.
 */
int existing_need_manager(const struct existing *e, struct err *err);

/* Looks at the freezer: a running container becomes paused. */
int existing_look(struct existing *e, struct err *err);

/* The same for who has nothing else to do with the cgroup, which is not opened. */
int existing_see(struct existing *e, struct err *err);

/* The name of the user who made it.  NULL if out of memory. */
const char *existing_owner(struct existing *e);

/* Loads the configuration that it was made from, and compiles it (RET_PLAN may be NULL). */
int existing_config(struct existing *e, struct bundle *ret_bundle, struct plan **ret_plan, struct err *err);

void existing_done(struct existing *e);

const char *engine_status_word(enum oci_status status);

#endif
