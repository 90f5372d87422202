/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - phases as Chrome trace events.
 */
#include "base/trace.h"

#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/sys.h"

struct line {
    char text[320];
    size_t n;
};

static int64_t now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t trace_begin(int fd)
{
    return fd > 0 ? now() : 0;
}

/* What does not fit is left out: names are ours, and short. */
static void put(struct line *line, const char *s)
{
    size_t n = strlen(s);

    if (n > sizeof line->text - line->n)
        return;
    memcpy(line->text + line->n, s, n);
    line->n += n;
}

static void put_number(struct line *line, uint64_t value)
{
    char digits[DECIMAL_MAX + 1];

    digits[decimal_put(digits, value)] = '\0';
    put(line, digits);
}

/* Microseconds with three decimals, as the format has it. */
static void put_time(struct line *line, int64_t ns)
{
    char decimals[5] = { '.', (char) ('0' + ns / 100 % 10), (char) ('0' + ns / 10 % 10),
                         (char) ('0' + ns % 10) };

    put_number(line, (uint64_t) (ns / 1000));
    put(line, decimals);
}

void trace_end(int fd, const char *who, const char *name, pid_t pid, int64_t begin)
{
    struct line line = { .n = 0 };
    int64_t end;

    if (fd <= 0)
        return;
    end = now();
    pid = pid ? pid : getpid();
    put(&line, "{\"name\":\"");
    put(&line, name);
    put(&line, "\",\"cat\":\"");
    put(&line, who);
    put(&line, "\",\"ph\":\"X\",\"ts\":");
    put_time(&line, begin);
    put(&line, ",\"dur\":");
    put_time(&line, end - begin);
    put(&line, ",\"pid\":");
    put_number(&line, (uint64_t) pid);
    put(&line, ",\"tid\":");
    put_number(&line, (uint64_t) pid);
    put(&line, "},\n");
    (void) sys_write(fd, line.text, line.n); /* a full disk does not stop a container */
}
