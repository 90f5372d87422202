/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * out.c - text that grows and is then written at once.
 */
#include "cli/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool reserve(struct cli_out *out, size_t n)
{
    size_t need, room;
    char *s = NULL;

    if (out->failed)
        return false;
    if (!__builtin_add_overflow(out->n, n, &need) && !__builtin_add_overflow(need, 1, &need) &&
        !__builtin_mul_overflow(need, 2, &room)) {
        if (need <= out->room)
            return true;
        s = realloc(out->s, room);
    }
    if (!s) {
        out->failed = true;
        return false;
    }
    out->s = s;
    out->room = room;
    return true;
}

void cli_out_put(struct cli_out *out, const char *s, size_t n)
{
    if (!reserve(out, n))
        return;
    memcpy(out->s + out->n, s, n);
    out->n += n;
    out->s[out->n] = '\0';
}

void cli_out_word(struct cli_out *out, const char *s)
{
    cli_out_put(out, s, strlen(s));
}

void cli_out_add(struct cli_out *out, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && reserve(out, (size_t) n)) {
        (void) vsnprintf(out->s + out->n, (size_t) n + 1, fmt, again);
        out->n += (size_t) n;
    }
    va_end(again);
}

void cli_out_pad(struct cli_out *out, size_t n)
{
    if (!reserve(out, n))
        return;
    memset(out->s + out->n, ' ', n);
    out->n += n;
    out->s[out->n] = '\0';
}

void cli_out_wrapped(struct cli_out *out, const char *text, size_t column)
{
    enum { WIDTH = 100 };

    while (strlen(text) > WIDTH - column) {
        const char *end = text + (WIDTH - column);

        while (end > text && *end != ' ')
            end--;
        if (end == text)
            break;
        cli_out_put(out, text, (size_t) (end - text));
        cli_out_word(out, "\n");
        cli_out_pad(out, column);
        text = end + 1;
    }
    cli_out_word(out, text);
    cli_out_word(out, "\n");
}

/*
 * Length of the UTF-8 character at S, which ends with a NUL; 0 if there is none.  Overlong forms, surrogates
 * and what lies beyond U+10FFFF are not UTF-8 (RFC 3629).
 */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

void cli_out_json(struct cli_out *out, const char *s)
{
    cli_out_put(out, "\"", 1);
    while (*s) {
        unsigned char c = (unsigned char) *s;
        size_t n = utf8_length((const unsigned char *) s);

        if (n == 0)
            cli_out_word(out, "\\ufffd");
        else if (c == '"' || c == '\\')
            cli_out_add(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            cli_out_add(out, "\\u%04x", c);
        else
            cli_out_put(out, s, n);
        s += n ? n : 1;
    }
    cli_out_put(out, "\"", 1);
}

void cli_out_printable(struct cli_out *out, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char) *s;

        if (c < 0x20 || c == 0x7f)
            cli_out_add(out, "\\x%02x", c);
        else
            cli_out_put(out, s, 1);
    }
}

int cli_out_send(const struct cli_out *out, int fd)
{
    if (out->failed)
        return -ENOMEM;
    for (size_t done = 0; done < out->n;) {
        ssize_t n = write(fd, out->s + done, out->n - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t) n;
    }
    return 0;
}

void cli_out_done(struct cli_out *out)
{
    free(out->s);
    *out = (struct cli_out){ 0 };
}
