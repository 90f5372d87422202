/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_manager.h - who makes and removes cgroups: ocirt itself, or another program that owns the tree.
 *
 * host/cgroup.c does cgroupfs.  For another manager it calls these where the two differ, and itself does the
 * rest: limits, devices, freezing, killing are writes to the cgroup's files either way.
 */
#ifndef OCIRT_HOST_CGROUP_MANAGER_H
#define OCIRT_HOST_CGROUP_MANAGER_H

#include "host/cgroup.h"

struct host_cgroup_manager {
    /* Sets scope, and path if it is known before the cgroup exists; touches nothing. */
    int (*name)(const struct plan *plan, struct host_cgroup *cg, struct err *err);

    /*
     * Makes the cgroup with PID, our waiting child, in it; sets path.  host/cgroup.c then opens it and writes
     * the limits, since not each of them has a property.
     */
    int (*start)(const struct plan *plan, struct host_cgroup *cg, pid_t pid, struct err *err);

    /* Tells the manager of changed limits, lest it writes the old ones back (daemon-reload). */
    int (*update)(const struct plan *plan, struct host_cgroup *cg, const struct oci_resources *resources,
                  struct err *err);

    /* After the last process is gone. */
    int (*remove)(struct host_cgroup *cg, struct err *err);
};

/* The manager of CG; NULL is cgroupfs.  With ERR filled if this build has none. */
int host_cgroup_manager(const struct host_cgroup *cg, const struct host_cgroup_manager **ret,
                        struct err *err);

#endif
