/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_resources.c - linux.resources as a list of writes: what both layouts share, and the checks.
 *
 * The checks come first and judge the values alone; cgroup_v1.c and cgroup_v2.c then say which file each
 * value goes to, in the order in which the files are to be written.
 */
#include "plan/cgroup_resources.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- the list ------------------------------------------------------------------------------------------ */

void cgroup_build_failed(struct cgroup_build *b, int result)
{
    if (!b->result)
        b->result = result;
}

static bool grow(struct cgroup_build *b)
{
    size_t room = b->room ? b->room * 2 : 16;
    struct plan_cgroup_write *v;

    if (b->n < b->room)
        return true;
    v = arena_array(b->arena, room, sizeof *v);
    if (!v)
        return false;
    if (b->n)
        memcpy(v, b->v, b->n * sizeof *v);
    b->v = v;
    b->room = room;
    return true;
}

static const char *print(struct cgroup_build *b, const char *fmt, va_list ap)
{
    autotext struct text text = { 0 };

    text_vadd(&text, fmt, ap);
    return text_result(&text) < 0 ? NULL : arena_strdup(b->arena, text_string(&text));
}

struct plan_cgroup_write *cgroup_build_add(struct cgroup_build *b, const struct json_node *node,
                                           size_t member, const char *controller, const char *file,
                                           const char *fmt, ...)
{
    const char *value;
    va_list ap;

    va_start(ap, fmt);
    value = print(b, fmt, ap);
    va_end(ap);
    if (!value || !file || !grow(b)) {
        cgroup_build_failed(b, err_nomem(b->err));
        return &b->nowhere;
    }
    b->v[b->n] = (struct plan_cgroup_write){
        .controller = controller,
        .file = file,
        .value = value,
        .node = node,
        .member = member,
    };
    return &b->v[b->n++];
}

const char *cgroup_limit(struct cgroup_build *b, int64_t limit)
{
    if (limit < 0)
        return b->facts->cgroup_layout == PLAN_CGROUP_V2 ? "max" : "-1";
    return arena_printf(b->arena, "%lld", (long long) limit);
}

bool plan_cgroup_lists(const char *list, const char *controller)
{
    size_t n = strlen(controller);

    for (const char *s = list; s; s = strchr(s, ',')) {
        s += *s == ',';
        if (!strncmp(s, controller, n) && (s[n] == '\0' || s[n] == ','))
            return true;
    }
    return false;
}

const struct plan_hierarchy *plan_cgroup_hierarchy(const struct plan_facts *facts, const char *controller)
{
    for (size_t i = 0; i < facts->n_hierarchies; i++)
        if (plan_cgroup_lists(facts->hierarchies[i].options, controller))
            return &facts->hierarchies[i];
    return NULL;
}

/* ---- checks -------------------------------------------------------------------------------------------- */

#define NOT_BELOW_MINUS_1(b, o, m) \
    do { \
        if ((o)->m < -1) \
            CGROUP_BAD(b, o, m, ERR_CONFIG_VALUE, "%lld is neither a number of bytes nor -1 (no limit)", \
                       (long long) (o)->m); \
    } while (0)

static void check_memory(struct cgroup_build *b, const struct oci_memory *m)
{
    NOT_BELOW_MINUS_1(b, m, limit);
    NOT_BELOW_MINUS_1(b, m, reservation);
    NOT_BELOW_MINUS_1(b, m, swap);
    NOT_BELOW_MINUS_1(b, m, kernel);
    NOT_BELOW_MINUS_1(b, m, kernel_tcp);
    if (m->swappiness > 100)
        CGROUP_BAD(b, m, swappiness, ERR_CONFIG_VALUE, "%llu is out of range, which is 0 to 100",
                   (unsigned long long) m->swappiness);
    if (m->limit > 0 && m->swap > 0 && m->swap < m->limit)
        CGROUP_BAD(b, m, swap, ERR_CONFIG_CONFLICT,
                   "the limit of memory and swap together, %lld, is below that of memory, %lld",
                   (long long) m->swap, (long long) m->limit);
    /* An update may find a limit in place. */
    if (!b->current && m->swap > 0 && m->limit <= 0)
        CGROUP_BAD(b, m, swap, ERR_CONFIG_CONFLICT,
                   "memory and swap together can't be limited where memory alone (memory.limit) is not");
    if (json_has(m, use_hierarchy) && !m->use_hierarchy)
        err_warn_at(b->err, &m->node, offsetof(struct oci_memory, use_hierarchy),
                    "ignored: since Linux 5.11 memory is always accounted hierarchically");
}

