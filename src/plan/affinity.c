/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * affinity.c - lists of CPUs and memory nodes as masks (cpuset(7) "List format").
 */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

enum {
    CPU_MAX = 8191, /* NR_CPUS is 8192 at most */
    WORD_BITS = sizeof(unsigned long) * CHAR_BIT,
};

static const char *skip_spaces(const char *s)
{
    return s + strspn(s, " ");
}

static const char *number(const char *s, unsigned max, unsigned *ret, const char **fault)
{
    unsigned n = 0;

    s = skip_spaces(s);
    if (*s < '0' || *s > '9')
        return *fault = *s ? "expected a number" : "a number is missing at the end", s;
    for (; *s >= '0' && *s <= '9'; s++) {
        n = n * 10 + (unsigned) (*s - '0');
        if (n > max)
            return *fault = "too large a number", s;
    }
    *ret = n;
    return skip_spaces(s);
}

/* One "3" or "3-5", and the comma behind it. */
static const char *range(const char *s, unsigned max, unsigned *ret_low, unsigned *ret_high,
                         const char **fault)
{
    s = number(s, max, ret_low, fault);
    *ret_high = *ret_low;
    if (!*fault && *s == '-')
        s = number(s + 1, max, ret_high, fault);
    if (*fault)
        return s;
    if (*ret_low > *ret_high)
        *fault = "a range begins behind its end";
    else if (*s == ',')
        s++;
    else if (*s)
        *fault = "expected \",\" between numbers";
    return s;
}

static const char *walk(const char *s, unsigned max, unsigned long *mask, unsigned *highest)
{
    const char *fault = NULL;

    for (s = skip_spaces(s); *s && !fault; s = skip_spaces(s)) {
        unsigned low = 0, high = 0;

        s = range(s, max, &low, &high, &fault);
        for (unsigned i = low; mask && !fault && i <= high; i++)
            mask[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
        *highest = high > *highest ? high : *highest;
    }
    return fault;
}

const char *plan_mask_parse(const char *list, unsigned max, struct arena *arena, unsigned long **ret_mask,
                            size_t *ret_words)
{
    unsigned highest = 0;
    const char *fault = walk(list, max, NULL, &highest);
    unsigned long *mask;

    if (fault)
        return fault;
    if (!*skip_spaces(list))
        return *ret_mask = NULL, *ret_words = 0, NULL;
    mask = arena_array(arena, highest / WORD_BITS + 1, sizeof *mask);
    if (!mask)
        return "out of memory";
    (void) walk(list, max, mask, &highest);
    *ret_mask = mask;
    *ret_words = highest / WORD_BITS + 1;
    return NULL;
}

/* ---- process.execCPUAffinity --------------------------------------------------------------------------- */

static unsigned long *widen(struct arena *arena, unsigned long *mask, size_t n, size_t wanted)
{
    unsigned long *wide = mask && n < wanted ? arena_array(arena, wanted, sizeof *wide) : NULL;

    if (wide)
        memcpy(wide, mask, n * sizeof *mask);
    return wide ? wide : mask;
}

static int parse(const struct oci_cpu_affinity *from, const char *list, size_t member, struct arena *arena,
                 unsigned long **ret, size_t *ret_n, struct err *err)
{
    const char *fault = list ? plan_mask_parse(list, CPU_MAX, arena, ret, ret_n) : NULL;

    return fault ? err_at(err, &from->node, member, ERR_SCHEDULER, 0, "\"%s\" is not a list of CPUs: %s",
                          list, fault)
                 : 0;
}

/* config.md: for exec; an empty list leaves the affinity alone. */
int plan_affinity_compile(const struct oci_process *process, struct arena *arena, struct plan_process *p,
                          struct err *err)
{
    const struct oci_cpu_affinity *from = process->exec_cpu_affinity;
    size_t n_initial = 0, n_final = 0;
    int failed = 0;

    if (!from)
        return 0;
    if (!plan_go_on(err,
                    parse(from, from->initial, offsetof(struct oci_cpu_affinity, initial), arena,
                          &p->initial_affinity, &n_initial, err),
                    &failed) ||
        !plan_go_on(err,
                    parse(from, from->final, offsetof(struct oci_cpu_affinity, final), arena,
                          &p->final_affinity, &n_final, err),
                    &failed))
        return failed;
    p->affinity_words = n_initial > n_final ? n_initial : n_final;
    p->initial_affinity = widen(arena, p->initial_affinity, n_initial, p->affinity_words);
    p->final_affinity = widen(arena, p->final_affinity, n_final, p->affinity_words);
    return failed;
}
