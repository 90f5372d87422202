/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_v1.c - which file of which cgroup v1 controller each of linux.resources goes to.
 *
 * Used on v1 and hybrid hosts; see the kernel's Documentation/admin-guide/cgroup-v1/.
 */
#include "plan/cgroup_resources.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static void memory(struct cgroup_build *b, const struct oci_memory *m)
{
    bool no_limits = m->limit == -1 && !CGROUP_SET(m, swap);
    struct plan_cgroup_write *w;

    /* The kernel wants memsw to be no less than memory at any time: when both are lowered, memory goes first;
       when both are raised, memsw. */
    if (CGROUP_SET(m, limit)) {
        w = CGROUP_ADD(b, m, limit, "memory", "memory.limit_in_bytes", "%s", cgroup_limit(b, m->limit));
        w->after_next = CGROUP_SET(m, swap) || no_limits;
    }
    if (CGROUP_SET(m, swap) || no_limits) {
        w = CGROUP_ADD(b, m, swap, "memory", "memory.memsw.limit_in_bytes", "%s",
                       cgroup_limit(b, no_limits ? -1 : m->swap));
        w->optional = no_limits || m->swap == -1; /* swapaccount=0 */
    }
    if (CGROUP_SET(m, reservation))
        CGROUP_ADD(b, m, reservation, "memory", "memory.soft_limit_in_bytes", "%s",
                   cgroup_limit(b, m->reservation));
    /*
     * Not recommended by the specification.  The kernel has given up the first: an error since 5.16, and
     * since 6.6 nothing at all.
     */
    if (CGROUP_SET(m, kernel) && m->kernel >= 0)
        err_warn_at(b->err, &m->node, offsetof(struct oci_memory, kernel),
                    "without effect since Linux 5.16; memory.limit covers the kernel's memory");
    if (CGROUP_SET(m, kernel))
        CGROUP_ADD(b, m, kernel, "memory", "memory.kmem.limit_in_bytes", "%s", cgroup_limit(b, m->kernel))
            ->optional = true;
    if (CGROUP_SET(m, kernel_tcp))
        CGROUP_ADD(b, m, kernel_tcp, "memory", "memory.kmem.tcp.limit_in_bytes", "%s",
                   cgroup_limit(b, m->kernel_tcp))
            ->optional = true;
    if (json_has(m, swappiness))
        CGROUP_ADD(b, m, swappiness, "memory", "memory.swappiness", "%llu",
                   (unsigned long long) m->swappiness);
    if (m->disable_oom_killer || (b->current && json_has(m, disable_oom_killer)))
        CGROUP_ADD(b, m, disable_oom_killer, "memory", "memory.oom_control", "%d", m->disable_oom_killer);
}

/* A period may be too short or too long for the old runtime or quota, and the other way round. */
static void cpu_times(struct cgroup_build *b, const struct oci_cpu *c)
{
    if (CGROUP_SET(c, realtime_period))
        CGROUP_ADD(b, c, realtime_period, "cpu", "cpu.rt_period_us", "%llu",
                   (unsigned long long) c->realtime_period)
            ->after_next = CGROUP_SET(c, realtime_runtime);
    if (CGROUP_SET(c, realtime_runtime))
        CGROUP_ADD(b, c, realtime_runtime, "cpu", "cpu.rt_runtime_us", "%lld",
                   (long long) c->realtime_runtime);
    if (json_has(c, burst))
        CGROUP_ADD(b, c, burst, "cpu", "cpu.cfs_burst_us", "%llu", (unsigned long long) c->burst)
            ->after_next = CGROUP_SET(c, period) || CGROUP_SET(c, quota);
    if (CGROUP_SET(c, period))
        CGROUP_ADD(b, c, period, "cpu", "cpu.cfs_period_us", "%llu", (unsigned long long) c->period)
            ->after_next = CGROUP_SET(c, quota);
    if (CGROUP_SET(c, quota))
        CGROUP_ADD(b, c, quota, "cpu", "cpu.cfs_quota_us", "%s", cgroup_limit(b, c->quota));
}

