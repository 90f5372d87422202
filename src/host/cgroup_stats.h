/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_stats.h - what a container uses, in the terms of `runc events --stats`.
 *
 * What the kernel or the cgroup's controllers do not count is 0 or empty: a container without a memory
 * controller has statistics too.
 */
#ifndef OCIRT_HOST_CGROUP_STATS_H
#define OCIRT_HOST_CGROUP_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/cgroup.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"

/* A resource of which some is in use.  No limit is UINT64_MAX. */
struct host_cgroup_use {
    uint64_t limit, usage, max, failcnt;
};

struct host_cgroup_value {
    const char *name;
    uint64_t value;
};
struct host_cgroup_io {
    uint64_t major, minor;
    const char *op;
    uint64_t value;
};
struct host_cgroup_hugetlb {
    const char *page_size;
    struct host_cgroup_use use;
};

/*
 * Pressure stall information: percent of the time, as text of the kernel ("0.25"), and microseconds in all.
 */
struct host_cgroup_stall {
    const char *avg10, *avg60, *avg300;
    uint64_t total;
};
struct host_cgroup_pressure {
    bool given;
    struct host_cgroup_stall some, full;
};

struct host_cgroup_numbers {
    uint64_t *v;
    size_t n;
};
struct host_cgroup_io_list {
    struct host_cgroup_io *v;
    size_t n;
};

struct host_cgroup_stats {
    struct { /* nanoseconds */
        uint64_t total, kernel, user;
        struct host_cgroup_numbers percpu, percpu_kernel, percpu_user; /* v1 */
        uint64_t periods, throttled_periods, throttled_time;
        struct host_cgroup_pressure pressure;
    } cpu;
    struct { /* v1 */
        struct host_cgroup_numbers cpus, mems;
        uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, memory_spread_page,
            memory_spread_slab, memory_pressure, sched_load_balance;
        int64_t sched_relax_domain_level;
    } cpuset;
    struct { /* bytes */
        uint64_t cache;
        struct host_cgroup_use memory;
        struct host_cgroup_use swap;               /* memory and swap together, as v1 counts */
        struct host_cgroup_use kernel, kernel_tcp; /* v1 */
        JSON_LIST(struct host_cgroup_value) raw;   /* memory.stat */
        struct {
            uint64_t low, high, max, oom, oom_kill;
        } events;
        struct host_cgroup_pressure pressure;
    } memory;
    struct {
        uint64_t current, limit;
    } pids; /* limit 0: none */
    struct {
        struct host_cgroup_io_list service_bytes, serviced;
        struct host_cgroup_pressure pressure;
    } io;
    JSON_LIST(struct host_cgroup_hugetlb) hugetlb;
};

/* Reads them; lists and strings live in ARENA. */
int host_cgroup_stats(const struct host_cgroup *cg, struct arena *arena, struct host_cgroup_stats *ret,
                      struct err *err);

/*
 * Appends the object "data" of runc's event to OUT.  INTEL_RDT is the text of an object, or NULL.  0 or
 * -errno.
 */
int host_cgroup_stats_json(const struct host_cgroup_stats *stats, const char *intel_rdt,
                           struct json_text *out);

/* ---- private part: for host/cgroup_stats*.c ------------------------------------------------------------ */

void host_cgroup_stats_v2(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret);
void host_cgroup_stats_v1(const struct host_cgroup *cg, struct arena *arena, struct host_cgroup_stats *ret);

/* The file as text in ARENA; "" if it can't be read. */
char *host_cgroup_stats_text(int dir_fd, const char *file, struct arena *arena);

/* The number in FILE, or 0. */
uint64_t host_cgroup_stats_number(int dir_fd, const char *file);

/* The lines "name number" of TEXT, which is changed. */
void host_cgroup_stats_values(char *text, struct arena *arena, struct host_cgroup_stats *ret);

/* Fills hugetlb with the page sizes for which there is a file hugetlb.SIZE.ENDING. */
void host_cgroup_stats_sizes(int dir_fd, const char *ending, struct arena *arena,
                             struct host_cgroup_stats *ret);

#endif
