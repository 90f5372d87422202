/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_ids.c - id-mapped mounts (config.md "uidMappings", "idmap"; mount_setattr(2) "ID-mapped mounts").
 *
 * Where the maps come from, the first that there is: the text behind "idmap=" (as in
 * "idmap=uids=0-1000-1#1-2000-9;gids=@0-0-1"), the mount's own uidMappings and
 * gidMappings, the container's user namespace.
 */
#include "plan/mount_ids.h"

#include <sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

/* ---- the text of idmap= -------------------------------------------------------------------------------- */

static bool number(const char **s, uint32_t *ret)
{
    uint64_t n = 0;

    if (**s < '0' || **s > '9')
        return false;
    for (; **s >= '0' && **s <= '9'; ++*s) {
        n = n * 10 + (uint64_t) (**s - '0');
        if (n > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t) n;
    return true;
}

/* "INSIDE-OUTSIDE-SIZE" */
static bool triplet(const char **s, struct plan_id_range *range)
{
    return number(s, &range->inside) && *(*s)++ == '-' && number(s, &range->outside) && *(*s)++ == '-' &&
           number(s, &range->size);
}

/* With "@" in front, the outside id is meant as one of the container's user namespace. */
static const char *translate(const struct oci_id_mappings *container, struct plan_id_range *range)
{
    for (size_t i = 0; i < container->n; i++) {
        const struct oci_id_mapping *c = container->v[i];
        uint32_t skip = range->inside - c->container_id;
        int64_t outside = (int64_t) range->outside + c->host_id - c->container_id;

        if (range->inside < c->container_id || skip >= c->size)
            continue;
        if (range->size > c->size - skip)
            break;
        if (outside < 0 || outside > UINT32_MAX)
            return "the ids on the host are out of range";
        range->outside = (uint32_t) outside;
        return NULL;
    }
    return "a range that begins with \"@\" must lie within one range of the container's user namespace";
}

static const char *parse_list(const char **s, const struct oci_id_mappings *container,
                              struct plan_id_range *ranges, size_t *n)
{
    for (;; ++*s) {
        bool relative = **s == '@';
        const char *fault;

        *s += relative;
        if (!triplet(s, &ranges[*n]))
            return "expected INSIDE-OUTSIDE-SIZE";
        fault = relative ? translate(container, &ranges[*n]) : NULL;
        if (fault)
            return fault;
        ++*n;
        if (**s != '#')
            return **s && **s != ';' ? "expected \"#\" or \";\" behind a range" : NULL;
    }
}

static size_t count(const char *s)
{
    size_t n = 1;

    for (; *s; s++)
        n += *s == '#';
    return n;
}

static const char *parse_text(const char *s, const struct oci_linux *linux, struct arena *arena,
                              struct plan_id_map *map)
{
    size_t most = count(s);
    const char *fault = NULL;

    map->uid = arena_array(arena, most, sizeof *map->uid);
    map->gid = arena_array(arena, most, sizeof *map->gid);
    if (!map->uid || !map->gid)
        return "out of memory";
    while (!fault && *s) {
        bool uids = !strncmp(s, "uids=", 5), gids = !strncmp(s, "gids=", 5);

        if ((!uids && !gids) || (uids ? map->n_uid : map->n_gid))
            return "expected uids=... and gids=..., once each";
        s += 5;
        fault = uids ? parse_list(&s, &linux->uid_mappings, map->uid, &map->n_uid)
                     : parse_list(&s, &linux->gid_mappings, map->gid, &map->n_gid);
        s += !fault && *s == ';';
    }
    if (!fault && (!map->n_uid || !map->n_gid))
        fault = "both uids= and gids= are needed";
    fault = fault ? fault : plan_ranges_fault(map->uid, map->n_uid);
    return fault ? fault : plan_ranges_fault(map->gid, map->n_gid);
}

/* ---- the three sources --------------------------------------------------------------------------------- */

static int from_text(struct plan *plan, struct plan_mount *m, const struct plan_mount_options *options,
                     struct err *err)
{
    const char *fault = parse_text(options->id_map_text, plan_linux(plan->spec), &plan->arena, m->id_map);

    return fault ? PLAN_OPTION_AT(err, m, options->id_map_index, ERR_ID_MAP, "\"%s\": %s",
                                  options->id_map_text, fault)
                 : 0;
}

static int from_lists(struct plan *plan, const struct json_node *node, size_t uid_member, size_t gid_member,
                      const struct oci_id_mappings *uids, const struct oci_id_mappings *gids,
                      struct plan_id_map *map, struct err *err)
{
    int r = plan_ranges_compile(node, uid_member, uids, &plan->arena, &map->uid, err);

    if (r < 0)
        return r;
    map->n_uid = uids->n;
    map->n_gid = gids->n;
    return plan_ranges_compile(node, gid_member, gids, &plan->arena, &map->gid, err);
}

static int from_mount(struct plan *plan, struct plan_mount *m, struct err *err)
{
    const struct oci_mount *from = m->from;

    if (!from->gid_mappings.n)
        return ERR_AT(err, from, gid_mappings, ERR_ID_MAP, 0, "missing, while there are uidMappings");
    if (!from->uid_mappings.n)
        return ERR_AT(err, from, uid_mappings, ERR_ID_MAP, 0, "missing, while there are gidMappings");
    return from_lists(plan, &from->node, offsetof(struct oci_mount, uid_mappings),
                      offsetof(struct oci_mount, gid_mappings), &from->uid_mappings, &from->gid_mappings,
                      m->id_map, err);
}

/*
 * The map of a namespace that is joined may not be in the configuration: then it is empty, and the namespace
 * is meant.
 */
static int from_container(struct plan *plan, struct plan_mount *m, const struct plan_mount_options *options,
                          struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int r;

    if (!plan_has_namespace(plan, CLONE_NEWUSER)) {
        r = PLAN_OPTION_AT(err, m, options->id_map_index, ERR_ID_MAP, "idmap: there are no ids to map to");
        err_hint(err, "give the mount uidMappings and gidMappings, or the container a user namespace");
        return r;
    }
    return from_lists(plan, &linux->node, offsetof(struct oci_linux, uid_mappings),
                      offsetof(struct oci_linux, gid_mappings), &linux->uid_mappings, &linux->gid_mappings,
                      m->id_map, err);
}

int plan_mount_ids_compile(struct plan *plan, struct plan_mount *m, const struct plan_mount_options *options,
                           struct err *err)
{
    bool own = m->from->uid_mappings.n || m->from->gid_mappings.n;

    if (!options->id_map && !own)
        return 0;
    if (plan->facts.rootless)
        return err_at(err, &m->from->node, ERR_NO_MEMBER, ERR_UNSUPPORTED, 0,
                      "only root can make id-mapped mounts");
    m->id_map = arena_alloc(&plan->arena, sizeof *m->id_map);
    if (!m->id_map)
        return err_nomem(err);
    m->id_map->userns_fd = -1;
    if (options->id_map_text && *options->id_map_text)
        return from_text(plan, m, options, err);
    return own ? from_mount(plan, m, err) : from_container(plan, m, options, err);
}
