/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idmap.h - user and group id maps of user namespaces (user_namespaces(7)).
 */
#ifndef OCIRT_HOST_IDMAP_H
#define OCIRT_HOST_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Writes the maps of process PID, the first of a new user namespace.  PRIVILEGED: we have CAP_SETUID and
 * CAP_SETGID, and write them ourselves; otherwise a map of only our own id is written (with setgroups
 * denied), and anything more is left to newuidmap and newgidmap, which ask /etc/subuid and /etc/subgid.
 */
int host_idmap_write(int proc_fd, pid_t pid, const struct plan_id_map *map, bool privileged, struct err *err);

/* Path of newuidmap(1), or newgidmap(1) for a GROUP; NULL if it is not there. */
const char *host_idmap_program(bool group);

/*
 * A user namespace with these maps, for mount_setattr(2) with MOUNT_ATTR_IDMAP.  Only for the privileged.
 *  No process is left in it.  An fd, or -errno.
 */
int host_userns_create(int proc_fd, const struct plan_id_map *map);

/*
 * Fills userns_fd of every map of the plan's mounts; equal maps share one namespace (each with an fd of its
 * own).
 */
int host_idmap_open_mounts(int proc_fd, struct plan *plan, struct err *err);

/* Have the two maps the same ranges in the same order? */
bool host_idmap_equal(const struct plan_id_map *a, const struct plan_id_map *b);

#endif
