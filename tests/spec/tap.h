/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tap.h - one line of TAP for each check, for the C tests beside it. */
#ifndef OCIRT_TESTS_TAP_H
#define OCIRT_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_number, tap_failed;

__attribute__((format(printf, 2, 3))) static inline bool check(bool good, const char *fmt, ...)
{
    va_list ap;

    printf("%sok %u - ", good ? "" : "not ", ++tap_number);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    tap_failed += !good;
    return good;
}

static inline bool check_text(const char *got, const char *want, const char *name)
{
    bool good = got && want ? !strcmp(got, want) : got == want;

    check(good, "%s", name);
    if (!good)
        printf("# got:  %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
    return good;
}

static inline bool check_number(long long got, long long want, const char *name)
{
    check(got == want, "%s", name);
    if (got != want)
        printf("# got:  %lld\n# want: %lld\n", got, want);
    return got == want;
}

/* The plan, and what main() returns. */
static inline int tap_done(void)
{
    printf("1..%u\n", tap_number);
    return tap_failed ? 1 : 0;
}

#endif
