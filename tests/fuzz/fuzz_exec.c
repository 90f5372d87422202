/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_exec.c - any document as the process of exec, in a container with and without a user namespace.
 *
 * The first byte chooses the host and the container.  What is accepted has arguments and an environment that
 * end, and ids that the container knows.
 */
#include "tests/fuzz/fuzz.h"

static size_t count(char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return n;
}

static void check(const struct plan *container, const struct plan_process *p)
{
    require(count(p->argv) > 0 && count(p->envp) >= p->n_env && p->cwd[0] == '/');
    require(plan_id_is_mapped(container->ids.uid, container->ids.n_uid, p->uid));
    require(plan_id_is_mapped(container->ids.gid, container->ids.n_gid, p->gid));
    for (size_t i = 0; i < p->n_groups; i++)
        require(plan_id_is_mapped(container->ids.gid, container->ids.n_gid, p->groups[i]));
    for (size_t i = 0; i < p->n_rlimits; i++)
        require(p->rlimits[i].soft <= p->rlimits[i].hard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct oci_process process = { 0 };
    struct json_error why;
    struct err err = { .collect = size && data[0] & 64 };
    struct plan_facts facts = fuzz_facts(size ? data[0] : 0);
    struct plan_options options = {
        .id = "fuzz", .bundle = "/bundle", .consented = true, .manager = PLAN_MANAGER_DISABLED
    };
    struct plan_process *compiled = NULL;
    struct err_source source = { .name = "process.json" };
    struct plan *container;
    char *text;

    if (!size || !fuzz_config(&arena, "", "", &spec, &text))
        return 0;
    container = fuzz_plan(&spec, text, &options, &facts, false);
    source.text = text = fuzz_string(&arena, data + 1, size - 1);
    err.source = &source;
    if (container &&
        json_read(&oci_process_type, &process, source.name, text, strlen(text), &arena, &why) == 0) {
        if (plan_process_compile(&spec, &process, &options, &facts, &arena, &compiled, &err) == 0)
            check(container, compiled);
        else
            fuzz_check_errors(&err);
    }
    err_done(&err);
    plan_free(container);
    return 0;
}
