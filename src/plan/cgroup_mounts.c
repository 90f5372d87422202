/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_mounts.c - mounts of type cgroup: what the container sees of the cgroups.
 *
 * v2: with a cgroup namespace, a cgroup2 whose root is the container's cgroup;
 * without, the host's tree. v1: a tmpfs with a directory for each hierarchy;
 * in it a mount of the hierarchy, with a cgroup namespace, or the container's
 * own directory of it; and links for the controllers that share one.
 */
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"
#include "plan/compile.h"

static const char cgroup_directory[] = "/sys/fs/cgroup";

static struct plan_mount *append_like(struct plan_mount_list *list, const struct plan_mount *model)
{
    struct plan_mount *m = plan_mounts_append(list);

    if (m)
        *m = (struct plan_mount){
            .from = model->from,
            .target = model->target,
            .set = model->set,
            .clear = model->clear,
            .recursive_set = model->recursive_set,
            .recursive_clear = model->recursive_clear,
            .tree_fd = -1,
            .target_nofollow = model->target_nofollow,
        };
    return m;
}

static bool is_limited(const struct plan *plan)
{
    return plan->facts.rootless || plan->facts.in_user_namespace || plan_has_namespace(plan, CLONE_NEWUSER);
}

/*
 * Part of the tree may belong to the user who starts the container: never writable from inside
 * (CVE-2023-25809).
 */
static void close_for_user(const struct plan *plan, struct plan_mount *m)
{
    if (!is_limited(plan))
        return;
    m->set |= MOUNT_ATTR_RDONLY;
    m->clear &= ~(uint64_t) MOUNT_ATTR_RDONLY;
}

static void warn_closed(const struct plan *plan, const struct plan_mount *model, struct err *err)
{
    if (is_limited(plan) && !plan_has_namespace(plan, CLONE_NEWCGROUP) && model->clear & MOUNT_ATTR_RDONLY)
        err_warn_at(err, &model->from->node, offsetof(struct oci_mount, options),
                    "without a cgroup namespace the cgroups stay read-only in a user namespace");
}

/* ---- version 2 ----------------------------------------------------------------------------------------- */

static int bind_host_tree(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    struct plan_mount *m = append_like(list, model);

    if (!m)
        return err_nomem(err);
    m->kind = PLAN_MOUNT_BIND;
    m->source = cgroup_directory;
    m->recursive = true; /* in a user namespace a mount can't be cloned without what is below it */
    m->propagation = model->propagation ? model->propagation : MS_PRIVATE;
    m->propagation_recursive = true;
    close_for_user(list->plan, m);
    if (m->set & MOUNT_ATTR_RDONLY)
        m->recursive_set |= MOUNT_ATTR_RDONLY;
    return 0;
}

static int compile_v2(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    struct plan_mount *m;

    if (!plan_has_namespace(list->plan, CLONE_NEWCGROUP))
        return bind_host_tree(list, model, err);
    m = plan_mounts_append(list);
    if (!m)
        return err_nomem(err);
    *m = *model;
    m->type = "cgroup2";
    return 0;
}

/* ---- version 1 ----------------------------------------------------------------------------------------- */

/* "cpu,cpuacct" or "none,name=systemd" as options of the mount. */
static int add_hierarchy_options(struct plan_mount *m, const struct plan_hierarchy *h, struct arena *arena)
{
    size_t n = 1;

    for (const char *s = h->options; *s; s++)
        n += *s == ',';
    m->parameters = arena_array(arena, n, sizeof *m->parameters);
    if (!m->parameters)
        return -1;
    for (const char *s = h->options; *s;) {
        size_t len = strcspn(s, ","), key = strcspn(s, "=,");
        struct plan_parameter *p = &m->parameters[m->n_parameters++];

        p->key = arena_strndup(arena, s, key);
        p->value = key < len ? arena_strndup(arena, s + key + 1, len - key - 1) : NULL;
        if (!p->key || (key < len && !p->value))
            return -1;
        s += len + (s[len] == ',');
    }
    m->data = h->options;
    return 0;
}

/* The unified hierarchy of a hybrid host. */
static bool is_unified(const struct plan *plan, const struct plan_hierarchy *h)
{
    return plan->facts.cgroup_layout == PLAN_CGROUP_HYBRID && !strcmp(h->name, "unified");
}

