/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup.h - linux.resources as ordered lists of file writes, and device rules.
 *
 * Pure: config-linux.md "Control groups" turned into values; nothing is read from the host but the plan_facts.
 * On v1 and hybrid each write names its controller.
 */
#ifndef OCIRT_PLAN_CGROUP_H
#define OCIRT_PLAN_CGROUP_H

#include "plan/plan.h"

struct plan_cgroup_write {
    const char *controller;        /* "memory": which hierarchy (v1), which must be enabled (v2); NULL: core file */
    const char *file;              /* "memory.max" */
    const char *fallback;          /* file to try where `file` does not exist; NULL: then it is an error */
    const char *value;
    const char *fallback_value;    /* value for `fallback`, if it is another */
    bool optional;                 /* a missing file is no error (memory.swap.max with -1) */
    const struct json_node *node;  /* for errors: the object and member that asked for it */
    size_t member;
};

struct plan_cgroup_writes { struct plan_cgroup_write *v; size_t n; };

struct plan_device_rule {
    char type;                     /* 'a', 'c' or 'b' */
    int64_t major, minor;          /* -1: all */
    unsigned access;               /* of PLAN_DEVICE_* */
    bool allow;
};
enum { PLAN_DEVICE_MKNOD = 1, PLAN_DEVICE_READ = 2, PLAN_DEVICE_WRITE = 4 };   /* BPF_DEVCG_ACC_* */

struct plan_device_rules { struct plan_device_rule *v; size_t n; };

/* Compiles RESOURCES (may be NULL) for LAYOUT.  The lists live in ARENA.  0, or negative with ERR filled. */
int plan_cgroup_writes_compile(const struct oci_resources *resources, enum plan_cgroup_layout layout,
                               struct arena *arena, struct plan_cgroup_writes **ret_writes, struct err *err);
int plan_device_rules_compile(const struct oci_resources *resources, const struct plan_device *devices,
                              size_t n_devices, struct arena *arena, struct plan_device_rules **ret_rules,
                              struct err *err);

/* Fills plan->cgroup from the spec, the options and the facts.  (called by plan_compile) */
int plan_cgroup_compile(struct plan *plan, struct err *err);

/* cpu.shares 2..262144 as cpu.weight 1..10000, by the quadratic formula that runc and crun use since 2025. */
uint64_t plan_cgroup_cpu_weight(uint64_t shares);

#endif
