/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sdbus.h - a connection to a systemd manager: of the system, or of a user.
 *
 * libsystemd does the talking; it is loaded by the first connection, for only this cgroup manager needs it.
 * The connection leads straight to the manager where its private socket can be reached, as systemctl does it,
 * so that the bus daemon's work is saved; else it goes over the bus.
 *
 * Values are those of plan/variant.h.  Times are those of host_cgroup_now(); no call waits longer than its
 * TIME.
 */
#ifndef OCIRT_HOST_SDBUS_H
#define OCIRT_HOST_SDBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/variant.h"

enum sdbus_whose { SDBUS_SYSTEM, SDBUS_USER };

/*
 * Whose manager a caller with our ids has to ask: the system's if we may write to its private socket, or are
 * root where it has none; else the user's.
 */
enum sdbus_whose sdbus_whose(void);

/* Says early that there will be a connection: see host_library_need().  0, or negative with ERR filled. */
int sdbus_need(struct err *err);

struct sdbus;

/*
 * Connects.  0, or negative with ERR filled (ERR_SYSTEMD; ERR_UNSUPPORTED where libsystemd is not to be had).
 */
int sdbus_open(enum sdbus_whose whose, int64_t time, struct sdbus **ret, struct err *err);
void sdbus_close(struct sdbus *bus); /* NULL is none */

/*
 * Sends a call and returns its number; waits no longer than until it is on its way.  PATH NULL: the
 * manager's, and its interface.  ARGUMENTS is a tuple, or NULL.  0 or -errno as below; silent.
 */
int sdbus_send(struct sdbus *bus, const char *path, const char *interface, const char *member,
               const struct plan_variant *arguments, int64_t time, uint64_t *ret_number);

enum sdbus_kind { SDBUS_REPLY, SDBUS_ERROR, SDBUS_JOB_REMOVED };

/* The strings are valid until the next one is asked for. */
struct sdbus_event {
    enum sdbus_kind kind;
    uint64_t number;     /* of the call, for REPLY and ERROR */
    const char *text;    /* REPLY: its first string, object path, or variant with one; NULL if none */
    const char *name;    /* ERROR: "org.freedesktop.systemd1.NoSuchUnit" */
    const char *message; /* ERROR */
    const char *job, *unit, *result; /* JOB_REMOVED */
};

/*
 * The next answer, or signal that a job is done.  0, -ETIMEDOUT, -ECONNRESET if the manager went away, or
 * another.
 */
int sdbus_next(struct sdbus *bus, int64_t time, struct sdbus_event *ret);

#endif
