/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd_properties.c - all that systemd is told about a container's unit.
 */
#include "plan/systemd_properties.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/systemd_limits.h"

/* ---- the unit ------------------------------------------------------------------------------------------ */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && !strcmp(s + n - m, end);
}

bool plan_systemd_is_slice(const struct plan_cgroup *cg)
{
    return cg->scope && ends_with(cg->scope, ".slice");
}

static int add_bool(struct plan_systemd_properties *list, const char *name, bool value)
{
    return plan_systemd_properties_add(list, name, plan_variant_bool(list->arena, value));
}

/* A slice's parent is in its name; what is said beside it is a wish for order. */
static int add_parent(struct plan_systemd_properties *list, const struct plan_cgroup *cg)
{
    struct plan_variant *wants = plan_variant_container(list->arena, "as");
    int r;

    if (!cg->slice || !plan_systemd_is_slice(cg))
        return 0;
    r = plan_variant_append(list->arena, wants, plan_variant_string(list->arena, cg->slice));
    return r < 0 ? r : plan_systemd_properties_add(list, "Wants", wants);
}

/*
 * Delegate: systemd leaves what is below the cgroup alone, and lets us have its controllers; slices can't
 * have it.  CollectMode: a unit that failed is forgotten as well, else its name would stay taken.  TasksMax:
 * else systemd's default for services, a part of the machine's, would be in force.
 */
static int add_unit(struct plan_systemd_properties *list, const struct plan *plan)
{
    bool slice = plan_systemd_is_slice(&plan->cgroup), v2 = plan->facts.cgroup_layout == PLAN_CGROUP_V2;
    struct arena *arena = list->arena;
    int r = plan_systemd_properties_add(
        list, "Description",
        plan_variant_string(arena, arena_printf(arena, "ocirt container %s", plan->options.id)));

    if (r == 0)
        r = add_parent(list, &plan->cgroup);
    if (r == 0 && !slice)
        r = add_bool(list, "Delegate", true);
    if (r == 0)
        r = add_bool(list, "DefaultDependencies", false);
    if (r == 0)
        r = plan_systemd_properties_add(list, "CollectMode",
                                        plan_variant_string(arena, "inactive-or-failed"));
    if (r == 0)
        r = add_bool(list, "MemoryAccounting", true);
    if (r == 0)
        r = add_bool(list, "TasksAccounting", true);
    if (r == 0)
        r = add_bool(list, v2 ? "IOAccounting" : "BlockIOAccounting", true);
    if (r == 0)
        r = plan_systemd_properties_add(list, "TasksMax", plan_variant_natural(arena, "t", UINT64_MAX));
    return r;
}

/* ---- devices ------------------------------------------------------------------------------------------- */

/* As our own BPF program: who has no rights over the host needs none. */
static int add_devices(struct plan_systemd_properties *list, const struct plan_facts *facts,
                       const struct plan_device_rules *devices, bool replace)
{
    if (!devices || facts->rootless || facts->in_user_namespace)
        return 0;
    return plan_systemd_devices_add(list, devices, replace);
}

/* ---- annotations --------------------------------------------------------------------------------------- */

/* They decide which processes and which place the unit has; both are said elsewhere. */
static const char *const ours[] = { "PIDs", "PIDFDs", "Slice", "Controller" };

static bool is_name(const char *s)
{
    if (!isalpha((unsigned char) *s))
        return false;
    while (isalnum((unsigned char) *s))
        s++;
    return !*s;
}

/*
 * What a unit file calls TimeoutStopSec, in seconds, is TimeoutStopUSec on the bus, in microseconds.  runc
 * and crun convert the value of a name that ends with Sec, and so do we.
 */
static int from_seconds(struct arena *arena, const char **name, struct plan_variant **value)
{
    const struct plan_variant *v = *value;
    size_t n = strlen(*name);
    double seconds = strchr("nix", v->type[0])    ? (double) v->integer
                     : strchr("yqut", v->type[0]) ? (double) v->natural
                     : v->type[0] == 'd'          ? v->real
                                                  : -1;

    if (!ends_with(*name, "Sec") || ends_with(*name, "USec"))
        return 0;
    if (!(seconds >= 0 && seconds < 9e12))
        return -EINVAL;
    *name = arena_printf(arena, "%.*sUSec", (int) (n - 3), *name);
    *value = plan_variant_natural(arena, "t", (uint64_t) (seconds * 1e6 + 0.5));
    return *name && *value ? 0 : -ENOMEM;
}

