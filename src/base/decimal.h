/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * decimal.h - a number in decimal where there is no stdio: in init, which must not allocate or lock.
 */
#ifndef OCIRT_BASE_DECIMAL_H
#define OCIRT_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_MAX = 20 }; /* digits of 2^64 - 1 */

/* Writes VALUE to BUF, which has room for DECIMAL_MAX, without a NUL.  Returns the number of digits. */
static inline size_t decimal_put(char *buf, uint64_t value)
{
    char digits[DECIMAL_MAX];
    size_t n = 0;

    do
        digits[n++] = (char) ('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < n; i++)
        buf[i] = digits[n - 1 - i];
    return n;
}

#endif
