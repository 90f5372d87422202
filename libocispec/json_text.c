/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_text.c - text that grows, and strings as JSON writes them. */
#include "json_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 256 };

/* Room for N more bytes and a NUL. */
static bool make_room(struct json_text *text, size_t n)
{
    size_t need, room = text->room ? text->room : ROOM_MIN;

    if (text->failed || __builtin_add_overflow(text->n, n, &need) || need >= SIZE_MAX / 2)
        return false;
    if (text->limit && need > text->limit)
        return false;
    if (text->v && need < text->room)
        return true;
    while (room <= need)
        room *= 2;

    char *v = realloc(text->v, room);

    if (!v)
        return false;
    text->v = v;
    text->room = room;
    return true;
}

void json_text_put(struct json_text *text, const char *s, size_t n)
{
    if (!make_room(text, n)) {
        text->failed = true;
        return;
    }
    if (n)
        memcpy(text->v + text->n, s, n);
    text->n += n;
    text->v[text->n] = '\0';
}

void json_text_puts(struct json_text *text, const char *s)
{
    json_text_put(text, s, strlen(s));
}

void json_text_printf(struct json_text *text, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);

    int n = vsnprintf(NULL, 0, fmt, ap);

    if (n >= 0 && make_room(text, (size_t) n)) {
        (void) vsnprintf(text->v + text->n, (size_t) n + 1, fmt, again);
        text->n += (size_t) n;
    } else {
        text->failed = true;
    }
    va_end(again);
    va_end(ap);
}

/* One character (or byte that is none) of S; returns its length. */
static size_t put_escaped(struct json_text *text, const char *s, size_t n)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'
    };
    unsigned char c = (unsigned char) *s;
    size_t len = json_utf8_length(s, n);

    if (c < sizeof letters && letters[c])
        json_text_put(text, (const char[]){ '\\', letters[c] }, 2);
    else if (c < 0x20 || c == 0x7f)
        json_text_printf(text, "\\u%04x", c);
    else if (c == 0xc2 && len == 2 && (unsigned char) s[1] < 0xa0) /* C1: some terminals obey them */
        json_text_printf(text, "\\u%04x", (unsigned char) s[1]);
    else if (!len)
        json_text_printf(text, "\\x%02x", c);
    else
        json_text_put(text, s, len);
    return len ? len : 1;
}

/* A stretch of plain characters goes at once: most strings have no others. */
static size_t plain_length(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

void json_text_put_shown(struct json_text *text, const char *s, size_t n, size_t max)
{
    size_t i = 0;

    while (i < n && i < max)
        i += put_escaped(text, s + i, n - i);
    if (i < n)
        json_text_puts(text, "...");
}

void json_text_put_string(struct json_text *text, const char *s, size_t n)
{
    json_text_put(text, "\"", 1);
    for (size_t i = 0; i < n && !text->failed;) {
        size_t plain = plain_length(s + i, n - i);

        json_text_put(text, s + i, plain);
        i += plain;
        if (i < n)
            i += put_escaped(text, s + i, n - i);
    }
    json_text_put(text, "\"", 1);
}

void json_text_free(struct json_text *text)
{
    free(text->v);
    *text = (struct json_text){ 0 };
}
