/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup.c - where the container's cgroup is, and what it is to be told.
 *
 * linux.cgroupsPath has two forms.  For the cgroupfs manager it is a path: absolute ones are below the mount
 * point (config-linux.md "Cgroups Path"), relative ones too, for the same value must always mean the same
 * place; where a rootless runtime may not write there, the host side puts relative ones beside the runtime's
 * own cgroup.  For the systemd manager it is "slice:prefix:name".  None is "ocirt-ID".
 */
#include "plan/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "plan/systemd_properties.h"

/* ---- paths --------------------------------------------------------------------------------------------- */

bool plan_cgroup_path_is_sound(const char *path)
{
    size_t n;

    if (strchr(path, '\n') || strlen(path) >= PATH_MAX)
        return false;
    path += *path == '/';
    do {
        n = strcspn(path, "/");
        if (n == 0 || n > NAME_MAX || (n == 1 && path[0] == '.') ||
            (n == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += n + (path[n] == '/');
    } while (path[-1] == '/' || *path);
    return true;
}

/* Puts one "/" before each component and drops "."; ".." is left to be refused. */
static char *clean(struct arena *arena, const char *path)
{
    autotext struct text text = { 0 };

    for (size_t n; *path; path += n) {
        n = strspn(path, "/");
        path += n;
        n = strcspn(path, "/");
        if (n && !(n == 1 && *path == '.'))
            text_add(&text, "/%.*s", (int) n, path);
    }
    return text_result(&text) < 0 ? NULL : arena_strdup(arena, text_string(&text));
}

static bool has_two_colons(const char *s)
{
    const char *colon = strchr(s, ':');

    return colon && strchr(colon + 1, ':');
}

static int cgroupfs_path(struct plan *plan, const struct oci_linux *l, struct err *err)
{
    struct plan_cgroup *cg = &plan->cgroup;
    const char *given = l ? l->cgroups_path : NULL;

    cg->path_is_relative = !given || *given != '/';
    if (!given || !*given) {
        cg->path = arena_printf(&plan->arena, "/ocirt-%s", plan->options.id);
        return cg->path ? 0 : err_nomem(err);
    }
    if (*given != '/' && has_two_colons(given)) {
        int r =
            ERR_AT(err, l, cgroups_path, ERR_CONFIG_VALUE, 0,
                   "\"%s\" has the form slice:prefix:name, which is for the systemd cgroup manager", given);

        err_hint(err, "call with --systemd-cgroup, or give a path as in \"/a/b\"");
        return r;
    }
    cg->path = clean(&plan->arena, given);
    if (!cg->path)
        return err_nomem(err);
    if (!*cg->path)
        return ERR_AT(err, l, cgroups_path, ERR_CONFIG_VALUE, 0,
                      "\"%s\" is the root, which is no container's", given);
    if (!plan_cgroup_path_is_sound(cg->path))
        return ERR_AT(
            err, l, cgroups_path, ERR_CONFIG_VALUE, 0,
            "must not have \"..\", a line break, a component of more than 255 bytes or more than 4095 in "
            "all");
    return 0;
}

/* ---- systemd ------------------------------------------------------------------------------------------- */

/* What systemd takes in the name of a unit (unit_name_is_valid()). */
static bool is_unit_name(const char *s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

    return *s && strspn(s, allowed) == strlen(s) && strlen(s) <= NAME_MAX;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && !strcmp(s + n - m, end);
}

static int systemd_names(struct plan *plan, const struct oci_linux *l, const char *given, struct err *err)
{
    struct plan_cgroup *cg = &plan->cgroup;
    const char *first = strchr(given, ':'), *second = first ? strchr(first + 1, ':') : NULL;

    if (!second || strchr(second + 1, ':'))
        return ERR_AT(
            err, l, cgroups_path, ERR_CONFIG_VALUE, 0,
            "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"%s\" "
            "instead",
            given);
    const char *prefix = arena_strndup(&plan->arena, first + 1, (size_t) (second - first - 1));

    if (first > given)
        cg->slice = arena_strndup(&plan->arena, given, (size_t) (first - given));
    /* A name that is a slice itself is used as it is: runc's way to put a container straight into a slice. */
    if (ends_with(second + 1, ".slice"))
        cg->scope = arena_strdup(&plan->arena, second + 1);
    else
        cg->scope = arena_printf(&plan->arena, "%s%s%s.scope", prefix ? prefix : "",
                                 prefix && *prefix ? "-" : "", second + 1);
    if (!prefix || !cg->scope || (first > given && !cg->slice))
        return err_nomem(err);
    if (!second[1] || !is_unit_name(cg->scope))
        return ERR_AT(err, l, cgroups_path, ERR_CONFIG_VALUE, 0, "\"%s\" is no name of a systemd unit",
                      cg->scope);
    if (cg->slice &&
        (!is_unit_name(cg->slice) || (!ends_with(cg->slice, ".slice") && strcmp(cg->slice, "-.slice"))))
        return ERR_AT(err, l, cgroups_path, ERR_CONFIG_VALUE, 0, "\"%s\" is no name of a systemd slice",
                      cg->slice);
    return 0;
}

static int systemd_path(struct plan *plan, const struct oci_linux *l, struct err *err)
{
    if (l && l->cgroups_path && *l->cgroups_path)
        return systemd_names(plan, l, l->cgroups_path, err);
    plan->cgroup.scope = arena_printf(&plan->arena, "ocirt-%s.scope", plan->options.id);
    return plan->cgroup.scope ? 0 : err_nomem(err);
}

/* ---- ownership ----------------------------------------------------------------------------------------- */

static bool has_option(const struct json_strings *options, const char *option)
{
    for (size_t i = 0; i < options->n; i++)
        if (!strcmp(options->v[i], option))
            return true;
    return false;
}

static bool is_cgroup_mount(struct plan *plan, const struct oci_mount *m)
{
    const char *destination = m->destination ? clean(&plan->arena, m->destination) : NULL;

    return m->source && !strcmp(m->source, "cgroup") && destination && !strcmp(destination, "/sys/fs/cgroup");
}

/* config-linux.md "Cgroup ownership": v2, a new cgroup namespace, and the cgroup mounted writable. */
static bool delegates(struct plan *plan, const struct oci_linux *l)
{
    bool fresh = false;

    if (plan->facts.cgroup_layout != PLAN_CGROUP_V2)
        return false;
    for (size_t i = 0; l && i < l->namespaces.n; i++)
        fresh |= l->namespaces.v[i]->type == OCI_NAMESPACE_CGROUP && !l->namespaces.v[i]->path;
    for (size_t i = 0; fresh && i < plan->spec->mounts.n; i++) {
        const struct oci_mount *m = plan->spec->mounts.v[i];

        if (is_cgroup_mount(plan, m) && !has_option(&m->options, "ro"))
            return true;
    }
    return false;
}

/* ---- annotations --------------------------------------------------------------------------------------- */

static const char *annotation(const struct plan *plan, const char *key)
{
    const struct json_map *map = &plan->spec->annotations;

    for (size_t i = 0; i < map->n; i++)
        if (!strcmp(map->v[i].key, key))
            return map->v[i].value;
    return NULL;
}

/*
 * Annotations often come from an image's or a pod's author: nothing in them may lead out of the container's
 * cgroup.
 */
static int subgroup(struct plan *plan, const char *key, const char **ret, struct err *err)
{
    const char *value = annotation(plan, key);

    if (!value || !*value)
        return 0;
    if (*value == '/' || !plan_cgroup_path_is_sound(value))
        return ERR_AT(err, plan->spec, annotations, ERR_CONFIG_VALUE, 0,
                      "%s: \"%s\" is no path below the container's cgroup", key, value);
    *ret = value;
    return 0;
}

static int subgroups(struct plan *plan, struct err *err)
{
    struct plan_cgroup *cg = &plan->cgroup;
    int r = subgroup(plan, "run.oci.delegate-cgroup", &cg->delegate_path, err);

    if (r < 0)
        return r;
    if (cg->delegate_path && plan->facts.cgroup_layout != PLAN_CGROUP_V2)
        return ERR_AT(err, plan->spec, annotations, ERR_UNSUPPORTED, 0,
                      "run.oci.delegate-cgroup needs cgroup v2");
    if (cg->manager != PLAN_MANAGER_SYSTEMD)
        return 0;
    r = subgroup(plan, "run.oci.systemd.subgroup", &cg->subgroup, err);
    if (r == 0 && cg->subgroup && plan->facts.cgroup_layout != PLAN_CGROUP_V2)
        return ERR_AT(err, plan->spec, annotations, ERR_UNSUPPORTED, 0,
                      "run.oci.systemd.subgroup needs cgroup v2");
    return r;
}

/* ---- resources ----------------------------------------------------------------------------------------- */

static int add_device_writes(struct plan *plan, struct err *err)
{
    struct plan_cgroup_writes *devices, *limits = plan->cgroup.writes;
    struct plan_cgroup_write *v;
    int r = plan_device_writes_compile(plan->cgroup.device_rules, &plan->arena, &devices, err);

    if (r < 0)
        return r;
    v = arena_array(&plan->arena, limits->n + devices->n, sizeof *v);
    if (!v)
        return err_nomem(err);
    memcpy(v, devices->v, devices->n * sizeof *v);
    if (limits->n)
        memcpy(v + devices->n, limits->v, limits->n * sizeof *v);
    *limits = (struct plan_cgroup_writes){ .v = v, .n = limits->n + devices->n };
    return 0;
}

static int resources(struct plan *plan, struct err *err)
{
    struct plan_cgroup *cg = &plan->cgroup;
    int r = plan_cgroup_writes_compile(cg->resources, &plan->facts, NULL, &plan->arena, &cg->writes, err);
    int d = plan_device_rules_compile(cg->resources, plan->devices, plan->n_devices, &plan->arena,
                                      &cg->device_rules, err);

    if (r < 0 || d < 0)
        return r < 0 ? r : d;
    /* Who has no rights over the host can't make device nodes, nor give devices out. */
    if (!plan->facts.rootless && !plan->facts.in_user_namespace &&
        plan_cgroup_hierarchy(&plan->facts, "devices"))
        return add_device_writes(plan, err);
    return 0;
}

/* The caller wants no cgroup (podman --cgroups=disabled): limits have no place then. */
static int no_resources(struct plan *plan, struct err *err)
{
    struct plan_cgroup *cg = &plan->cgroup;
    struct err quiet = { 0 };

    cg->writes = arena_alloc(&plan->arena, sizeof *cg->writes);
    cg->device_rules = arena_alloc(&plan->arena, sizeof *cg->device_rules);
    if (!cg->writes || !cg->device_rules)
        return err_nomem(err);
    if (cg->resources) {
        struct plan_cgroup_writes *ignored = NULL;
        int r = plan_cgroup_writes_compile(cg->resources, &plan->facts, NULL, &plan->arena, &ignored, &quiet);

        if (r < 0 || ignored->n)
            err_warn_at(err, &cg->resources->node, ERR_NO_MEMBER,
                        "ignored: the cgroup manager is \"disabled\"");
        err_done(&quiet);
    }
    return 0;
}

int plan_cgroup_compile(struct plan *plan, struct err *err)
{
    const struct oci_linux *l = plan->spec->linux;
    struct plan_cgroup *cg = &plan->cgroup;
    int r, s;

    cg->manager = plan->options.manager;
    cg->resources = l ? l->resources : NULL;
    if (cg->manager == PLAN_MANAGER_DISABLED)
        return no_resources(plan, err);
    r = cg->manager == PLAN_MANAGER_SYSTEMD ? systemd_path(plan, l, err) : cgroupfs_path(plan, l, err);
    if (r < 0 && !err->collect)
        return r;
    s = subgroups(plan, err);
    if (s < 0 && !err->collect)
        return s;
    cg->delegate = cg->delegate_path || delegates(plan, l);
    int t = resources(plan, err);
    if (r < 0 || s < 0 || t < 0)
        return r < 0 ? r : s < 0 ? s : t;
    if (cg->manager != PLAN_MANAGER_SYSTEMD)
        return 0;
    return plan_systemd_properties_compile(plan, &plan->arena, &cg->properties, err);
}
