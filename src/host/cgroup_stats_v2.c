/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_stats_v2.c - what a container uses, from the files of cgroup v2.
 */
#include <stdlib.h>
#include <string.h>

#include "host/cgroup_dirs.h"
#include "host/cgroup_stats.h"

/* VALUE if it is a number as the kernel writes it ("0.25"), for it goes into JSON as it is; else "0". */
static const char *decimal(const char *value)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(value, digits), point = value[whole] == '.';
    size_t rest = point ? strspn(value + whole + 1, digits) : 0;
    bool good = (whole == 1 || (whole && value[0] != '0')) && (rest || !point);

    return good && !value[whole + point + rest] ? value : "0";
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": the words stay where they are in LINE. */
static void parse_stall(char *line, struct host_cgroup_stall *ret)
{
    *ret = (struct host_cgroup_stall){ "0", "0", "0", 0 };
    for (char *save, *word = strtok_r(line, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
        char *value = strchr(word, '=');

        if (!value)
            continue;
        *value++ = '\0';
        if (!strcmp(word, "avg10"))
            ret->avg10 = decimal(value);
        else if (!strcmp(word, "avg60"))
            ret->avg60 = decimal(value);
        else if (!strcmp(word, "avg300"))
            ret->avg300 = decimal(value);
        else if (!strcmp(word, "total"))
            ret->total = strtoull(value, NULL, 10);
    }
}

static void read_pressure(int dir_fd, const char *file, struct arena *arena, struct host_cgroup_pressure *ret)
{
    char *some = host_cgroup_stats_text(dir_fd, file, arena);
    char *full = some && *some ? strchr(some, '\n') : NULL;

    if (!full)
        return;
    *full++ = '\0';
    ret->given = true;
    parse_stall(some, &ret->some);
    parse_stall(full, &ret->full);
}

static uint64_t key(const char *text, const char *name)
{
    uint64_t value = 0;

    if (text)
        (void) host_cgroup_key(text, name, &value);
    return value;
}

static void read_cpu(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    const char *stat = host_cgroup_stats_text(dir_fd, "cpu.stat", arena);

    ret->cpu.total = key(stat, "usage_usec") * 1000;
    ret->cpu.kernel = key(stat, "system_usec") * 1000;
    ret->cpu.user = key(stat, "user_usec") * 1000;
    ret->cpu.periods = key(stat, "nr_periods");
    ret->cpu.throttled_periods = key(stat, "nr_throttled");
    ret->cpu.throttled_time = key(stat, "throttled_usec") * 1000;
    read_pressure(dir_fd, "cpu.pressure", arena, &ret->cpu.pressure);
}

static void read_events(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    const char *events = host_cgroup_stats_text(dir_fd, "memory.events", arena);

    ret->memory.events.low = key(events, "low");
    ret->memory.events.high = key(events, "high");
    ret->memory.events.max = key(events, "max");
    ret->memory.events.oom = key(events, "oom");
    ret->memory.events.oom_kill = key(events, "oom_kill");
    ret->memory.memory.failcnt = ret->memory.events.max;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* v2 counts swap alone; the event has it together with memory, as v1 did. */
static void read_memory(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    struct host_cgroup_use *m = &ret->memory.memory;
    char *stat = host_cgroup_stats_text(dir_fd, "memory.stat", arena);

    ret->memory.cache = key(stat, "file");
    host_cgroup_stats_values(stat, arena, ret);
    m->usage = host_cgroup_stats_number(dir_fd, "memory.current");
    m->limit = host_cgroup_stats_number(dir_fd, "memory.max");
    m->max = host_cgroup_stats_number(dir_fd, "memory.peak");
    read_events(dir_fd, arena, ret);
    ret->memory.swap.usage = add(m->usage, host_cgroup_stats_number(dir_fd, "memory.swap.current"));
    ret->memory.swap.limit = add(m->limit, host_cgroup_stats_number(dir_fd, "memory.swap.max"));
    read_pressure(dir_fd, "memory.pressure", arena, &ret->memory.pressure);
}

static void read_pids(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    uint64_t limit = host_cgroup_stats_number(dir_fd, "pids.max");

    ret->pids.limit = limit == UINT64_MAX ? 0 : limit;
    if (host_cgroup_read_number(dir_fd, "pids.current", &ret->pids.current) == 0)
        return;
    /* Without the controller, the processes can be counted; threads are not among them. */
    for (const char *s = host_cgroup_stats_text(dir_fd, "cgroup.procs", arena); s && *s; s++)
        ret->pids.current += *s == '\n';
}

/* ---- block devices ------------------------------------------------------------------------------------- */

static const struct {
    const char *key, *op;
    bool bytes;
} io_keys[] = {
    { "rbytes=", "Read", true },
    { "wbytes=", "Write", true },
    { "rios=", "Read", false },
    { "wios=", "Write", false },
};
enum { N_IO_KEYS = sizeof io_keys / sizeof *io_keys };

static void read_io_word(const char *word, uint64_t major, uint64_t minor, struct host_cgroup_stats *ret)
{
    for (size_t i = 0; i < N_IO_KEYS; i++) {
        size_t n = strlen(io_keys[i].key);
        struct host_cgroup_io io = { major, minor, io_keys[i].op, 0 };

        if (strncmp(word, io_keys[i].key, n))
            continue;
        io.value = strtoull(word + n, NULL, 10);
        if (io_keys[i].bytes)
            ret->io.service_bytes.v[ret->io.service_bytes.n++] = io;
        else
            ret->io.serviced.v[ret->io.serviced.n++] = io;
    }
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"; two entries a line in each list. */
static void read_io(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    char *text = host_cgroup_stats_text(dir_fd, "io.stat", arena);
    size_t lines = 1;

    read_pressure(dir_fd, "io.pressure", arena, &ret->io.pressure);
    for (const char *s = text; s && *s; s++)
        lines += *s == '\n';
    ret->io.service_bytes.v = arena_array(arena, 2 * lines, sizeof *ret->io.service_bytes.v);
    ret->io.serviced.v = arena_array(arena, 2 * lines, sizeof *ret->io.serviced.v);
    if (!text || !ret->io.service_bytes.v || !ret->io.serviced.v)
        return;
    for (char *outer, *line = strtok_r(text, "\n", &outer); line; line = strtok_r(NULL, "\n", &outer)) {
        char *rest, *inner;
        uint64_t major = strtoull(line, &rest, 10), minor = *rest == ':' ? strtoull(rest + 1, &rest, 10) : 0;

        for (char *word = strtok_r(rest, " ", &inner); word; word = strtok_r(NULL, " ", &inner))
            if (ret->io.service_bytes.n < 2 * lines && ret->io.serviced.n < 2 * lines)
                read_io_word(word, major, minor, ret);
    }
}

static uint64_t hugetlb_number(int dir_fd, struct arena *arena, const char *size, const char *ending)
{
    const char *file = arena_printf(arena, "hugetlb.%s.%s", size, ending);

    return file ? host_cgroup_stats_number(dir_fd, file) : 0;
}

static void read_hugetlb(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    host_cgroup_stats_sizes(dir_fd, "current", arena, ret);
    for (size_t i = 0; i < ret->hugetlb.n; i++) {
        struct host_cgroup_hugetlb *h = &ret->hugetlb.v[i];
        const char *events = arena_printf(arena, "hugetlb.%s.events", h->page_size);

        h->use.usage = hugetlb_number(dir_fd, arena, h->page_size, "current");
        h->use.limit = hugetlb_number(dir_fd, arena, h->page_size, "max");
        h->use.failcnt = events ? key(host_cgroup_stats_text(dir_fd, events, arena), "max") : 0;
    }
}

void host_cgroup_stats_v2(int dir_fd, struct arena *arena, struct host_cgroup_stats *ret)
{
    read_cpu(dir_fd, arena, ret);
    read_memory(dir_fd, arena, ret);
    read_pids(dir_fd, arena, ret);
    read_io(dir_fd, arena, ret);
    read_hugetlb(dir_fd, arena, ret);
}
