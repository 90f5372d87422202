/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - text that grows, and strict numbers.
 *
 * A struct text begins zeroed.  After a failed allocation it stays as it was
 * and remembers the failure: append as you like and look once, at the end.
 */
#ifndef OCIRT_BASE_TEXT_H
#define OCIRT_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/arena.h"

struct text {
    char *s; /* NUL-terminated once anything was added; malloc'd */
    size_t n, room;
    bool failed;
};

#define autotext __attribute__((cleanup(text_done)))

void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vadd(struct text *text, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void text_put(struct text *text, const char *s, size_t n);
int text_result(const struct text *text);         /* 0 or -ENOMEM */
const char *text_string(const struct text *text); /* "" if nothing was added */
void text_done(struct text *text);

/*
 * Decimal digits only: no sign, no space, nothing behind, and at most MAX.  0, -EINVAL or -ERANGE.
 * (CVE-2026-30892: a parser that returned early left uid 0.)  *RET is untouched on failure.
 */
int text_parse_u64(const char *s, uint64_t max, uint64_t *ret);
int text_parse_u32(const char *s, uint32_t max, uint32_t *ret);

#endif