static int add_hierarchy(struct plan_mount_list *list, const struct plan_mount *model,
                         const struct plan_hierarchy *h, struct err *err)
{
    struct plan *plan = list->plan;
    struct plan_mount *m = append_like(list, model);

    if (!m)
        return err_nomem(err);
    m->target = arena_printf(&plan->arena, "%s/%s", model->target, h->name);
    if (!m->target)
        return err_nomem(err);
    m->source = h->name;
    if (!plan_has_namespace(plan, CLONE_NEWCGROUP)) {
        m->kind = PLAN_MOUNT_CGROUP;
        m->propagation = MS_PRIVATE;
        close_for_user(plan, m);
        return 0;
    }
    m->kind = PLAN_MOUNT_FS;
    m->source = "cgroup";
    m->type = is_unified(plan, h) ? "cgroup2" : "cgroup";
    return is_unified(plan, h) || add_hierarchy_options(m, h, &plan->arena) == 0 ? 0 : err_nomem(err);
}

/* "cpu" and "cpuacct" lead to "cpu,cpuacct". */
static int add_links(struct plan_mount_list *list, const struct plan_mount *model,
                     const struct plan_hierarchy *h, struct err *err)
{
    struct arena *arena = &list->plan->arena;

    if (!strchr(h->name, ','))
        return 0;
    for (const char *s = h->name; *s;) {
        size_t n = strcspn(s, ",");
        struct plan_mount *m = plan_mounts_append(list);

        if (!m)
            return err_nomem(err);
        m->kind = PLAN_MOUNT_SYMLINK;
        m->from = model->from;
        m->source = h->name;
        m->target = arena_printf(arena, "%s/%.*s", model->target, (int) n, s);
        if (!m->target)
            return err_nomem(err);
        s += n + (s[n] == ',');
    }
    return 0;
}

/* The tmpfs is filled before it may become read-only. */
static int add_tmpfs(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    struct plan_mount *m = append_like(list, model);

    if (!m)
        return err_nomem(err);
    m->parameters = arena_array(&list->plan->arena, 1, sizeof *m->parameters);
    if (!m->parameters)
        return err_nomem(err);
    m->parameters[0] = (struct plan_parameter){ "mode", "755" };
    m->n_parameters = 1;
    m->data = "mode=755";
    m->kind = PLAN_MOUNT_FS;
    m->type = m->source = "tmpfs";
    m->set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
    m->recursive_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
    return 0;
}

static int close_tmpfs(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    struct plan_mount *m;

    if (!((model->set | model->recursive_set) & MOUNT_ATTR_RDONLY) && !model->propagation)
        return 0;
    m = plan_mounts_append(list);
    if (!m)
        return err_nomem(err);
    m->kind = PLAN_MOUNT_REMOUNT;
    m->from = model->from;
    m->target = model->target;
    m->flags = MS_BIND;
    m->set = (model->set | model->recursive_set) & MOUNT_ATTR_RDONLY;
    m->propagation = model->propagation;
    m->propagation_recursive = model->propagation_recursive;
    return 0;
}

static int compile_v1(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    const struct plan_facts *facts = &list->plan->facts;
    int r;

    if (model->n_parameters)
        return ERR_AT(err, model->from, options, ERR_MOUNT, 0, "cgroup version 1 has no option \"%s\"",
                      model->parameters[0].key);
    r = add_tmpfs(list, model, err);
    for (size_t i = 0; r >= 0 && i < facts->n_hierarchies; i++)
        r = add_hierarchy(list, model, &facts->hierarchies[i], err);
    for (size_t i = 0; r >= 0 && i < facts->n_hierarchies; i++)
        r = add_links(list, model, &facts->hierarchies[i], err);
    return r < 0 ? r : close_tmpfs(list, model, err);
}

int plan_cgroup_mounts_compile(struct plan_mount_list *list, const struct plan_mount *model, struct err *err)
{
    const struct plan *plan = list->plan;

    if (model->id_map)
        return ERR_AT(err, model->from, options, ERR_UNSUPPORTED, 0, "cgroups can't be id-mapped");
    warn_closed(plan, model, err);
    switch (plan->facts.cgroup_layout) {
    case PLAN_CGROUP_V2: return compile_v2(list, model, err);
    case PLAN_CGROUP_V1:
    case PLAN_CGROUP_HYBRID: return compile_v1(list, model, err);
    case PLAN_CGROUP_NONE: break;
    }
    if (plan->options.manager == PLAN_MANAGER_DISABLED) /* nobody has looked */
        return bind_host_tree(list, model, err);
    return ERR_AT(err, model->from, type, ERR_CGROUP, 0, "the host has no cgroups at %s", cgroup_directory);
}
