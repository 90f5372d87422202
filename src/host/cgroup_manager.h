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

struct plan_systemd_properties;

struct host_cgroup_manager {
    /* Sets scope and subgroup; touches nothing. */
    int (*name)(const struct plan *plan, struct host_cgroup *cg, struct err *err);

    /*
     * Asks for the cgroup, and does not wait: sets pending.  Where the container's process could not be born
     * in it, for lack of rights, nothing is done yet.
     */
    int (*begin)(const struct plan *plan, struct host_cgroup *cg, struct err *err);

    /*
     * Waits for the cgroup that begin has asked for, or asks for one with process PID (our waiting child) in
     * it; sets path.
     */
    int (*finish)(const struct plan *plan, struct host_cgroup *cg, pid_t pid, struct err *err);

    /* The container's process is in the cgroup, or there will be none: frees pending. */
    void (*release)(struct host_cgroup *cg);

    /* Moves process PID into the cgroup that exists, for who may not do that. */
    int (*attach)(struct host_cgroup *cg, pid_t pid, struct err *err);

    /* Tells the manager of changed limits, lest it writes the old ones back. */
    int (*update)(struct host_cgroup *cg, const struct plan_systemd_properties *properties, struct err *err);

    /* After the last process is gone. */
    int (*remove)(struct host_cgroup *cg, struct err *err);
};

/* The manager of CG; NULL is cgroupfs, or none. */
const struct host_cgroup_manager *host_cgroup_manager(const struct host_cgroup *cg);

extern const struct host_cgroup_manager host_cgroup_systemd;

/*
 * For host/cgroup.c: what enter does with a managed cgroup, before and after the process is put into its
 * directories.  *BORN becomes true if the manager has put it there.
 */
int host_cgroup_managed_enter(const struct plan *plan, struct host_cgroup *cg, pid_t pid, bool *born,
                              struct err *err);
int host_cgroup_managed_entered(const struct plan *plan, struct host_cgroup *cg, struct err *err);

/* For host/cgroup_update.c: what WRITES and, if they change, DEVICES (else NULL) mean to the manager. */
int host_cgroup_managed_update(const struct plan *plan, struct host_cgroup *cg,
                               const struct plan_cgroup_writes *writes,
                               const struct plan_device_rules *devices, struct err *err);

#endif
