/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_v2.c - which file of cgroup v2 each of linux.resources goes to.
 *
 * See the kernel's Documentation/admin-guide/cgroup-v2.rst.  What v2 has no
 * equal of is an error, for a container that asks for it relies on it.
 */
#include "plan/cgroup_resources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- memory -------------------------------------------------------------------------------------------- */

/* memory.swap limits memory and swap together, memory.swap.max swap alone. */
static void swap(struct cgroup_build *b, const struct oci_memory *m)
{
    int64_t limit = CGROUP_SET(m, limit) ? m->limit : b->current ? b->current->memory_limit : 0;
    const char *value = "max";

    if (m->swap > 0) {
        if (limit <= 0 || m->swap < limit) {
            if (b->current && !CGROUP_SET(m, limit))
                CGROUP_BAD(b, m, swap, ERR_CONFIG_CONFLICT,
                           "%lld is below the limit of memory alone, which is %s", (long long) m->swap,
                           cgroup_limit(b, limit > 0 ? limit : -1));
            return; /* else check_memory() has said so */
        }
        value = cgroup_limit(b, m->swap - limit);
    }
    struct plan_cgroup_write *w = CGROUP_ADD(b, m, swap, "memory", "memory.swap.max", "%s", value);
    /* A kernel without swap has no such file, and swaps nothing. */
    w->optional = !strcmp(value, "max") || !strcmp(value, "0");
}

static void memory(struct cgroup_build *b, const struct oci_memory *m)
{
    if (CGROUP_SET(m, limit)) {
        struct plan_cgroup_write *w =
            CGROUP_ADD(b, m, limit, "memory", "memory.max", "%s", cgroup_limit(b, m->limit));
        w->usage = m->check_before_update && m->limit > 0 ? "memory.current" : NULL;
    }
    /* As v1 does of itself: without a limit of memory there is none of both together. */
    if (CGROUP_SET(m, swap) || m->limit == -1)
        swap(b, m);
    if (CGROUP_SET(m, reservation))
        CGROUP_ADD(b, m, reservation, "memory", "memory.low", "%s", cgroup_limit(b, m->reservation));
    if (CGROUP_SET(m, kernel))
        err_warn_at(b->err, &m->node, offsetof(struct oci_memory, kernel),
                    "ignored: cgroup v2 has no limit of kernel memory; memory.limit covers it");
    if (CGROUP_SET(m, kernel_tcp))
        err_warn_at(b->err, &m->node, offsetof(struct oci_memory, kernel_tcp),
                    "ignored: cgroup v2 has no limit of TCP buffers; memory.limit covers them");
    if (json_has(m, swappiness))
        CGROUP_BAD(b, m, swappiness, ERR_UNSUPPORTED, "cgroup v2 has no swappiness of a cgroup");
    if (m->disable_oom_killer)
        CGROUP_BAD(b, m, disable_oom_killer, ERR_UNSUPPORTED,
                   "the OOM killer can't be disabled on cgroup v2");
}

/* ---- cpu ----------------------------------------------------------------------------------------------- */

/* One file has both: what is not given stays as it is, or is the default (100 ms). */
static void bandwidth(struct cgroup_build *b, const struct oci_cpu *c)
{
    int64_t quota = CGROUP_SET(c, quota) ? c->quota : b->current ? b->current->quota : -1;
    uint64_t period = c->period ? c->period : b->current ? b->current->period : 0;
    const char *max = quota > 0 ? cgroup_limit(b, quota) : "max";
    struct plan_cgroup_write *w;

    /* The kernel wants the burst to be no more than the quota at any time: on a new cgroup, which has no
       quota, and when both are lowered, the burst goes first; when both are raised, the quota. */
    if (json_has(c, burst)) {
        w = CGROUP_ADD(b, c, burst, "cpu", "cpu.max.burst", "%llu", (unsigned long long) c->burst);
        w->after_next = CGROUP_SET(c, quota) || CGROUP_SET(c, period);
    }
    if (CGROUP_SET(c, quota) || CGROUP_SET(c, period)) {
        size_t member =
            CGROUP_SET(c, quota) ? offsetof(struct oci_cpu, quota) : offsetof(struct oci_cpu, period);

        cgroup_build_add(b, &c->node, member, "cpu", "cpu.max", "%s %llu", max,
                         (unsigned long long) (period ? period : 100000));
    }
}

static void cpu(struct cgroup_build *b, const struct oci_cpu *c)
{
    /* An idle cgroup takes no weight: leave that state before the weight is set, enter it after. */
    if (json_has(c, idle) && c->idle == 0)
        CGROUP_ADD(b, c, idle, "cpu", "cpu.idle", "0")->optional = !b->current;
    if (CGROUP_SET(c, shares))
        CGROUP_ADD(b, c, shares, "cpu", "cpu.weight", "%llu",
                   (unsigned long long) plan_cgroup_cpu_weight(c->shares));
    if (c->idle == 1)
        CGROUP_ADD(b, c, idle, "cpu", "cpu.idle", "1");
    bandwidth(b, c);
    if (CGROUP_SET(c, realtime_period))
        CGROUP_BAD(b, c, realtime_period, ERR_UNSUPPORTED, "cgroup v2 has no realtime period");
    if (CGROUP_SET(c, realtime_runtime))
        CGROUP_BAD(b, c, realtime_runtime, ERR_UNSUPPORTED, "cgroup v2 has no realtime runtime");
    if (c->cpus && *c->cpus)
        CGROUP_ADD(b, c, cpus, "cpuset", "cpuset.cpus", "%s", c->cpus);
    if (c->mems && *c->mems)
        CGROUP_ADD(b, c, mems, "cpuset", "cpuset.mems", "%s", c->mems);
}

