/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage.c - what a container used until its end.
 *
 * The cgroup counts all its processes, also those that nobody waited for; but it may be missing, or count
 * less.
 */
#include "engine/usage.h"

#include <string.h>
#include <time.h>

#include "host/cgroup_stats.h"

uint64_t engine_usage_now(const struct creation *c)
{
    struct timespec now;

    if (!c->options.usage)
        return 0;
    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

static uint64_t sum(const struct host_cgroup_io_list *list, const char *op)
{
    uint64_t total = 0;

    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i].op, op) == 0)
            total += list->v[i].value;
    return total;
}

static void take_cgroup(const struct host_cgroup_stats *stats, struct ocirt_usage *to)
{
    if (stats->cpu.total) {
        /* On v1 the two parts are counted in ticks, the whole is not. */
        to->system = (stats->cpu.kernel < stats->cpu.total ? stats->cpu.kernel : stats->cpu.total) / 1000;
        to->user = stats->cpu.total / 1000 - to->system;
        to->cpu_of_cgroup = true;
    }
    if (stats->memory.memory.max) {
        to->memory = stats->memory.memory.max;
        to->memory_of_cgroup = true;
    }
    if (stats->io.service_bytes.n) {
        to->read = sum(&stats->io.service_bytes, "Read");
        to->written = sum(&stats->io.service_bytes, "Write");
        to->io_of_cgroup = true;
    }
}

void engine_usage_tell(const struct creation *c, const struct host_foreground *foreground, uint64_t started)
{
    autoarena struct arena arena = { 0 };
    struct host_cgroup_stats stats = { 0 };
    struct err ignored = { 0 };
    struct ocirt_usage usage = {
        .wall = engine_usage_now(c) - started,
        .user = foreground->usage.user,
        .system = foreground->usage.system,
        .memory = foreground->usage.memory,
        .read = foreground->usage.read,
        .written = foreground->usage.written,
        .signal = foreground->end_signal,
    };
    size_t size;

    if (!c->options.usage)
        return;
    size = c->options.usage->size;
    (void) host_cgroup_oom_kills(&c->cgroup, &usage.oom_kills);
    if (host_cgroup_stats(&c->cgroup, &arena, &stats, &ignored) == 0)
        take_cgroup(&stats, &usage);
    err_done(&ignored);
    usage.size = size;
    memcpy(c->options.usage, &usage, size < sizeof usage ? size : sizeof usage);
}