static void cpu(struct cgroup_build *b, const struct oci_cpu *c)
{
    if (json_has(c, idle) && c->idle == 0)
        CGROUP_ADD(b, c, idle, "cpu", "cpu.idle", "0")->optional = true; /* since 5.15 */
    if (CGROUP_SET(c, shares))
        CGROUP_ADD(b, c, shares, "cpu", "cpu.shares", "%llu", (unsigned long long) c->shares);
    if (c->idle == 1)
        CGROUP_ADD(b, c, idle, "cpu", "cpu.idle", "1");
    cpu_times(b, c);
    if (c->cpus && *c->cpus)
        CGROUP_ADD(b, c, cpus, "cpuset", "cpuset.cpus", "%s", c->cpus);
    if (c->mems && *c->mems)
        CGROUP_ADD(b, c, mems, "cpuset", "cpuset.mems", "%s", c->mems);
}

/* See cgroup_v2.c about 0. */
static void pids(struct cgroup_build *b, const struct oci_pids *p)
{
    if (json_has(p, limit))
        CGROUP_ADD(b, p, limit, "pids", "pids.max", "%s",
                   p->limit < 0 ? "max" : cgroup_limit(b, p->limit ? p->limit : 1));
}

static void hugetlb(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->resources->hugepage_limits.n; i++) {
        const struct oci_hugepage_limit *h = b->resources->hugepage_limits.v[i];
        const char *plain = arena_printf(b->arena, "hugetlb.%s.limit_in_bytes", h->page_size);
        const char *reserved = arena_printf(b->arena, "hugetlb.%s.rsvd.limit_in_bytes", h->page_size);

        CGROUP_ADD(b, h, limit, "hugetlb", plain, "%llu", (unsigned long long) h->limit);
        CGROUP_ADD(b, h, limit, "hugetlb", reserved, "%llu", (unsigned long long) h->limit)->optional = true;
    }
}

static void network(struct cgroup_build *b, const struct oci_network *n)
{
    if (json_has(n, class_id))
        CGROUP_ADD(b, n, class_id, "net_cls", "net_cls.classid", "%u", n->class_id)->optional =
            n->class_id == 0;
    for (size_t i = 0; i < n->priorities.n; i++)
        CGROUP_ADD(b, n->priorities.v[i], priority, "net_prio", "net_prio.ifpriomap", "%s %u",
                   n->priorities.v[i]->name, n->priorities.v[i]->priority);
}

static void rdma(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->resources->rdma.n; i++) {
        const struct oci_rdma *r = b->resources->rdma.v[i];
        const char *handles =
            json_has(r, hca_handles) ? arena_printf(b->arena, " hca_handle=%u", r->hca_handles) : "";
        const char *objects =
            json_has(r, hca_objects) ? arena_printf(b->arena, " hca_object=%u", r->hca_objects) : "";

        CGROUP_ADD(b, r, node, "rdma", "rdma.max", "%s%s%s", r->key, handles, objects);
    }
}

/* Said here, where the property is known, rather than at the first write. */
static void check_controllers(struct cgroup_build *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct plan_cgroup_write *w = &b->v[i];

        if (w->optional || plan_cgroup_hierarchy(b->facts, w->controller))
            continue;
        cgroup_build_failed(b,
                            err_at(b->err, w->node, w->member, ERR_UNSUPPORTED, 0,
                                   "needs the cgroup v1 controller \"%s\", which is not mounted on this host",
                                   w->controller));
        if (!b->err->collect)
            return;
    }
}

void plan_cgroup_v1(struct cgroup_build *b)
{
    const struct oci_resources *r = b->resources;

    if (r->memory)
        memory(b, r->memory);
    if (r->cpu)
        cpu(b, r->cpu);
    if (r->pids)
        pids(b, r->pids);
    if (r->block_io)
        plan_cgroup_block_io(b, false);
    hugetlb(b);
    if (r->network)
        network(b, r->network);
    rdma(b);
    if (r->unified.n)
        CGROUP_BAD(b, r, unified, ERR_UNSUPPORTED, "is for cgroup v2; this host has cgroup v1 hierarchies");
    check_controllers(b);
}
