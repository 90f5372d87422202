/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_plan.c - the plan of any configuration: there is one that can be printed, or there is a sentence.
 *
 * The first byte chooses the host.  A good corpus are the .json files of tests/plan with a byte in front.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void note(void *context, const char *text)
{
    *(size_t *) context += strlen(text);
}

static struct plan_facts facts_of(uint8_t bits)
{
    static const struct plan_hierarchy hierarchies[] = {
        { "cpu,cpuacct", "cpu,cpuacct" },
        { "systemd", "none,name=systemd" },
        { "unified", "" },
    };

    return (struct plan_facts){
        .cgroup_layout = (enum plan_cgroup_layout)(bits & 3),
        .hierarchies = hierarchies,
        .n_hierarchies = bits & 2 ? 3 : 0,
        .euid = bits & 4 ? 1000 : 0,
        .rootless = bits & 4,
        .in_user_namespace = bits & 8,
        .last_capability = 40,
    };
}

static void check_errors(const struct err *err)
{
    require(err_is_set(err));
    for (; err; err = err->next)
        require(err->text && *err->text && err->code != ERR_NONE);
}

static void compile(const struct oci_spec *spec, const char *text, uint8_t bits)
{
    struct plan_facts facts = facts_of(bits);
    struct plan_options options = {
        .id = "fuzz",
        .bundle = "/bundle",
        .manager = bits & 16 ? PLAN_MANAGER_SYSTEMD : PLAN_MANAGER_CGROUPFS,
        .listen_fds = bits & 32 ? 1 : 0,
        .notify_socket = bits & 32 ? "/run/notify" : NULL,
    };
    struct err_source source = { .name = "fuzz", .text = text };
    size_t warned = 0;
    struct err err = { .source = &source, .warn = note, .context = &warned, .collect = bits & 64 };
    autotext struct text out = { 0 };
    struct plan *plan = NULL;

    if (plan_compile(spec, &options, &facts, &plan, &err) < 0) {
        require(!plan);
        check_errors(&err);
    } else {
        require(!err_is_set(&err));
        require(plan_print(plan, &out) == 0);
    }
    plan_free(plan);
    err_done(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error err;
    char *text = size ? calloc(1, size) : NULL;

    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    if (json_read(&oci_spec_type, &spec, "fuzz", text, size - 1, &arena, &err) == 0)
        compile(&spec, text, data[0]);
    arena_free(&arena);
    free(text);
    return 0;
}
