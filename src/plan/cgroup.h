/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup.h - linux.resources as ordered lists of file writes, and device rules.
 *
 * Pure: config-linux.md "Control groups" turned into values; nothing is read from the host but the
 * plan_facts. On v1 and hybrid each write names its controller.
 *
 * Numbers follow the convention that engines rely on: 0 means "not set" (but pids.limit, cpu.idle, cpu.burst,
 * network.classID and swappiness, where it is a value), -1 means "no limit".
 */
#ifndef OCIRT_PLAN_CGROUP_H
#define OCIRT_PLAN_CGROUP_H

#include "plan/plan.h"

struct plan_cgroup_write {
    const char *controller; /* "memory": its hierarchy (v1), to be enabled (v2); NULL: core file */
    const char *file;       /* "memory.max" */
    const char *fallback;   /* file to try where `file` does not exist; NULL: then it is an error */
    const char *value;
    const char *fallback_value; /* value for `fallback`, if it is another */
    bool optional;              /* a missing file is no error (memory.swap.max with -1) */
    bool after_next;            /* refused with EINVAL: write the next of the list first, then this again.
                                      Two files that bound each other can be raised and lowered so */
    const char *usage;          /* file whose number must not exceed the value (checkBeforeUpdate); or NULL */
    const struct json_node *node; /* for errors: the object and member that asked for it; NULL: ours */
    size_t member;
};

struct plan_cgroup_writes {
    struct plan_cgroup_write *v;
    size_t n;
};

/* What an update finds in place, where one file holds two properties or one property needs another. */
struct plan_cgroup_current {
    int64_t memory_limit; /* bytes; -1: none, 0: not known */
    int64_t quota;        /* microseconds; -1: none, 0: not known */
    uint64_t period;      /* microseconds; 0: not known */
};

/* As BPF_DEVCG_ACC_*. */
enum { PLAN_DEVICE_MKNOD = 1, PLAN_DEVICE_READ = 2, PLAN_DEVICE_WRITE = 4, PLAN_DEVICE_ALL = 7 };

struct plan_device_rule {
    char type;            /* 'a', 'c' or 'b'; of 'a' major and minor are -1 */
    int64_t major, minor; /* -1: all */
    unsigned access;      /* of PLAN_DEVICE_* */
    bool allow;
    const struct oci_device_rule *from; /* NULL: not a rule of the configuration */
};

/*
 * All is denied at first; each rule then sets its access bits for the devices it matches, so that for each
 * bit the last matching rule counts.
 */
struct plan_device_rules {
    struct plan_device_rule *v;
    size_t n;
};

/*
 * Compiles RESOURCES (may be NULL) for FACTS.  CURRENT is NULL for a new cgroup.  The lists live in ARENA.
 * 0, or negative with ERR filled.  Device rules are not part of it.
 */
int plan_cgroup_writes_compile(const struct oci_resources *resources, const struct plan_facts *facts,
                               const struct plan_cgroup_current *current, struct arena *arena,
                               struct plan_cgroup_writes **ret_writes, struct err *err);

/*
 * The rules in force: those of linux.devices, the configuration's, then the default devices.  DEVICES are the
 * plan's; only those with `from` count.  Rules that a later one makes void are left out.
 */
int plan_device_rules_compile(const struct oci_resources *resources, const struct plan_device *devices,
                              size_t n_devices, struct arena *arena, struct plan_device_rules **ret_rules,
                              struct err *err);

/* Do the rules allow everything? */
bool plan_device_rules_allow_all(const struct plan_device_rules *rules);

/* May ACCESS (of PLAN_DEVICE_*) be had to device TYPE ('c', 'b') MAJOR:MINOR? */
bool plan_device_rules_allow(const struct plan_device_rules *rules, char type, unsigned major, unsigned minor,
                             unsigned access);

/*
 * The same rules for the v1 devices controller, as writes to devices.allow and devices.deny that begin with a
 * reset. An error if the controller can't express them (it can't take a part of the devices out of an allowed
 * range).
 */
int plan_device_writes_compile(const struct plan_device_rules *rules, struct arena *arena,
                               struct plan_cgroup_writes **ret_writes, struct err *err);

/* Fills plan->cgroup from the spec, the options and the facts.  After devices.  (called by plan_compile) */
int plan_cgroup_compile(struct plan *plan, struct err *err);

/* Prints plan->cgroup, a line a step, each beginning with "cgroup" or "device-rule". */
void plan_cgroup_print(const struct plan *plan, struct text *out);

/* The hierarchy of FACTS that has CONTROLLER ("memory", "name=systemd"); NULL if none. */
const struct plan_hierarchy *plan_cgroup_hierarchy(const struct plan_facts *facts, const char *controller);

/* Is CONTROLLER one of the comma-separated LIST ("cpu,cpuacct")? */
bool plan_cgroup_lists(const char *list, const char *controller);

/*
 * Is PATH fit to be a path below a cgroup: no empty, "." or ".." component, none too long, no newline?  A
 * leading "/" is allowed, "/" alone and "" are not.
 */
bool plan_cgroup_path_is_sound(const char *path);

/*
 * cpu.shares 2..262144 as cpu.weight 1..10000, by the quadratic formula that runc and crun use since 2025:
 * with l = log2(shares), 10^((l^2 + 125 l) / 612 - 7 / 34), rounded up; 1024 is 100, the default of both.  0
 * is 0: not set.
 */
uint64_t plan_cgroup_cpu_weight(uint64_t shares);

/* blkio weight 10..1000 as io.weight 1..10000.  0 is 0: not set. */
uint64_t plan_cgroup_io_weight(uint64_t weight);

#endif
