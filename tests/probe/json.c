/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.c - the writer of json.h.  Bytes above 0x7e are written as \u00XX: the reader gets them one for one.
 */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DEPTH = 32 };

static struct {
    int fd;
    char buffer[8192];
    size_t used;
    char closing[MAX_DEPTH]; /* the bracket that ends each open value */
    bool filled[MAX_DEPTH];  /* it has a member already */
    unsigned depth;
    bool after_key;
} out = { .fd = STDOUT_FILENO };

static void flush(void)
{
    size_t done = 0;

    while (done < out.used) {
        ssize_t n = write(out.fd, out.buffer + done, out.used - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t) n;
    }
    out.used = 0;
}

static void put(char c)
{
    if (out.used == sizeof(out.buffer))
        flush();
    out.buffer[out.used++] = c;
}

static void put_text(const char *text)
{
    for (; *text; text++)
        put(*text);
}

static void begin_value(void)
{
    if (out.after_key) {
        out.after_key = false;
        return;
    }
    if (out.depth > 0 && out.filled[out.depth])
        put(',');
    out.filled[out.depth] = true;
}

static void end_value(void)
{
    if (out.depth > 0)
        return;
    put('\n');
    flush();
}

static void open_value(char opening, char closing)
{
    begin_value();
    put(opening);
    if (out.depth + 1 < MAX_DEPTH)
        out.depth++;
    out.closing[out.depth] = closing;
    out.filled[out.depth] = false;
}

void json_to_fd(int fd)
{
    flush();
    out.fd = fd;
}

void json_object(void)
{
    open_value('{', '}');
}

void json_array(void)
{
    open_value('[', ']');
}

void json_end(void)
{
    put(out.closing[out.depth]);
    out.depth--;
    end_value();
}

static void put_quoted(const char *text, size_t size)
{
    char code[8];

    put('"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) text[i];

        if (c < 0x20 || c > 0x7e) {
            snprintf(code, sizeof(code), "\\u%04x", c);
            put_text(code);
            continue;
        }
        if (c == '"' || c == '\\')
            put('\\');
        put((char) c);
    }
    put('"');
}

void json_key(const char *name)
{
    begin_value();
    put_quoted(name, strlen(name));
    put(':');
    out.after_key = true;
}

void json_bytes(const char *text, size_t size)
{
    begin_value();
    put_quoted(text, size);
    end_value();
}

static void raw_value(const char *text)
{
    begin_value();
    put_text(text);
    end_value();
}

void json_string(const char *text)
{
    if (text)
        json_bytes(text, strlen(text));
    else
        json_null();
}

void json_int(long long value)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%lld", value);
    raw_value(digits);
}

void json_uint(unsigned long long value)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%llu", value);
    raw_value(digits);
}

void json_bool(bool value)
{
    raw_value(value ? "true" : "false");
}

void json_null(void)
{
    raw_value("null");
}

void json_put_string(const char *name, const char *text)
{
    json_key(name);
    json_string(text);
}

void json_put_int(const char *name, long long value)
{
    json_key(name);
    json_int(value);
}

void json_put_uint(const char *name, unsigned long long value)
{
    json_key(name);
    json_uint(value);
}

void json_put_bool(const char *name, bool value)
{
    json_key(name);
    json_bool(value);
}
