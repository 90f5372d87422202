/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_ids.c - any id maps: of a container, and as the text of a mount's idmap=.
 *
 * The first byte chooses the host, the second tells how many bytes are the container's ranges; behind them is
 * the text.  Ranges that are accepted neither overlap nor run over the end, on either side.
 */
#include "tests/fuzz/fuzz.h"

static bool overlap(uint32_t a, uint32_t n, uint32_t b, uint32_t m)
{
    return a < (uint64_t) b + m && b < (uint64_t) a + n;
}

static void check(const struct plan_id_range *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        require(v[i].size && (uint64_t) v[i].inside + v[i].size <= UINT32_MAX &&
                (uint64_t) v[i].outside + v[i].size <= UINT32_MAX);
        for (size_t k = 0; k < i; k++)
            require(!overlap(v[i].inside, v[i].size, v[k].inside, v[k].size) &&
                    !overlap(v[i].outside, v[i].size, v[k].outside, v[k].size));
    }
}

/* A list of ranges in JSON; a byte at each of their numbers is shifted, so that the ends are near. */
static const char *mappings(struct arena *arena, const uint8_t *data, size_t size)
{
    const char *list = "";

    for (size_t i = 0; i + 6 <= size; i += 6) {
        list = arena_printf(arena, "%s%s{\"containerID\": %u, \"hostID\": %u, \"size\": %u}", list,
                            i ? ", " : "", (unsigned) data[i] << (data[i + 1] & 31),
                            (unsigned) data[i + 2] << (data[i + 3] & 31),
                            (unsigned) data[i + 4] << (data[i + 5] & 31));
        require(list);
    }
    return list;
}

static char *config(struct arena *arena, const char *ranges, const char *text)
{
    return arena_printf(
        arena,
        "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"rootfs\"}, \"mounts\": [{\"destination\": "
        "\"/m\", "
        "\"type\": \"bind\", \"source\": \"/s\", \"options\": [\"bind\", %s]}], \"linux\": {\"namespaces\": "
        "[{\"type\": \"mount\"}, {\"type\": \"user\"}], \"uidMappings\": [%s], \"gidMappings\": [%s]}}",
        fuzz_quote(arena, arena_printf(arena, "idmap=%s", text)), ranges, ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error err;
    struct plan_facts facts = fuzz_facts(size ? data[0] : 0);
    struct plan_options options = {
        .id = "fuzz", .bundle = "/bundle", .consented = true, .manager = PLAN_MANAGER_DISABLED
    };
    struct plan *plan;
    size_t n;
    char *text;

    if (size < 2)
        return 0;
    n = data[1] < size - 2 ? data[1] : size - 2;
    text = config(&arena, mappings(&arena, data + 2, n), fuzz_string(&arena, data + 2 + n, size - 2 - n));
    require(text);
    if (json_read(&oci_spec_type, &spec, "fuzz", text, strlen(text), &arena, &err) < 0)
        return 0;
    plan = fuzz_plan(&spec, text, &options, &facts, data[0] & 64);
    if (plan) {
        check(plan->ids.uid, plan->ids.n_uid);
        check(plan->ids.gid, plan->ids.n_gid);
    }
    for (size_t i = 0; plan && i < plan->n_mounts; i++) {
        if (plan->mounts[i].id_map) {
            check(plan->mounts[i].id_map->uid, plan->mounts[i].id_map->n_uid);
            check(plan->mounts[i].id_map->gid, plan->mounts[i].id_map->n_gid);
        }
    }
    plan_free(plan);
    return 0;
}
