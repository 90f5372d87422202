/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - phases as Chrome trace events, and the trace of others that they belong to.
 */
#include "base/trace.h"

#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/sys.h"

struct line {
    char text[512];
    size_t n;
};

static int64_t now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- traceparent --------------------------------------------------------------------------------------- */

enum { PARENT_LENGTH = 55, PARENT_MAX = 256 };

static const char digits_of_hex[] = "0123456789abcdef";

/* N lower-case digits, not all of them 0 if it is NOT_ZERO. */
static bool is_hex(const char *s, size_t n, bool not_zero)
{
    return strspn(s, digits_of_hex) >= n && (!not_zero || strspn(s, "0") < n);
}

/* VERSION-TRACE-PARENT-FLAGS.  A later version may go on, after another hyphen. */
static bool has_form(const char *s)
{
    return is_hex(s, 2, false) && s[2] == '-' && is_hex(s + 3, 32, true) && s[35] == '-' &&
           is_hex(s + 36, 16, true) && s[52] == '-' && is_hex(s + 53, 2, false);
}

bool trace_is_parent(const char *text)
{
    size_t n = strnlen(text, PARENT_MAX + 1);

    if (n < PARENT_LENGTH || n > PARENT_MAX || !has_form(text) || !strncmp(text, "ff", 2))
        return false;
    if (n == PARENT_LENGTH)
        return true;
    return strncmp(text, "00", 2) != 0 && text[PARENT_LENGTH] == '-' &&
           strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") == n;
}

/* ---- events -------------------------------------------------------------------------------------------- */

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

static void put_process(struct line *line, pid_t pid)
{
    put(line, ",\"pid\":");
    put_number(line, (uint64_t) pid);
    put(line, ",\"tid\":");
    put_number(line, (uint64_t) pid);
}

void trace_parent(int fd, const char *traceparent)
{
    struct line line = { .n = 0 };

    if (fd <= 0)
        return;
    put(&line, "{\"name\":\"traceparent\",\"cat\":\"runtime\",\"ph\":\"i\",\"s\":\"p\",\"ts\":");
    put_time(&line, now());
    put_process(&line, getpid());
    put(&line, ",\"args\":{\"traceparent\":\"");
    put(&line, traceparent);
    put(&line, "\"}},\n");
    (void) sys_write(fd, line.text, line.n);
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
    put_process(&line, pid);
    put(&line, "},\n");
    (void) sys_write(fd, line.text, line.n); /* a full disk does not stop a container */
}
