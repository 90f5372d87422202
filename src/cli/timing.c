/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timing.c - --timing: the trace of one command, as a table on standard error at its end.
 *
 * The events are those of --trace, and so are the lines that are read here: base/trace.c writes them.
 * Runtime and init work at the same time, so the times of both don't add up; the first column shows what
 * overlaps.
 */
#include "cli/timing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/table.h"

struct event {
    int64_t begin, took; /* nanoseconds */
    char who[16], name[64];
};

struct events {
    struct event *v;
    size_t n, room;
};

static int64_t now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

int cli_timing_open(struct cli_timing *ret)
{
    int fd = memfd_create("ocirt-timing", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    /* Runtime and init both write. */
    if (fcntl(fd, F_SETFL, O_APPEND) < 0) {
        int r = -errno;

        (void) close(fd);
        return r;
    }
    *ret = (struct cli_timing){ .fd = fd, .begin = now() };
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* One line of trace_end(): microseconds with three decimals. */
static bool parse(const char *line, struct event *ret)
{
    long long begin, begin_ns, took, took_ns;

    if (sscanf(
            line,
            "{\"name\":\"%63[^\"]\",\"cat\":\"%15[^\"]\",\"ph\":\"X\",\"ts\":%lld.%3lld,\"dur\":%lld.%3lld",
            ret->name, ret->who, &begin, &begin_ns, &took, &took_ns) != 6)
        return false;
    ret->begin = begin * 1000 + begin_ns;
    ret->took = took * 1000 + took_ns;
    return true;
}

static int add(struct events *events, const struct event *event)
{
    size_t room = events->room ? events->room * 2 : 64;
    struct event *v = events->v;

    if (events->n == events->room) {
        v = reallocarray(v, room, sizeof *v);
        if (!v)
            return -ENOMEM;
        events->v = v;
        events->room = room;
    }
    v[events->n++] = *event;
    return 0;
}

/* In the order of their beginning; what is around others before them. */
static int by_begin(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->took == y->took ? 0 : x->took > y->took ? -1 : 1;
}

static int parse_all(const char *text, struct events *ret)
{
    int r = 0;

    for (const char *line = text; r == 0 && line; line = strchr(line, '\n')) {
        struct event event;

        line += *line == '\n';
        if (parse(line, &event))
            r = add(ret, &event);
    }
    if (r == 0 && ret->n)
        qsort(ret->v, ret->n, sizeof *ret->v, by_begin);
    return r;
}

/* ---- printing ------------------------------------------------------------------------------------------ */

static void add_time(struct cli_table *table, int64_t ns)
{
    char text[32];

    (void) snprintf(text, sizeof text, "%9lld.%lld", (long long) (ns / 1000), (long long) (ns / 100 % 10));
    cli_table_cell(table, text);
}

static void add_row(struct cli_table *table, const struct event *event, int64_t begin)
{
    add_time(table, event->begin - begin);
    add_time(table, event->took);
    cli_table_cell(table, event->who);
    cli_table_cell(table, event->name);
}

static void print(const struct events *events, int64_t begin, int64_t end, struct cli_out *out)
{
    static const char *const heads[] = { "    BEGIN us", "     TIME us", "WHO", "WHAT" };
    const struct event all = {
        .begin = begin, .took = end - begin, .who = "all", .name = "the whole command"
    };
    autotable struct cli_table table = { .columns = sizeof heads / sizeof *heads };

    for (size_t i = 0; i < table.columns; i++)
        cli_table_cell(&table, heads[i]);
    for (size_t i = 0; i < events->n; i++)
        add_row(&table, &events->v[i], begin);
    add_row(&table, &all, begin);
    cli_table_print(&table, out);
}

int cli_timing_close(struct cli_timing *timing, struct cli_out *table, struct cli_out *trace)
{
    autoout struct cli_out text = { 0 };
    struct events events = { 0 };
    int64_t end = now();
    int r = lseek(timing->fd, 0, SEEK_SET) < 0 ? -errno : cli_file_read_fd(timing->fd, &text);

    (void) close(timing->fd);
    if (r == 0)
        r = parse_all(text.s, &events);
    if (r == 0)
        print(&events, timing->begin, end, table);
    if (r == 0 && trace)
        cli_out_put(trace, text.s, text.n);
    free(events.v);
    return r;
}
