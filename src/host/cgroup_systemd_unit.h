/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_unit.h - transient units of systemd: started, changed, stopped.  For host/cgroup_systemd*.c
 * only.
 *
 * Starting is in two parts, so that other work can be done while systemd does its own.  All functions return
 * 0 or a negative errno with ERR filled; none waits longer than HOST_SYSTEMD_DEADLINE.
 */
#ifndef OCIRT_HOST_CGROUP_SYSTEMD_UNIT_H
#define OCIRT_HOST_CGROUP_SYSTEMD_UNIT_H

#include "host/cgroup_systemd_talk.h"

enum { HOST_SYSTEMD_DEADLINE = 25 * 1000 }; /* milliseconds: that of D-Bus itself */

/* A unit on its way. */
struct host_systemd_start {
    struct host_systemd_talk talk;
    struct plan_variant *arguments; /* of StartTransientUnit */
    uint64_t number;                /* of the call */
};

/*
 * Asks for UNIT with PROPERTIES.  SLICE is its parent (NULL: by its name), PID the first process in it (0:
 * none).  On failure *START holds nothing that had to be freed.
 */
int host_systemd_start(struct host_systemd_start *start, enum sdbus_whose whose, const char *unit,
                       const struct plan_systemd_properties *properties, const char *slice, pid_t pid,
                       struct err *err);

/* Waits until it is there. */
int host_systemd_started(struct host_systemd_start *start, struct err *err);

/* The cgroup of a unit that is there, as a malloc'd path below the cgroup root. */
int host_systemd_control_group(struct host_systemd_start *start, char **ret, struct err *err);

/* Frees; the unit stays, or is made in its time. */
void host_systemd_start_done(struct host_systemd_start *start);

/* Stops UNIT and waits until it is gone.  IF_EMPTY: not if it has processes.  No such unit is no error. */
int host_systemd_stop(enum sdbus_whose whose, const char *unit, bool if_empty, struct err *err);

/* Moves process PID into UNIT, to SUBGROUP ("a/b") of its cgroup (NULL: into that itself). */
int host_systemd_attach(enum sdbus_whose whose, const char *unit, const char *subgroup, pid_t pid,
                        struct err *err);

/* Changes PROPERTIES of UNIT, until the next boot.  When it returns they are in the cgroup. */
int host_systemd_set(enum sdbus_whose whose, const char *unit,
                     const struct plan_systemd_properties *properties, struct err *err);

#endif