/* ---- the small ones ------------------------------------------------------------------------------------ */

/*
 * 0 is a value: no process may be started (config-linux.md "PIDs").  But clone3 into a cgroup with pids.max 0
 * fails, and the container's first process counts itself: 1 says the same of its children.
 */
static void pids(struct cgroup_build *b, const struct oci_pids *p)
{
    if (json_has(p, limit))
        CGROUP_ADD(b, p, limit, "pids", "pids.max", "%s", cgroup_limit(b, p->limit ? p->limit : 1));
}

/*
 * Reservations are limited where the kernel can (5.7 with CONFIG_CGROUP_HUGETLB), and pages too, as there may
 * be pages without a reservation (MAP_NORESERVE).
 */
static void hugetlb(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->resources->hugepage_limits.n; i++) {
        const struct oci_hugepage_limit *h = b->resources->hugepage_limits.v[i];
        const char *plain = arena_printf(b->arena, "hugetlb.%s.max", h->page_size);
        const char *reserved = arena_printf(b->arena, "hugetlb.%s.rsvd.max", h->page_size);

        CGROUP_ADD(b, h, limit, "hugetlb", plain, "%llu", (unsigned long long) h->limit);
        CGROUP_ADD(b, h, limit, "hugetlb", reserved, "%llu", (unsigned long long) h->limit)->optional = true;
    }
}

static void rdma(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->resources->rdma.n; i++) {
        const struct oci_rdma *r = b->resources->rdma.v[i];
        autotext struct text value = { 0 };

        text_add(&value, "%s", r->key);
        if (json_has(r, hca_handles))
            text_add(&value, " hca_handle=%u", r->hca_handles);
        if (json_has(r, hca_objects))
            text_add(&value, " hca_object=%u", r->hca_objects);
        if (text_result(&value) < 0)
            cgroup_build_failed(b, err_nomem(b->err));
        CGROUP_ADD(b, r, node, "rdma", "rdma.max", "%s", text_string(&value));
    }
}

static void network(struct cgroup_build *b, const struct oci_network *n)
{
    if (n->class_id)
        CGROUP_BAD(b, n, class_id, ERR_UNSUPPORTED,
                   "cgroup v2 has no network classes (net_cls); use BPF or a mark");
    if (n->priorities.n)
        CGROUP_BAD(b, n, priorities, ERR_UNSUPPORTED, "cgroup v2 has no network priorities (net_prio)");
}

/* ---- unified ------------------------------------------------------------------------------------------- */

/*
 * Files that are no limits but commands: to write them would break what the runtime itself does with the
 * cgroup.
 */
static bool is_command(const char *file)
{
    static const char *const commands[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
                                            "cgroup.freeze" };

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(file, commands[i]))
            return true;
    return false;
}

/* A file takes one setting a write; a value of several lines is several settings. */
static void unified_lines(struct cgroup_build *b, const char *controller, const struct json_pair *p)
{
    size_t n;

    if (!*p->value)
        CGROUP_ADD(b, b->resources, unified, controller, p->key, "%s", "");
    for (const char *s = p->value; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        if (n)
            CGROUP_ADD(b, b->resources, unified, controller, p->key, "%.*s", (int) n, s);
    }
}

static void unified(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->resources->unified.n; i++) {
        const struct json_pair *p = &b->resources->unified.v[i];
        size_t n = strcspn(p->key, ".");
        const char *controller = arena_strndup(b->arena, p->key, n);

        if (!controller)
            cgroup_build_failed(b, err_nomem(b->err));
        else if (strchr(p->key, '/') || n == 0 || !p->key[n])
            CGROUP_BAD(b, b->resources, unified, ERR_CONFIG_VALUE, "\"%s\" is no name of a cgroup's file",
                       p->key);
        else if (is_command(p->key))
            CGROUP_BAD(b, b->resources, unified, ERR_CONFIG_VALUE, "\"%s\" is no limit", p->key);
        else
            unified_lines(b, strcmp(controller, "cgroup") ? controller : NULL, p);
    }
}

/* ---- all of it, unified last: it is the more exact word ------------------------------------------------ */

void plan_cgroup_v2(struct cgroup_build *b)
{
    const struct oci_resources *r = b->resources;

    if (r->cpu)
        cpu(b, r->cpu);
    if (r->memory)
        memory(b, r->memory);
    if (r->pids)
        pids(b, r->pids);
    if (r->block_io)
        plan_cgroup_block_io(b, true);
    hugetlb(b);
    if (r->network)
        network(b, r->network);
    rdma(b);
    unified(b);
}
