/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * existing.h - a container that is there: its record, what it is doing, and a pidfd that is surely its process.
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
    enum oci_status status; /* paused too, once existing_cgroup() was asked for or existing_look() */
    int root_fd, dir_fd, proc_fd;
    int pidfd; /* -1: stopped */
    struct host_cgroup cgroup;
    bool cgroup_open;
};

#define EXISTING_INIT \
    { \
        .root_fd = -1, .dir_fd = -1, .proc_fd = -1, .pidfd = -1, .cgroup = HOST_CGROUP_INIT \
    }

enum { EXISTING_LOCK_TIMEOUT = 10 * 1000 }; /* milliseconds: another command may be at work */

enum existing_lock { EXISTING_READ, EXISTING_CHANGE }; /* CHANGE: alone, until existing_done() */

/* Loads container ID, and finds out its status.  WORDS_NOT_FOUND if there is none. */
int existing_open(const struct ocirt *ocirt, const char *id, enum existing_lock lock, struct existing *ret,
                  struct err *err);

/* The same for state root ROOT_FD, which stays the caller's; no lock. */
int existing_open_at(const struct ocirt *ocirt, int root_fd, const char *id, struct existing *ret,
                     struct err *err);

/* Opens its cgroup, once. */
int existing_cgroup(struct existing *e, struct err *err);

/* Looks at the freezer: a running container becomes paused. */
int existing_look(struct existing *e, struct err *err);

/* Loads the configuration that it was made from, and compiles it (RET_PLAN may be NULL). */
int existing_config(struct existing *e, struct bundle *ret_bundle, struct plan **ret_plan, struct err *err);

void existing_done(struct existing *e);

const char *engine_status_word(enum oci_status status);

#endif
