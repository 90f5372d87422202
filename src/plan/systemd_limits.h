/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd_limits.h - the list of properties that grows.  For plan/systemd_*.c only.
 */
#ifndef OCIRT_PLAN_SYSTEMD_LIMITS_H
#define OCIRT_PLAN_SYSTEMD_LIMITS_H

#include "plan/systemd_properties.h"

/* The value of NAME; NULL if it is not in LIST. */
struct plan_variant *plan_systemd_properties_find(const struct plan_systemd_properties *list,
                                                  const char *name);

/* As add, but takes the place of an earlier one of the same name. */
int plan_systemd_properties_set(struct plan_systemd_properties *list, const char *name,
                                struct plan_variant *value);

/* One after the other, what WRITES mean.  0, or negative with ERR filled. */
int plan_systemd_limits_add(struct plan_systemd_properties *list, const struct plan_facts *facts,
                            const struct plan_cgroup_writes *writes, struct err *err);

/*
 * The devices that RULES allow.  Where systemd has no words for a rule (it can't take a device out of a
 * range), the list allows more: our own BPF program is the exact one, and what either denies is denied.  0 or
 * -ENOMEM.
 */
int plan_systemd_devices_add(struct plan_systemd_properties *list, const struct plan_device_rules *rules,
                             bool replace);

#endif
