/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_stats_v1.c - what a container uses, from the files of the cgroup v1 controllers.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/cgroup_dirs.h"
#include "host/cgroup_stats.h"

enum { NANOSECONDS = 1000 * 1000 * 1000 };

static int fd_of(const struct host_cgroup *cg, const char *controller)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(cg, controller);

    return d ? d->fd : -1;
}

static uint64_t key(const char *text, const char *name)
{
    uint64_t value = 0;

    if (text)
        (void) host_cgroup_key(text, name, &value);
    return value;
}

/* ---- cpu ----------------------------------------------------------------------------------------------- */

static size_t count_words(const char *text)
{
    size_t n = 0;

    for (const char *s = text; *s; s += strcspn(s, " \n")) {
        s += strspn(s, " \n");
        n += *s != '\0';
    }
    return n;
}

/* "123 456 " */
static void read_percpu(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    char *text = host_cgroup_stats_text(fd, "cpuacct.usage_percpu", arena), *save;

    ret->cpu.percpu.v = text ? arena_array(arena, count_words(text) + 1, sizeof *ret->cpu.percpu.v) : NULL;
    if (!ret->cpu.percpu.v)
        return;
    for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
        ret->cpu.percpu.v[ret->cpu.percpu.n++] = strtoull(word, NULL, 10);
}

/* "cpu user system\n0 123 456\n" */
static void read_percpu_modes(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    char *text = host_cgroup_stats_text(fd, "cpuacct.usage_all", arena), *save;
    size_t room = text ? count_words(text) / 3 + 1 : 0;

    ret->cpu.percpu_user.v = arena_array(arena, room, sizeof *ret->cpu.percpu_user.v);
    ret->cpu.percpu_kernel.v = arena_array(arena, room, sizeof *ret->cpu.percpu_kernel.v);
    if (!text || !ret->cpu.percpu_user.v || !ret->cpu.percpu_kernel.v || !strtok_r(text, "\n", &save))
        return;
    for (char *line; (line = strtok_r(NULL, "\n", &save)) && ret->cpu.percpu_user.n < room;) {
        (void) strtoull(line, &line, 10);
        ret->cpu.percpu_user.v[ret->cpu.percpu_user.n++] = strtoull(line, &line, 10);
        ret->cpu.percpu_kernel.v[ret->cpu.percpu_kernel.n++] = strtoull(line, &line, 10);
    }
}

static void read_cpuacct(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    const char *stat = host_cgroup_stats_text(fd, "cpuacct.stat", arena);
    long ticks = sysconf(_SC_CLK_TCK);
    uint64_t tick = ticks > 0 ? NANOSECONDS / (uint64_t) ticks : 0;

    ret->cpu.total = host_cgroup_stats_number(fd, "cpuacct.usage");
    ret->cpu.user = key(stat, "user") * tick;
    ret->cpu.kernel = key(stat, "system") * tick;
    read_percpu(fd, arena, ret);
    read_percpu_modes(fd, arena, ret);
}

static void read_cpu(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    const char *stat = host_cgroup_stats_text(fd, "cpu.stat", arena);

    ret->cpu.periods = key(stat, "nr_periods");
    ret->cpu.throttled_periods = key(stat, "nr_throttled");
    ret->cpu.throttled_time = key(stat, "throttled_time");
}

enum { LIST_MAX = 65536 }; /* no machine has more CPUs */

/* Expands "0-3,7" into V, which may be NULL to count. */
static size_t expand(const char *s, uint64_t *v)
{
    size_t n = 0;

    while (*s >= '0' && *s <= '9') {
        char *rest;
        unsigned long first = strtoul(s, &rest, 10),
                      last = *rest == '-' ? strtoul(rest + 1, &rest, 10) : first;

        for (unsigned long i = first; i <= last && n < LIST_MAX; i++) {
            if (v)
                v[n] = i;
            n++;
        }
        s = rest + (*rest == ',');
    }
    return n;
}

static void read_list(int fd, const char *file, struct arena *arena, struct host_cgroup_numbers *ret)
{
    const char *s = host_cgroup_stats_text(fd, file, arena);

    ret->v = s ? arena_array(arena, expand(s, NULL) + 1, sizeof *ret->v) : NULL;
    ret->n = ret->v ? expand(s, ret->v) : 0;
}

static void read_cpuset(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    /* clang-format off */
    const struct { const char *file; uint64_t *to; } numbers[] = {
        { "cpuset.cpu_exclusive", &ret->cpuset.cpu_exclusive },
        { "cpuset.mem_hardwall", &ret->cpuset.mem_hardwall },
        { "cpuset.mem_exclusive", &ret->cpuset.mem_exclusive },
        { "cpuset.memory_migrate", &ret->cpuset.memory_migrate },
        { "cpuset.memory_spread_page", &ret->cpuset.memory_spread_page },
        { "cpuset.memory_spread_slab", &ret->cpuset.memory_spread_slab },
        { "cpuset.memory_pressure", &ret->cpuset.memory_pressure },
        { "cpuset.sched_load_balance", &ret->cpuset.sched_load_balance },
    };
    /* clang-format on */
    const char *level = host_cgroup_stats_text(fd, "cpuset.sched_relax_domain_level", arena);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i].to = host_cgroup_stats_number(fd, numbers[i].file);
    ret->cpuset.sched_relax_domain_level = level ? strtoll(level, NULL, 10) : 0;
    read_list(fd, "cpuset.cpus", arena, &ret->cpuset.cpus);
    read_list(fd, "cpuset.mems", arena, &ret->cpuset.mems);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static uint64_t number(int fd, struct arena *arena, const char *prefix, const char *name)
{
    const char *file = arena_printf(arena, "%s.%s", prefix, name);

    return file ? host_cgroup_stats_number(fd, file) : 0;
}

