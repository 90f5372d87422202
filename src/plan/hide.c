/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hide.c - masked and read-only paths (config-linux.md "Masked Paths", "Readonly Paths").
 */
#include <sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

static int check_path(const struct oci_linux *linux, size_t member, size_t index, const char *path,
                      struct err *err)
{
    if (*path != '/')
        return err_at_index(err, &linux->node, member, index, ERR_CONFIG_VALUE, 0,
                            "\"%s\" is not an absolute path", path);
    if (path[strspn(path, "/.")] == '\0')
        return err_at_index(err, &linux->node, member, index, ERR_CONFIG_VALUE, 0,
                            "\"%s\" is the root itself", path);
    return 0;
}

static int compile_list(struct plan *plan, size_t member, const struct json_strings *paths, bool readonly,
                        struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int failed = 0, r;

    if (paths->n && !plan_has_namespace(plan, CLONE_NEWNS)) {
        r = err_at(err, &linux->node, member, ERR_NAMESPACE, 0,
                   "paths can only be hidden in a mount namespace");
        err_hint(err, "add { \"type\": \"mount\" } to linux.namespaces");
        return r;
    }
    for (size_t i = 0; i < paths->n; i++) {
        if (!plan_go_on(err, check_path(linux, member, i, paths->v[i], err), &failed))
            return failed;
        plan->hidden[plan->n_hidden++] =
            (struct plan_hidden){ .path = paths->v[i], .index = i, .readonly = readonly };
    }
    return failed;
}

int plan_hide_compile(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int failed = 0;

    plan->hidden =
        arena_array(&plan->arena, linux->masked_paths.n + linux->readonly_paths.n, sizeof *plan->hidden);
    if (!plan->hidden)
        return err_nomem(err);
    if (!plan_go_on(
            err,
            compile_list(plan, offsetof(struct oci_linux, masked_paths), &linux->masked_paths, false, err),
            &failed))
        return failed;
    (void) plan_go_on(
        err,
        compile_list(plan, offsetof(struct oci_linux, readonly_paths), &linux->readonly_paths, true, err),
        &failed);
    return failed;
}
