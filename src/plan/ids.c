/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ids.c - id maps of user namespaces, and which ids they know.
 *
 * user_namespaces(7) "Defining user and group ID mappings": at most 340 ranges, none empty, none that
 * overlaps another on either side, and the id (uint32_t) -1 in none.
 */
#include <errno.h>
#include <sched.h>

#include "base/text.h"
#include "plan/compile.h"

enum { RANGES_MAX = 340 }; /* UID_GID_MAP_MAX_EXTENTS, Linux 4.15 */

#define NO_ID UINT32_MAX

/* ---- ranges -------------------------------------------------------------------------------------------- */

static bool overlap(uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b)
{
    return a <= b ? b - a < n_a : a - b < n_b;
}

static const char *range_fault(const struct plan_id_range *range)
{
    uint32_t end;

    if (range->size == 0)
        return "the size is 0";
    if (__builtin_add_overflow(range->inside, range->size, &end) ||
        __builtin_add_overflow(range->outside, range->size, &end))
        return "the range goes beyond the largest id, 4294967294";
    return NULL;
}

static const char *overlap_fault(const struct plan_id_range *ranges, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (overlap(ranges[i].inside, ranges[i].size, ranges[j].inside, ranges[j].size))
            return "ids in the container overlap with those of an earlier range";
        if (overlap(ranges[i].outside, ranges[i].size, ranges[j].outside, ranges[j].size))
            return "ids on the host overlap with those of an earlier range";
    }
    return NULL;
}

static const char *fault_of(const struct plan_id_range *ranges, size_t i)
{
    const char *fault = range_fault(&ranges[i]);

    return fault ? fault : overlap_fault(ranges, i);
}

const char *plan_ranges_fault(const struct plan_id_range *ranges, size_t n)
{
    const char *fault = n > RANGES_MAX ? "more than 340 ranges" : NULL;

    for (size_t i = 0; !fault && i < n; i++)
        fault = fault_of(ranges, i);
    return fault;
}

int plan_ranges_compile(const struct json_node *node, size_t member, const struct oci_id_mappings *mappings,
                        struct arena *arena, struct plan_id_range **ret, struct err *err)
{
    struct plan_id_range *ranges = arena_array(arena, mappings->n, sizeof *ranges);
    int failed = 0;

    if (!ranges)
        return err_nomem(err);
    if (mappings->n > RANGES_MAX)
        return err_at(err, node, member, ERR_ID_MAP, 0, "%zu ranges; the kernel allows %d", mappings->n,
                      RANGES_MAX);
    for (size_t i = 0; i < mappings->n; i++) {
        const struct oci_id_mapping *m = mappings->v[i];
        const char *fault;

        ranges[i] = (struct plan_id_range){ m->container_id, m->host_id, m->size };
        fault = fault_of(ranges, i);
        if (fault &&
            !plan_go_on(err, err_at(err, &m->node, ERR_NO_MEMBER, ERR_ID_MAP, 0, "%s", fault), &failed))
            return failed;
    }
    *ret = ranges;
    return failed;
}

bool plan_id_is_mapped(const struct plan_id_range *ranges, size_t n, uint32_t id)
{
    if (id == NO_ID)
        return false;
    for (size_t i = 0; i < n; i++)
        if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].size)
            return true;
    return n == 0;
}

/* ---- what the container knows -------------------------------------------------------------------------- */

static bool knows(const struct oci_spec *spec, const struct plan_facts *facts,
                  const struct oci_id_mappings *mappings, uint32_t id)
{
    if (id == NO_ID)
        return false;
    if (!plan_has_user_namespace(spec))
        return true;
    for (size_t i = 0; i < mappings->n; i++)
        if (id >= mappings->v[i]->container_id && id - mappings->v[i]->container_id < mappings->v[i]->size)
            return true;
    /*
     * A namespace that is joined may have any map; a new one without maps has the default, of the caller
     * alone.
     */
    return mappings->n == 0 && (plan_joins_user_namespace(spec) || !facts->rootless || id == 0);
}

