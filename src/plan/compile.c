/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile.c - the order in which a spec becomes a plan.
 *
 * The plan lies in its own arena; so it is moved into it at the start, and
 * freeing the arena frees the plan.
 */
#include "plan/compile.h"

#include <errno.h>
#include <string.h>

#include "plan/cgroup.h"

static int (*const steps[])(struct plan *plan, struct err *err) = {
    plan_check,
    plan_annotations_compile,
    plan_namespaces_compile,
    plan_ids_compile,
    plan_names_compile,
    plan_root_compile,
    plan_process_step,
    plan_mounts_compile,
    plan_devices_compile,
    plan_hide_compile,
    plan_sysctls_compile,
    plan_hooks_compile,
    plan_seccomp_compile,
    plan_net_devices_compile,
    plan_rdt_compile,
    plan_memory_policy_compile,
    plan_personality_compile,
    plan_cgroup_compile,
};

bool plan_go_on(const struct err *err, int r, int *failed)
{
    if (r >= 0)
        return true;
    if (*failed == 0)
        *failed = r;
    return err->collect && r != -ENOMEM;
}

static int run_steps(struct plan *plan, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!plan_go_on(err, steps[i](plan, err), &failed))
            break;
    return failed;
}

static struct plan *plan_new(void)
{
    struct arena arena = { 0 };
    struct plan *plan = arena_alloc(&arena, sizeof *plan);

    if (!plan)
        return NULL;
    plan->arena = arena;
    plan->null_tree_fd = -1;
    plan->root.tree_fd = -1;
    return plan;
}

int plan_compile(const struct oci_spec *spec, const struct plan_options *options,
                 const struct plan_facts *facts, struct plan **ret_plan, struct err *err)
{
    struct plan *plan = plan_new();
    int r;

    if (!plan)
        return err_nomem(err);
    plan->spec = spec;
    plan->options = *options;
    plan->facts = *facts;
    r = run_steps(plan, err);
    if (r < 0) {
        plan_free(plan);
        return r;
    }
    *ret_plan = plan;
    return 0;
}

void plan_free(struct plan *plan)
{
    struct arena arena;

    if (!plan)
        return;
    arena = plan->arena;
    arena_free(&arena);
}

const struct oci_linux *plan_linux(const struct oci_spec *spec)
{
    static const struct oci_linux none;

    return spec->linux ? spec->linux : &none;
}
