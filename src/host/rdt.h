/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt.h - cache and memory bandwidth groups of the resctrl filesystem (config-linux.md "IntelRdt"; the
 * kernel's Documentation/filesystems/resctrl.rst).
 *
 * Order: open, plan (for the write-ahead record), make, join; at the end remove.
 */
#ifndef OCIRT_HOST_RDT_H
#define OCIRT_HOST_RDT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/state.h"
#include "libocispec/oci_spec.h"

/* Opens the root of the mounted resctrl.  ERR_RDT if there is none. */
int host_rdt_open(int *ret_root_fd, struct err *err);

/*
 * Fills *RET (strings in ARENA) with the directories that host_rdt_make() will use or make for container
 * ID.
 */
int host_rdt_plan(int root_fd, const struct oci_intel_rdt *rdt, const char *id, struct arena *arena,
                  struct host_state_rdt *ret, struct err *err);

/*
 * Makes or checks the group, writes its schemata, makes the monitoring group.  Undoes what it made if it
 * fails.
 */
int host_rdt_make(int root_fd, const struct oci_intel_rdt *rdt, const struct host_state_rdt *groups,
                  struct err *err);

/* Puts PID into the group (and the monitoring group). */
int host_rdt_join(int root_fd, const struct host_state_rdt *groups, pid_t pid, struct err *err);

/* Writes new schemata (either may be NULL): `update --l3-cache-schema --mem-bw-schema`. */
int host_rdt_update(int root_fd, const struct host_state_rdt *groups, const char *l3, const char *mb,
                    struct err *err);

/*
 * Removes what was made: the monitoring group, and the group if it is ours; at ROLL_BACK also one that
 * delete would keep.  What is gone already is fine.
 */
int host_rdt_remove(int root_fd, const struct host_state_rdt *groups, bool roll_back, struct err *err);

#endif
