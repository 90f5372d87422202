/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_unicode.c - is a text UTF-8, and are its \u escapes whole characters?
 *
 * yajl's own check lets overlong forms and surrogates pass, and it turns half a
 * surrogate pair into "?": two readers would see two different strings.
 */
#include "json_internal.h"

#include <string.h>

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* RFC 3629: the first byte tells the length, and for four of them narrows the second. */
size_t json_utf8_length(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *) s;
    size_t len = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;

    if (len < 2)
        return len;
    if (len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (!is_continuation(u[i]))
            return 0;
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90)) /* overlong */
        return 0;
    if ((u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf4 && u[1] > 0x8f)) /* a surrogate; above U+10FFFF */
        return 0;
    return len;
}

/* The unit of a "\uXXXX" at S, or -1 if there is none. */
static int escaped_unit(const char *s, size_t n)
{
    int unit = 0;

    if (n < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        char c = s[i];

        if (c >= '0' && c <= '9')
            unit = unit * 16 + c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            unit = unit * 16 + (c | 0x20) - 'a' + 10;
        else
            return -1;
    }
    return unit;
}

/* Length of the escape at S; 0 if it is half a surrogate pair. */
static size_t escape_length(const char *s, size_t n)
{
    int unit = escaped_unit(s, n);

    if (unit < 0xd800 || unit > 0xdfff)
        return 2;
    if (unit > 0xdbff || n < 12)
        return 0;
    unit = escaped_unit(s + 6, n - 6);
    return unit >= 0xdc00 && unit <= 0xdfff ? 12 : 0;
}

/* Eight bytes at once: is there one above 0x7f, or a backslash? */
static bool is_plain_word(const char *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t word, slash;

    memcpy(&word, s, sizeof word);
    slash = word ^ ones * '\\';
    return !((word | ((slash - ones) & ~slash)) & tops);
}

size_t json_find_bad_unicode(const char *text, size_t len, const char **ret_why)
{
    size_t i = 0, step;

    while (i < len) {
        if (len - i >= sizeof(uint64_t) && is_plain_word(text + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        step = text[i] == '\\' ? escape_length(text + i, len - i) : json_utf8_length(text + i, len - i);
        if (!step) {
            *ret_why = text[i] == '\\' ? "half a surrogate pair" : "not UTF-8";
            return i;
        }
        i += step;
    }
    return len;
}
