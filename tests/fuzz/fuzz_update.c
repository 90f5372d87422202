/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_update.c - any document as new limits for a container: what would be written, told to systemd, and
 * loaded.
 *
 * The first byte chooses the host, the second what is in force there.
 */
#include <linux/bpf.h>

#include "host/device_bpf.h"
#include "plan/cgroup.h"
#include "plan/systemd_properties.h"
#include "tests/fuzz/fuzz.h"

static void check_writes(const struct plan_cgroup_writes *writes)
{
    for (size_t i = 0; i < writes->n; i++)
        require(writes->v[i].file && *writes->v[i].file && !strchr(writes->v[i].file, '/') &&
                writes->v[i].value);
}

static int devices(const struct oci_resources *resources, struct arena *arena, struct plan_device_rules **ret,
                   struct err *err)
{
    struct plan_cgroup_writes *writes = NULL;
    struct bpf_insn *program = NULL;
    size_t n = 0;
    int r = plan_device_rules_compile(resources, NULL, 0, arena, ret, err);

    if (r < 0)
        return r;
    r = plan_device_writes_compile(*ret, arena, &writes, err);
    if (r == 0)
        check_writes(writes);
    require(host_device_bpf_compile(*ret, &program, &n) == 0 && n > 0);
    free(program);
    return r;
}

static int compile(const struct oci_resources *resources, const struct plan_facts *facts, uint8_t now,
                   struct arena *arena, struct err *err)
{
    const struct plan_cgroup_current current = {
        .quota = now & 1 ? 50000 : -1,
        .period = now & 2 ? 100000 : 0,
        .memory_limit = now & 4 ? 1 << 20 : -1,
    };
    struct plan_cgroup_writes *writes = NULL;
    struct plan_device_rules *rules = NULL;
    struct plan_systemd_properties *properties = NULL;
    int r = plan_cgroup_writes_compile(resources, facts, &current, arena, &writes, err);

    if (r < 0)
        return r;
    check_writes(writes);
    r = devices(resources, arena, &rules, err);
    return r < 0 ? r : plan_systemd_limits_compile(facts, writes, rules, arena, &properties, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_resources resources = { 0 };
    struct json_error why;
    struct err_source source = { .name = "resources.json" };
    size_t warned = 0;
    struct err err = { .source = &source, .warn = fuzz_note, .context = &warned };
    struct plan_facts facts;

    if (size < 2)
        return 0;
    facts = fuzz_facts(data[0]);
    source.text = fuzz_string(&arena, data + 2, size - 2);
    if (json_read(&oci_resources_type, &resources, source.name, source.text, strlen(source.text), &arena,
                  &why) == 0 &&
        compile(&resources, &facts, data[1], &arena, &err) < 0)
        fuzz_check_errors(&err);
    err_done(&err);
    return 0;
}
