/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_seccomp.c - the seccomp program of any profile.
 *
 * What is compiled is a program that the kernel could load: every jump lands in it, and it ends by returning.
 */
#include "host/seccomp_compile.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct sock_filter *program, size_t n)
{
    require(n > 0 && n <= BPF_MAXINSNS && BPF_CLASS(program[n - 1].code) == BPF_RET);
    for (size_t i = 0; i < n; i++) {
        if (BPF_CLASS(program[i].code) != BPF_JMP)
            continue;
        if (BPF_OP(program[i].code) == BPF_JA)
            require(program[i].k < n - i - 1);
        else
            require(program[i].jt < n - i - 1 && program[i].jf < n - i - 1);
    }
}

static void compile(const struct plan_seccomp *seccomp)
{
    size_t warned = 0, n = 0;
    struct err err = { .warn = fuzz_note, .context = &warned };
    struct sock_filter *program = NULL;

    if (host_seccomp_compile(seccomp, &program, &n, &err) < 0)
        fuzz_check_errors(&err);
    else
        check(program, n);
    free(program);
    err_done(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct plan_facts facts = fuzz_facts(1);
    struct plan_options options = {
        .id = "fuzz", .bundle = "/bundle", .consented = true, .manager = PLAN_MANAGER_DISABLED
    };
    struct plan *plan;
    char *text, *part = fuzz_string(&arena, data, size);

    if (!fuzz_config(&arena, "", arena_printf(&arena, "\"seccomp\": %s, ", part), &spec, &text))
        return 0;
    plan = fuzz_plan(&spec, text, &options, &facts, false);
    if (plan && plan->seccomp && !plan->seccomp->raw_bpf)
        compile(plan->seccomp);
    plan_free(plan);
    return 0;
}