bool plan_uid_is_known(const struct oci_spec *spec, const struct plan_facts *facts, uint32_t uid)
{
    return knows(spec, facts, &plan_linux(spec)->uid_mappings, uid);
}

bool plan_gid_is_known(const struct oci_spec *spec, const struct plan_facts *facts, uint32_t gid)
{
    return knows(spec, facts, &plan_linux(spec)->gid_mappings, gid);
}

/* ---- the container's own ------------------------------------------------------------------------------- */

static int check_needed(const struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int r = 0;

    if (plan_has_namespace(plan, CLONE_NEWUSER))
        return 0;
    if (linux->uid_mappings.n)
        r = ERR_AT(err, linux, uid_mappings, ERR_ID_MAP, 0, "id maps need a user namespace");
    else if (linux->gid_mappings.n)
        r = ERR_AT(err, linux, gid_mappings, ERR_ID_MAP, 0, "id maps need a user namespace");
    if (r < 0)
        err_hint(err, "add { \"type\": \"user\" } to linux.namespaces");
    return r;
}

static int check_both(const struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);

    if (linux->uid_mappings.n && !linux->gid_mappings.n)
        return ERR_AT(err, linux, gid_mappings, ERR_ID_MAP, 0, "missing, while there are uidMappings");
    if (linux->gid_mappings.n && !linux->uid_mappings.n)
        return ERR_AT(err, linux, uid_mappings, ERR_ID_MAP, 0, "missing, while there are gidMappings");
    if (linux->uid_mappings.n || plan->facts.rootless)
        return 0;
    return ERR_AT(err, linux, uid_mappings, ERR_ID_MAP, 0,
                  "a new user namespace needs uidMappings and gidMappings");
}

/* Without privileges, and without maps, the caller becomes root of the container. */
static int map_caller(struct plan *plan, struct err *err)
{
    struct plan_id_range *ranges = arena_array(&plan->arena, 2, sizeof *ranges);

    if (!ranges)
        return err_nomem(err);
    ranges[0] = (struct plan_id_range){ 0, plan->facts.euid, 1 };
    ranges[1] = (struct plan_id_range){ 0, plan->facts.egid, 1 };
    plan->ids = (struct plan_id_map){ .uid = &ranges[0], .gid = &ranges[1], .n_uid = 1, .n_gid = 1 };
    return 0;
}

static int compile_maps(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int failed = 0;

    if (!plan_go_on(err,
                    plan_ranges_compile(&linux->node, offsetof(struct oci_linux, uid_mappings),
                                        &linux->uid_mappings, &plan->arena, &plan->ids.uid, err),
                    &failed))
        return failed;
    (void) plan_go_on(err,
                      plan_ranges_compile(&linux->node, offsetof(struct oci_linux, gid_mappings),
                                          &linux->gid_mappings, &plan->arena, &plan->ids.gid, err),
                      &failed);
    plan->ids.n_uid = linux->uid_mappings.n;
    plan->ids.n_gid = linux->gid_mappings.n;
    return failed;
}

/*
 * With a namespace that is joined the maps are there already; engines give them all the same, and they must
 * be sound.
 */
int plan_ids_compile(struct plan *plan, struct err *err)
{
    bool fresh = plan->namespaces.fresh & CLONE_NEWUSER;
    int r = check_needed(plan, err);

    plan->ids.userns_fd = -1;
    if (r >= 0 && fresh)
        r = check_both(plan, err);
    if (r < 0)
        return r;
    if (fresh && !plan_linux(plan->spec)->uid_mappings.n)
        return map_caller(plan, err);
    r = compile_maps(plan, err);
    if (!fresh)
        plan->ids = (struct plan_id_map){ .userns_fd = -1 };
    return r;
}