/* What cpulist_parse() and nodelist_parse() of the kernel know: numbers, ranges, and strides "0-7:2/4". */
static bool is_list(const char *s)
{
    return strspn(s, "0123456789,-:/ \n") == strlen(s);
}

static void check_cpu(struct cgroup_build *b, const struct oci_cpu *c)
{
    /* kernel/sched/core.c: min_cfs_quota_period and max_cfs_quota_period */
    if (c->period && (c->period < 1000 || c->period > 1000000))
        CGROUP_BAD(b, c, period, ERR_CONFIG_VALUE,
                   "%llu is out of range, which is 1000 to 1000000 (microseconds)",
                   (unsigned long long) c->period);
    if (c->quota > 0 && c->quota < 1000)
        CGROUP_BAD(b, c, quota, ERR_CONFIG_VALUE, "%lld is less than the smallest quota, 1000 (microseconds)",
                   (long long) c->quota);
    if (c->quota > 0 && c->burst > (uint64_t) c->quota)
        CGROUP_BAD(b, c, burst, ERR_CONFIG_CONFLICT, "%llu is more than the quota, %lld",
                   (unsigned long long) c->burst, (long long) c->quota);
    if (c->idle != 0 && c->idle != 1)
        CGROUP_BAD(b, c, idle, ERR_CONFIG_VALUE, "%lld is neither 0 nor 1", (long long) c->idle);
    if (c->cpus && !is_list(c->cpus))
        CGROUP_BAD(b, c, cpus, ERR_CONFIG_VALUE, "\"%s\" is no list of CPUs as in \"0-3,7\"", c->cpus);
    if (c->mems && !is_list(c->mems))
        CGROUP_BAD(b, c, mems, ERR_CONFIG_VALUE, "\"%s\" is no list of memory nodes as in \"0-1\"", c->mems);
}

/*
 * The kernel names its files after the size in the largest unit that is not above it (mm/hugetlb_cgroup.c,
 * mem_fmt()), and a size is a power of two.
 */
static bool is_page_size(const char *s)
{
    size_t digits = strspn(s, "0123456789");
    uint64_t n = 0;

    if (digits == 0 || digits > 4 || s[0] == '0' || !s[digits] || !strchr("KMG", s[digits]) ||
        strcmp(s + digits + 1, "B"))
        return false;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (uint64_t) (s[i] - '0');
    return (n & (n - 1)) == 0 && (n < 1024 || s[digits] == 'G');
}

static void check_others(struct cgroup_build *b)
{
    const struct oci_resources *r = b->resources;

    if (r->pids && r->pids->limit < -1)
        CGROUP_BAD(b, r->pids, limit, ERR_CONFIG_VALUE,
                   "%lld is neither a number of processes nor -1 (no limit)", (long long) r->pids->limit);
    for (size_t i = 0; i < r->hugepage_limits.n; i++)
        if (!is_page_size(r->hugepage_limits.v[i]->page_size))
            CGROUP_BAD(b, r->hugepage_limits.v[i], page_size, ERR_CONFIG_VALUE,
                       "\"%s\" is no page size as in \"64KB\", \"2MB\" or \"1GB\"",
                       r->hugepage_limits.v[i]->page_size);
    for (size_t i = 0; i < r->rdma.n; i++)
        if (!json_has(r->rdma.v[i], hca_handles) && !json_has(r->rdma.v[i], hca_objects))
            CGROUP_BAD(b, r->rdma.v[i], node, ERR_CONFIG_MISSING,
                       "neither hcaHandles nor hcaObjects is given");
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static bool has_any(const struct oci_resources *r)
{
    return r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n || r->network || r->rdma.n ||
           r->unified.n;
}

int plan_cgroup_writes_compile(const struct oci_resources *resources, const struct plan_facts *facts,
                               const struct plan_cgroup_current *current, struct arena *arena,
                               struct plan_cgroup_writes **ret_writes, struct err *err)
{
    struct cgroup_build b = {
        .resources = resources,
        .facts = facts,
        .current = current,
        .arena = arena,
        .err = err,
    };
    struct plan_cgroup_writes *writes = arena_alloc(arena, sizeof *writes);

    if (!writes)
        return err_nomem(err);
    if (resources && has_any(resources)) {
        if (resources->memory)
            check_memory(&b, resources->memory);
        if (resources->cpu)
            check_cpu(&b, resources->cpu);
        check_others(&b);
        if (facts->cgroup_layout == PLAN_CGROUP_V2)
            plan_cgroup_v2(&b);
        else
            plan_cgroup_v1(&b);
    }
    if (b.result < 0)
        return b.result;
    *writes = (struct plan_cgroup_writes){ .v = b.v, .n = b.n };
    *ret_writes = writes;
    return 0;
}
