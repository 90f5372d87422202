/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.c - words of the command line that are numbers, truths, spans of time or sizes.
 */
#include "cli/value.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

int cli_value_bool(const char *s, bool *ret)
{
    static const char *const words[] = { "1", "t", "T", "true",  "TRUE",  "True",
                                         "0", "f", "F", "false", "FALSE", "False" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(s, words[i]) == 0) {
            *ret = i < 6;
            return 0;
        }
    }
    return -EINVAL;
}

/* The digits at *S, which it moves behind them. */
static int digits(const char **s, int64_t *ret)
{
    const char *p = *s;
    int64_t value = 0;

    if (*p < '0' || *p > '9')
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value))
            return -ERANGE;
    }
    *s = p;
    *ret = value;
    return 0;
}

int cli_value_integer(const char *s, int64_t *ret)
{
    int64_t value, sign = *s == '-' ? -1 : 1;

    s += sign < 0;
    int r = digits(&s, &value);
    if (r < 0)
        return r;
    if (*s)
        return -EINVAL;
    *ret = sign * value;
    return 0;
}

int cli_value_unsigned(const char *s, unsigned *ret)
{
    int64_t value;
    int r = digits(&s, &value);

    if (r < 0)
        return r;
    if (*s)
        return -EINVAL;
    if (value > INT_MAX)
        return -ERANGE;
    *ret = (unsigned) value;
    return 0;
}

struct decimal {
    int64_t whole;
    int64_t fraction, scale; /* fraction / scale, scale a power of ten */
};

/* The number at *S, which it moves behind it. */
static int decimal(const char **s, struct decimal *ret)
{
    struct decimal d = { .scale = 1 };
    int r = digits(s, &d.whole);

    if (r < 0)
        return r;
    if (**s == '.') {
        for (++*s; **s >= '0' && **s <= '9'; ++*s) {
            if (d.scale >= 1000000000)
                continue; /* more than nine decimals say nothing */
            d.fraction = d.fraction * 10 + (**s - '0');
            d.scale *= 10;
        }
    }
    *ret = d;
    return 0;
}

static int times(const struct decimal *d, int64_t unit, int64_t *ret)
{
    int64_t whole;

    if (__builtin_mul_overflow(d->whole, unit, &whole) ||
        __builtin_add_overflow(whole, (int64_t) ((__int128) d->fraction * unit / d->scale), ret))
        return -ERANGE;
    return 0;
}

int cli_value_size(const char *s, int64_t *ret)
{
    static const char letters[] = "bkmgtp";
    struct decimal d;
    unsigned power = 0;

    if (strcmp(s, "-1") == 0) {
        *ret = -1;
        return 0;
    }
    int r = decimal(&s, &d);
    if (r < 0)
        return r;
    if (*s == ' ')
        s++;
    if (*s) {
        const char *letter = strchr(letters, *s | 0x20);

        if (!letter)
            return -EINVAL;
        power = (unsigned) (letter - letters);
        s++;
        if (power > 0 && (strcasecmp(s, "b") == 0 || strcasecmp(s, "ib") == 0))
            s += strlen(s);
    }
    return *s ? -EINVAL : times(&d, (int64_t) 1 << (10 * power), ret);
}

int cli_value_thousandths(const char *s, unsigned *ret)
{
    struct decimal d;
    int64_t value;
    int r = decimal(&s, &d);

    if (r < 0)
        return r;
    if (*s)
        return -EINVAL;
    r = times(&d, 1000, &value);
    if (r < 0 || value > INT_MAX)
        return -ERANGE;
    if (value == 0)
        return -EINVAL;
    *ret = (unsigned) value;
    return 0;
}

int cli_value_duration(const char *s, unsigned *ret)
{
    static const struct {
        char unit[4];
        int64_t nanoseconds;
    } units[] = { { "ns", 1 },         { "us", 1000 },       { "\xc2\xb5s", 1000 }, { "ms", 1000000 },
                  { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };
    int64_t total = 0;
    bool bare = true;

    do {
        struct decimal d;
        int64_t part;
        size_t i = 0;
        int r = decimal(&s, &d);

        if (r < 0)
            return r;
        size_t length = strcspn(s, "0123456789.");
        while (i < sizeof units / sizeof *units &&
               (strlen(units[i].unit) != length || memcmp(s, units[i].unit, length) != 0))
            i++;
        if (i == sizeof units / sizeof *units && !(bare && length == 0))
            return -EINVAL;
        bare = false;
        r = times(&d, length ? units[i].nanoseconds : 1000000000, &part);
        if (r < 0 || __builtin_add_overflow(total, part, &total))
            return -ERANGE;
        s += length;
    } while (*s);
    if (total <= 0)
        return -EINVAL;
    total = total / 1000000 + (total % 1000000 != 0);
    if (total > INT_MAX)
        return -ERANGE;
    *ret = (unsigned) total;
    return 0;
}
