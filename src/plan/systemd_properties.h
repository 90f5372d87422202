/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd_properties.h - what systemd is told of a container's cgroup: properties of a scope or slice unit.
 *
 * They say the same as the writes of cgroup.h, as far as systemd has words for it
 * (systemd.resource-control(5)): it writes them again when it likes, above all at daemon-reload, and would
 * else put its defaults in place of ours.
 */
#ifndef OCIRT_PLAN_SYSTEMD_PROPERTIES_H
#define OCIRT_PLAN_SYSTEMD_PROPERTIES_H

#include "plan/cgroup.h"
#include "plan/variant.h"

struct plan_systemd_property {
    const char *name;
    struct plan_variant *value;
};

struct plan_systemd_properties {
    struct plan_systemd_property *v;
    size_t n, room;
    struct arena *arena; /* has all of it */
};

/* Is the unit of PLAN a slice, not a scope? */
bool plan_systemd_is_slice(const struct plan_cgroup *cg);

/*
 * Of a new unit for PLAN, whose writes and device rules are compiled: in the order to be sent, the
 * annotations org.systemd.property.* last.  Without Slice and PIDs, which only the host knows.  (called by
 * plan_cgroup_compile)
 */
int plan_systemd_properties_compile(const struct plan *plan, struct arena *arena,
                                    struct plan_systemd_properties **ret, struct err *err);

/* Of an update: WRITES, and DEVICES if they change (NULL: they don't). */
int plan_systemd_limits_compile(const struct plan_facts *facts, const struct plan_cgroup_writes *writes,
                                const struct plan_device_rules *devices, struct arena *arena,
                                struct plan_systemd_properties **ret, struct err *err);

/* Appends NAME with VALUE (NULL is -ENOMEM).  0 or -ENOMEM. */
int plan_systemd_properties_add(struct plan_systemd_properties *list, const char *name,
                                struct plan_variant *value);

/* A line each: "NAME TYPE VALUE". */
void plan_systemd_properties_print(const struct plan_systemd_properties *list, const char *before,
                                   struct text *out);

#endif