static int add_annotation(struct plan_systemd_properties *list, const struct plan *plan,
                          const struct json_pair *pair, struct err *err)
{
    const char *name = pair->key + strlen(PLAN_ANNOTATION_SYSTEMD_PROPERTY), *why = NULL;
    struct plan_variant *value = NULL;
    int r;

    if (!is_name(name))
        return ERR_AT(err, plan->spec, annotations, ERR_CONFIG_VALUE, 0,
                      "%s: \"%s\" is no name of a systemd property", pair->key, name);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(name, ours[i]))
            return ERR_AT(err, plan->spec, annotations, ERR_CONFIG_VALUE, 0,
                          "%s: this property is ocirt's to set", pair->key);
    r = plan_variant_parse(pair->value, list->arena, &value, &why);
    if (r == -EINVAL) {
        r = ERR_AT(err, plan->spec, annotations, ERR_CONFIG_VALUE, 0, "%s: \"%s\" is no value: %s", pair->key,
                   pair->value, why);
        err_hint(err, "values are written as GVariant's text: 'a string', true, uint64 100, ['a', 'b']");
        return r;
    }
    if (r == 0)
        r = from_seconds(list->arena, &name, &value);
    if (r == -EINVAL)
        return ERR_AT(err, plan->spec, annotations, ERR_CONFIG_VALUE, 0, "%s: \"%s\" is no number of seconds",
                      pair->key, pair->value);
    if (r == 0)
        r = plan_systemd_properties_add(list, name, value);
    return r < 0 ? err_nomem(err) : 0;
}

static int add_annotations(struct plan_systemd_properties *list, const struct plan *plan, struct err *err)
{
    const struct json_map *map = &plan->spec->annotations;
    size_t n = strlen(PLAN_ANNOTATION_SYSTEMD_PROPERTY);
    int failed = 0;

    for (size_t i = 0; i < map->n; i++) {
        int r = strncmp(map->v[i].key, PLAN_ANNOTATION_SYSTEMD_PROPERTY, n)
                    ? 0
                    : add_annotation(list, plan, &map->v[i], err);

        if (r < 0 && !err->collect)
            return r;
        failed = failed ? failed : r;
    }
    return failed;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static struct plan_systemd_properties *new_list(struct arena *arena)
{
    struct plan_systemd_properties *list = arena_alloc(arena, sizeof *list);

    if (list)
        list->arena = arena;
    return list;
}

int plan_systemd_properties_compile(const struct plan *plan, struct arena *arena,
                                    struct plan_systemd_properties **ret, struct err *err)
{
    struct plan_systemd_properties *list = new_list(arena);
    int r, s;

    if (!list || add_unit(list, plan) < 0)
        return err_nomem(err);
    r = plan_systemd_limits_add(list, &plan->facts, plan->cgroup.writes, err);
    if (r < 0 && !err->collect)
        return r;
    if (add_devices(list, &plan->facts, plan->cgroup.device_rules, false) < 0)
        return err_nomem(err);
    s = add_annotations(list, plan, err);
    if (r < 0 || s < 0)
        return r < 0 ? r : s;
    *ret = list;
    return 0;
}

int plan_systemd_limits_compile(const struct plan_facts *facts, const struct plan_cgroup_writes *writes,
                                const struct plan_device_rules *devices, struct arena *arena,
                                struct plan_systemd_properties **ret, struct err *err)
{
    struct plan_systemd_properties *list = new_list(arena);
    int r;

    if (!list)
        return err_nomem(err);
    r = plan_systemd_limits_add(list, facts, writes, err);
    if (r < 0)
        return r;
    if (add_devices(list, facts, devices, true) < 0)
        return err_nomem(err);
    *ret = list;
    return 0;
}

void plan_systemd_properties_print(const struct plan_systemd_properties *list, const char *before,
                                   struct text *out)
{
    for (size_t i = 0; i < list->n; i++) {
        text_add(out, "%s%s %s ", before, list->v[i].name, list->v[i].value->type);
        plan_variant_print(list->v[i].value, out);
        text_add(out, "\n");
    }
}
