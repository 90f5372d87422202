/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.c - text that grows, and strict numbers.
 */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool text_reserve(struct text *text, size_t n)
{
    size_t need, room;
    char *s;

    if (text->failed || __builtin_add_overflow(text->n, n, &need) || __builtin_add_overflow(need, 1, &need))
        return text->failed = true, false;
    if (need <= text->room)
        return true;
    if (__builtin_mul_overflow(need, 2, &room))
        return text->failed = true, false;
    s = realloc(text->s, room);
    if (!s)
        return text->failed = true, false;
    text->s = s;
    text->room = room;
    return true;
}

void text_put(struct text *text, const char *s, size_t n)
{
    if (!text_reserve(text, n))
        return;
    memcpy(text->s + text->n, s, n);
    text->n += n;
    text->s[text->n] = '\0';
}

void text_vadd(struct text *text, const char *fmt, va_list ap)
{
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && text_reserve(text, (size_t) n)) {
        (void) vsnprintf(text->s + text->n, (size_t) n + 1, fmt, again);
        text->n += (size_t) n;
    }
    va_end(again);
}

void text_add(struct text *text, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    text_vadd(text, fmt, ap);
    va_end(ap);
}

int text_result(const struct text *text)
{
    return text->failed ? -ENOMEM : 0;
}

const char *text_string(const struct text *text)
{
    return text->s ? text->s : "";
}

void text_done(struct text *text)
{
    free(text->s);
    *text = (struct text){ 0 };
}

int text_parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (!*s)
        return -EINVAL;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
            return -ERANGE;
    }
    if (value > max)
        return -ERANGE;
    *ret = value;
    return 0;
}

int text_parse_u32(const char *s, uint32_t max, uint32_t *ret)
{
    uint64_t value;
    int r = text_parse_u64(s, max, &value);

    if (r < 0)
        return r;
    *ret = (uint32_t) value;
    return 0;
}
