/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_stats_json.c - statistics as `runc events --stats` prints them (types/events.go of runc).
 *
 * Go leaves out some members that are zero ("omitempty"): opt_...() here.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "host/cgroup_stats.h"

struct out {
    struct json_text *text;
    bool comma; /* the next member or element needs one in front */
};

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void separate(struct out *o)
{
    if (o->comma)
        json_text_puts(o->text, ",");
    o->comma = true;
}

static void name(struct out *o, const char *key)
{
    separate(o);
    json_text_put_string(o->text, key, strlen(key));
    json_text_puts(o->text, ":");
}

static void open_object(struct out *o, const char *key)
{
    if (key)
        name(o, key);
    else
        separate(o);
    json_text_puts(o->text, "{");
    o->comma = false;
}

static void close_object(struct out *o)
{
    json_text_puts(o->text, "}");
    o->comma = true;
}

static void number(struct out *o, const char *key, uint64_t value)
{
    name(o, key);
    json_text_printf(o->text, "%" PRIu64, value);
}

static void opt_number(struct out *o, const char *key, uint64_t value)
{
    if (value)
        number(o, key, value);
}

static void opt_numbers(struct out *o, const char *key, const uint64_t *v, size_t n)
{
    if (!n)
        return;
    name(o, key);
    for (size_t i = 0; i < n; i++)
        json_text_printf(o->text, "%s%" PRIu64, i ? "," : "[", v[i]);
    json_text_puts(o->text, "]");
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static void stall(struct out *o, const char *key, const struct host_cgroup_stall *s)
{
    open_object(o, key);
    name(o, "avg10");
    json_text_puts(o->text, s->avg10);
    name(o, "avg60");
    json_text_puts(o->text, s->avg60);
    name(o, "avg300");
    json_text_puts(o->text, s->avg300);
    number(o, "total", s->total);
    close_object(o);
}

static void opt_pressure(struct out *o, const struct host_cgroup_pressure *p)
{
    if (!p->given)
        return;
    open_object(o, "psi");
    stall(o, "some", &p->some);
    stall(o, "full", &p->full);
    close_object(o);
}

static void use(struct out *o, const char *key, const struct host_cgroup_use *u)
{
    open_object(o, key);
    number(o, "limit", u->limit);
    opt_number(o, "usage", u->usage);
    opt_number(o, "max", u->max);
    number(o, "failcnt", u->failcnt);
    close_object(o);
}

static void cpu(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "cpu");
    open_object(o, "usage");
    opt_number(o, "total", s->cpu.total);
    opt_numbers(o, "percpu", s->cpu.percpu.v, s->cpu.percpu.n);
    opt_numbers(o, "percpu_kernel", s->cpu.percpu_kernel.v, s->cpu.percpu_kernel.n);
    opt_numbers(o, "percpu_user", s->cpu.percpu_user.v, s->cpu.percpu_user.n);
    number(o, "kernel", s->cpu.kernel);
    number(o, "user", s->cpu.user);
    close_object(o);
    open_object(o, "throttling");
    opt_number(o, "periods", s->cpu.periods);
    opt_number(o, "throttledPeriods", s->cpu.throttled_periods);
    opt_number(o, "throttledTime", s->cpu.throttled_time);
    close_object(o);
    opt_pressure(o, &s->cpu.pressure);
    close_object(o);
}

static void cpuset(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "cpuset");
    opt_numbers(o, "cpus", s->cpuset.cpus.v, s->cpuset.cpus.n);
    number(o, "cpu_exclusive", s->cpuset.cpu_exclusive);
    opt_numbers(o, "mems", s->cpuset.mems.v, s->cpuset.mems.n);
    number(o, "mem_hardwall", s->cpuset.mem_hardwall);
    number(o, "mem_exclusive", s->cpuset.mem_exclusive);
    number(o, "memory_migrate", s->cpuset.memory_migrate);
    number(o, "memory_spread_page", s->cpuset.memory_spread_page);
    number(o, "memory_spread_slab", s->cpuset.memory_spread_slab);
    number(o, "memory_pressure", s->cpuset.memory_pressure);
    number(o, "sched_load_balance", s->cpuset.sched_load_balance);
    name(o, "sched_relax_domain_level");
    json_text_printf(o->text, "%" PRId64, s->cpuset.sched_relax_domain_level);
    close_object(o);
}

static void memory(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "memory");
    opt_number(o, "cache", s->memory.cache);
    use(o, "usage", &s->memory.memory);
    use(o, "swap", &s->memory.swap);
    use(o, "kernel", &s->memory.kernel);
    use(o, "kernelTCP", &s->memory.kernel_tcp);
    if (s->memory.raw.n) {
        open_object(o, "raw");
        for (size_t i = 0; i < s->memory.raw.n; i++)
            number(o, s->memory.raw.v[i].name, s->memory.raw.v[i].value);
        close_object(o);
    }
    opt_pressure(o, &s->memory.pressure);
    open_object(o, "event_count");
    number(o, "low", s->memory.events.low);
    number(o, "high", s->memory.events.high);
    number(o, "max", s->memory.events.max);
    number(o, "oom", s->memory.events.oom);
    number(o, "oom_kill", s->memory.events.oom_kill);
    close_object(o);
    close_object(o);
}

static void pids(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "pids");
    opt_number(o, "current", s->pids.current);
    opt_number(o, "limit", s->pids.limit);
    close_object(o);
}

static void opt_io(struct out *o, const char *key, const struct host_cgroup_io *v, size_t n)
{
    if (!n)
        return;
    name(o, key);
    json_text_puts(o->text, "[");
    o->comma = false;
    for (size_t i = 0; i < n; i++) {
        open_object(o, NULL);
        opt_number(o, "major", v[i].major);
        opt_number(o, "minor", v[i].minor);
        name(o, "op");
        json_text_put_string(o->text, v[i].op, strlen(v[i].op));
        opt_number(o, "value", v[i].value);
        close_object(o);
    }
    json_text_puts(o->text, "]");
}

static void block_io(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "blkio");
    opt_io(o, "ioServiceBytesRecursive", s->io.service_bytes.v, s->io.service_bytes.n);
    opt_io(o, "ioServicedRecursive", s->io.serviced.v, s->io.serviced.n);
    opt_pressure(o, &s->io.pressure);
    close_object(o);
}

static void hugetlb(struct out *o, const struct host_cgroup_stats *s)
{
    open_object(o, "hugetlb");
    for (size_t i = 0; i < s->hugetlb.n; i++) {
        open_object(o, s->hugetlb.v[i].page_size);
        opt_number(o, "usage", s->hugetlb.v[i].use.usage);
        opt_number(o, "max", s->hugetlb.v[i].use.max);
        number(o, "failcnt", s->hugetlb.v[i].use.failcnt);
        close_object(o);
    }
    close_object(o);
}

int host_cgroup_stats_json(const struct host_cgroup_stats *stats, const char *intel_rdt,
                           struct json_text *out)
{
    struct out o = { .text = out };

    open_object(&o, NULL);
    cpu(&o, stats);
    cpuset(&o, stats);
    memory(&o, stats);
    pids(&o, stats);
    block_io(&o, stats);
    hugetlb(&o, stats);
    name(&o, "intel_rdt");
    json_text_puts(out, intel_rdt ? intel_rdt : "{}");
    /* runc has not filled these in since its interfaces are made by others. */
    name(&o, "network_interfaces");
    json_text_puts(out, "null");
    close_object(&o);
    return out->failed ? -ENOMEM : 0;
}
