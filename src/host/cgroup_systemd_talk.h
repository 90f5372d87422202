/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_talk.h - a talk with a manager about one unit.  For host/cgroup_systemd*.c only.
 *
 * Functions without a struct err return -errno and are silent; -ECONNRESET is that the manager went away, as
 * it does when it executes itself anew.
 */
#ifndef OCIRT_HOST_CGROUP_SYSTEMD_TALK_H
#define OCIRT_HOST_CGROUP_SYSTEMD_TALK_H

#include "host/sdbus.h"
#include "plan/systemd_properties.h"

struct host_systemd_talk {
    enum sdbus_whose whose;
    struct sdbus *bus;
    const char *unit;
    int64_t time;               /* until when all must be done: host_cgroup_now() */
    char *removed_job, *result; /* the last job that was done for the unit */
    struct arena arena;
};

/* Connects: again, if it was connected, for as long as there is time. */
int host_systemd_talk_open(struct host_systemd_talk *talk, struct err *err);
void host_systemd_talk_close(struct host_systemd_talk *talk);

/* Calls a method of the manager and waits for the answer, which *EVENT gets: REPLY or ERROR. */
int host_systemd_call(struct host_systemd_talk *talk, const char *member,
                      const struct plan_variant *arguments, struct sdbus_event *event);

/* The unit's property NAME, of every kind of unit, or its cgroup's path: EVENT's text. */
int host_systemd_get(struct host_systemd_talk *talk, const char *name, struct sdbus_event *event);
int host_systemd_get_cgroup(struct host_systemd_talk *talk, struct sdbus_event *event);

/* Remembers the job of EVENT if it is of our unit: its end may be told before the answer to our call. */
int host_systemd_note_job(struct host_systemd_talk *talk, const struct sdbus_event *event);

/* Has the cgroup PATH (v2, hybrid or v1) processes? */
bool host_systemd_is_populated(const char *path);

/* ---- values -------------------------------------------------------------------------------------------- */

/* NULL if an element is NULL, or out of memory. */
struct plan_variant *host_systemd_tuple(struct arena *arena, const char *type, struct plan_variant *const *v,
                                        size_t n);

#define TUPLE(arena, type, ...) \
    host_systemd_tuple(arena, type, (struct plan_variant *const[]){ __VA_ARGS__ }, \
                       sizeof((struct plan_variant *const[]){ __VA_ARGS__ }) / \
                           sizeof(struct plan_variant *))

/* Appends (sv) to a(sv) LIST. */
int host_systemd_add_property(struct arena *arena, struct plan_variant *list, const char *name,
                              struct plan_variant *value);

/* As a(sv); NULL if out of memory. */
struct plan_variant *host_systemd_property_list(struct arena *arena,
                                                const struct plan_systemd_properties *properties);

/* ---- errors -------------------------------------------------------------------------------------------- */

/* "WHAT the systemd unit UNIT: ": there was no answer, or a refusal. */
int host_systemd_no_answer(const struct host_systemd_talk *talk, const char *what, int r, struct err *err);
int host_systemd_refused(const struct host_systemd_talk *talk, const char *what,
                         const struct sdbus_event *event, struct err *err);

#endif