static void read_use(int fd, struct arena *arena, const char *prefix, struct host_cgroup_use *ret)
{
    ret->usage = number(fd, arena, prefix, "usage_in_bytes");
    ret->max = number(fd, arena, prefix, "max_usage_in_bytes");
    ret->failcnt = number(fd, arena, prefix, "failcnt");
    ret->limit = number(fd, arena, prefix, "limit_in_bytes");
}

static void read_memory(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    char *stat = host_cgroup_stats_text(fd, "memory.stat", arena);

    ret->memory.cache = key(stat, "cache");
    host_cgroup_stats_values(stat, arena, ret);
    read_use(fd, arena, "memory", &ret->memory.memory);
    read_use(fd, arena, "memory.memsw", &ret->memory.swap);
    read_use(fd, arena, "memory.kmem", &ret->memory.kernel);
    read_use(fd, arena, "memory.kmem.tcp", &ret->memory.kernel_tcp);
    ret->memory.events.oom_kill = key(host_cgroup_stats_text(fd, "memory.oom_control", arena), "oom_kill");
}

static void read_pids(int fd, struct host_cgroup_stats *ret)
{
    uint64_t limit = host_cgroup_stats_number(fd, "pids.max");

    ret->pids.limit = limit == UINT64_MAX ? 0 : limit;
    ret->pids.current = host_cgroup_stats_number(fd, "pids.current");
}

static void read_hugetlb(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    host_cgroup_stats_sizes(fd, "usage_in_bytes", arena, ret);
    for (size_t i = 0; i < ret->hugetlb.n; i++) {
        const char *prefix = arena_printf(arena, "hugetlb.%s", ret->hugetlb.v[i].page_size);

        if (prefix)
            read_use(fd, arena, prefix, &ret->hugetlb.v[i].use);
    }
}

/* ---- block devices ------------------------------------------------------------------------------------- */

/* "8:0 Read 4096"; the line "Total 4096" is the sum. */
static void read_io_file(int fd, const char *file, struct arena *arena, struct host_cgroup_io_list *ret)
{
    char *text = host_cgroup_stats_text(fd, file, arena), *save;
    size_t room = text ? count_words(text) / 3 + 1 : 0;

    ret->n = 0;
    ret->v = arena_array(arena, room, sizeof *ret->v);
    if (!text || !ret->v)
        return;
    for (char *line = strtok_r(text, "\n", &save); line && ret->n < room;
         line = strtok_r(NULL, "\n", &save)) {
        struct host_cgroup_io io = { 0 };
        char *rest, *end;

        io.major = strtoull(line, &rest, 10);
        if (*rest != ':')
            continue;
        io.minor = strtoull(rest + 1, &rest, 10);
        rest += strspn(rest, " ");
        end = strchr(rest, ' ');
        if (!end)
            continue;
        *end = '\0';
        io.op = rest;
        io.value = strtoull(end + 1, NULL, 10);
        ret->v[ret->n++] = io;
    }
}

/* BFQ counts what goes through it; where it is not in use, the throttling layer's counters are the ones. */
static void read_io_of(int fd, const char *what, struct arena *arena, struct host_cgroup_io_list *ret)
{
    const char *bfq = arena_printf(arena, "blkio.bfq.%s_recursive", what);
    const char *throttle = arena_printf(arena, "blkio.throttle.%s_recursive", what);

    if (bfq)
        read_io_file(fd, bfq, arena, ret);
    if (ret->n == 0 && throttle)
        read_io_file(fd, throttle, arena, ret);
}

static void read_io(int fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    read_io_of(fd, "io_service_bytes", arena, &ret->io.service_bytes);
    read_io_of(fd, "io_serviced", arena, &ret->io.serviced);
}

/* A controller that is not mounted, or has no directory, counts nothing: its descriptor is -1. */
void host_cgroup_stats_v1(const struct host_cgroup *cg, struct arena *arena, struct host_cgroup_stats *ret)
{
    int fd;

    if ((fd = fd_of(cg, "cpuacct")) >= 0)
        read_cpuacct(fd, arena, ret);
    if ((fd = fd_of(cg, "cpu")) >= 0)
        read_cpu(fd, arena, ret);
    if ((fd = fd_of(cg, "cpuset")) >= 0)
        read_cpuset(fd, arena, ret);
    if ((fd = fd_of(cg, "memory")) >= 0)
        read_memory(fd, arena, ret);
    if ((fd = fd_of(cg, "pids")) >= 0)
        read_pids(fd, ret);
    if ((fd = fd_of(cg, "blkio")) >= 0)
        read_io(fd, arena, ret);
    if ((fd = fd_of(cg, "hugetlb")) >= 0)
        read_hugetlb(fd, arena, ret);
}
