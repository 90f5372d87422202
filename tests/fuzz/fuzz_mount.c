/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_mount.c - any words as a mount: destination, type, source, and then its options.
 *
 * The first byte chooses the host.  No attribute is both set and cleared, targets are absolute, and what is
 * for fsconfig(2) fits into it.
 */
#include <linux/mount.h>

#include "tests/fuzz/fuzz.h"

static void check(const struct plan_mount *m)
{
    require(m->target && m->target[0] == '/');
    /* The mode of atime is a field that is cleared before it is set: mount_setattr(2). */
    require(!(m->set & m->clear & ~(uint64_t) MOUNT_ATTR__ATIME));
    require(!(m->recursive_set & m->recursive_clear & ~(uint64_t) MOUNT_ATTR__ATIME));
    for (size_t i = 0; m->kind == PLAN_MOUNT_FS && i < m->n_parameters; i++)
        require(*m->parameters[i].key && (!m->parameters[i].value || strlen(m->parameters[i].value) < 256));
    if (m->kind == PLAN_MOUNT_BIND)
        require(m->source && m->source[0] == '/');
    for (size_t i = 0; m->id_map && i < m->id_map->n_uid; i++)
        require(m->id_map->uid[i].size > 0);
}

static const char *options_of(struct arena *arena, char *const *words, size_t n)
{
    const char *list = "";

    for (size_t i = 0; i < n && i < 64; i++) {
        list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", fuzz_quote(arena, words[i]));
        require(list);
    }
    return list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct plan_facts facts = fuzz_facts(size ? data[0] : 0);
    struct plan_options options = {
        .id = "fuzz", .bundle = "/bundle", .consented = true, .manager = PLAN_MANAGER_DISABLED
    };
    struct plan *plan;
    char **words, *mounts, *text;
    size_t n;

    if (!size)
        return 0;
    words = fuzz_words(&arena, data + 1, size - 1, &n);
    if (n < 3)
        return 0;
    mounts = arena_printf(
        &arena, "\"mounts\": [{\"destination\": %s, \"type\": %s, \"source\": %s, \"options\": [%s]}], ",
        fuzz_quote(&arena, words[0]), fuzz_quote(&arena, words[1]), fuzz_quote(&arena, words[2]),
        options_of(&arena, words + 3, n - 3));
    require(mounts);
    if (!fuzz_config(&arena, mounts, "", &spec, &text))
        return 0;
    plan = fuzz_plan(&spec, text, &options, &facts, data[0] & 64);
    for (size_t i = 0; plan && i < plan->n_mounts; i++)
        check(&plan->mounts[i]);
    plan_free(plan);
    return 0;
}
