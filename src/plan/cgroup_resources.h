/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_resources.h - what the v1 and the v2 meaning of linux.resources share.  For plan/cgroup_*.c only.
 */
#ifndef OCIRT_PLAN_CGROUP_RESOURCES_H
#define OCIRT_PLAN_CGROUP_RESOURCES_H

#include "plan/cgroup.h"

/* The compilation of one `resources`: the list that grows, and where errors go. */
struct cgroup_build {
    const struct oci_resources *resources;
    const struct plan_facts *facts;
    const struct plan_cgroup_current *current; /* NULL: the cgroup is new */
    struct arena *arena;
    struct err *err;
    struct plan_cgroup_write *v;
    size_t n, room;
    struct plan_cgroup_write nowhere; /* the dummy */
    int result;                       /* the first failure; later mistakes are still looked for */
};

/*
 * Appends *WRITE for member M of object O; returns where it is, to be completed, or a dummy if memory is
 * short.
 */
struct plan_cgroup_write *cgroup_build_add(struct cgroup_build *b, const struct json_node *node,
                                           size_t member, const char *controller, const char *file,
                                           const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#define CGROUP_ADD(b, o, m, controller, file, ...) \
    cgroup_build_add(b, &(o)->node, offsetof(__typeof__(*(o)), m), controller, file, __VA_ARGS__)

/* Reports a mistake in member M of object O, and remembers that there was one. */
#define CGROUP_BAD(b, o, m, code, ...) cgroup_build_failed(b, ERR_AT((b)->err, o, m, code, 0, __VA_ARGS__))
void cgroup_build_failed(struct cgroup_build *b, int result);

/* Text for a limit: "max" (v2) or "-1" (v1) for -1, else the number. */
const char *cgroup_limit(struct cgroup_build *b, int64_t limit);

void plan_cgroup_v1(struct cgroup_build *b);
void plan_cgroup_v2(struct cgroup_build *b);
void plan_cgroup_block_io(struct cgroup_build *b, bool v2);

/* true if member is set and not 0, the "not set" of engines. */
#define CGROUP_SET(o, m) (json_has(o, m) && (o)->m != 0)

#endif
