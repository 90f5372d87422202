/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_cgroup.c - any text as cgroupsPath, and as what systemd is to be told beside it.
 *
 * The first byte chooses the host, the next strings are the path, a property of systemd and its value, and a
 * subgroup.  A path that is accepted stays below its mount point; names of units have no slash.
 */
#include "plan/cgroup.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct plan_cgroup *cg, struct arena *arena)
{
    if (cg->path)
        require(plan_cgroup_path_is_sound(cg->path));
    if (cg->subgroup)
        require(*cg->subgroup && plan_cgroup_path_is_sound(arena_printf(arena, "/%s", cg->subgroup)));
    if (cg->scope)
        require(*cg->scope && !strchr(cg->scope, '/') && strlen(cg->scope) < 256);
    if (cg->slice)
        require(!strchr(cg->slice, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum plan_cgroup_manager managers[] = { PLAN_MANAGER_CGROUPFS, PLAN_MANAGER_SYSTEMD,
                                                         PLAN_MANAGER_DISABLED, PLAN_MANAGER_SYSTEMD };
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct plan_facts facts = fuzz_facts(size ? data[0] : 0);
    struct plan_options options = { .id = "fuzz", .bundle = "/bundle", .consented = true };
    const char *path = "", *annotations = "";
    struct plan *plan;
    char **words, *text;
    size_t n;

    if (!size)
        return 0;
    options.manager = managers[data[0] >> 4 & 3];
    words = fuzz_words(&arena, data + 1, size - 1, &n);
    if (n > 0)
        path = arena_printf(&arena, "\"cgroupsPath\": %s, ", fuzz_quote(&arena, words[0]));
    if (n > 3)
        annotations =
            arena_printf(&arena, "\"annotations\": {%s: %s, \"run.oci.systemd.subgroup\": %s}, ",
                         fuzz_quote(&arena, arena_printf(&arena, "org.systemd.property.%s", words[1])),
                         fuzz_quote(&arena, words[2]), fuzz_quote(&arena, words[3]));
    require(path && annotations);
    if (!fuzz_config(&arena, annotations, path, &spec, &text))
        return 0;
    plan = fuzz_plan(&spec, text, &options, &facts, data[0] & 64);
    if (plan)
        check(&plan->cgroup, &arena);
    plan_free(plan);
    return 0;
}
