/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capabilities.c - the five sets as masks (capabilities(7), config.md "capabilities").
 *
 * What the kernel does not know, or can't grant, is a warning and not an error
 * since version 1.1 of the specification.  A set that is not given is empty:
 * above all, nothing is inheritable unless it says so (CVE-2022-24769).
 */
#include <string.h>
#include <sys/capability.h>

#include "base/text.h"
#include "plan/capability_name.h"
#include "plan/compile.h"

struct set {
    size_t member;
    const struct json_strings *names;
    uint64_t *mask;
};

/* Newer kernels than the headers that libcap was built with have more. */
static bool number_of(const char *name, const struct plan_facts *facts, cap_value_t *ret)
{
    return !strncmp(name, "CAP_", 4) && cap_from_name(name, ret) == 0 && *ret <= facts->last_capability &&
           *ret < 64;
}

static void compile_set(const struct oci_capabilities *from, const struct set *set,
                        const struct plan_facts *facts, struct err *err)
{
    for (size_t i = 0; i < set->names->n; i++) {
        cap_value_t number;

        if (number_of(set->names->v[i], facts, &number))
            *set->mask |= UINT64_C(1) << number;
        else
            err_warn_at(err, &from->node, set->member, "this kernel has no capability \"%s\"",
                        set->names->v[i]);
    }
}

static void warn_dropped(const struct oci_capabilities *from, uint64_t dropped, struct err *err)
{
    autotext struct text names = { 0 };

    for (int i = 0; i < 64; i++) {
        char *name = dropped & UINT64_C(1) << i ? plan_capability_name(i) : NULL;

        if (name)
            text_add(&names, "%s%s", names.n ? ", " : "", name);
        cap_free(name);
    }
    if (names.n)
        err_warn_at(err, &from->node, offsetof(struct oci_capabilities, ambient),
                    "what is ambient must be permitted and inheritable as well; left out: %s", names.s);
}

int plan_capabilities_compile(const struct oci_process *process, const struct plan_facts *facts,
                              struct plan_process *p, struct err *err)
{
    const struct oci_capabilities *from = process->capabilities;
    uint64_t *masks = p->capabilities, possible;

    if (!from)
        return 0;

    const struct set sets[] = {
        { offsetof(struct oci_capabilities, bounding), &from->bounding, &masks[STUB_BOUNDING] },
        { offsetof(struct oci_capabilities, effective), &from->effective, &masks[STUB_EFFECTIVE] },
        { offsetof(struct oci_capabilities, permitted), &from->permitted, &masks[STUB_PERMITTED] },
        { offsetof(struct oci_capabilities, inheritable), &from->inheritable, &masks[STUB_INHERITABLE] },
        { offsetof(struct oci_capabilities, ambient), &from->ambient, &masks[STUB_AMBIENT] },
    };

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        compile_set(from, &sets[i], facts, err);
    possible = masks[STUB_PERMITTED] & masks[STUB_INHERITABLE];
    warn_dropped(from, masks[STUB_AMBIENT] & ~possible, err);
    masks[STUB_AMBIENT] &= possible;
    p->has_capabilities = true;
    return 0;
}
