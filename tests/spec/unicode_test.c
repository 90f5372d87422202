/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which bytes and escapes a string may consist of. */
#include <errno.h>

#include "libocispec/json.h"
#include "libocispec/oci_spec.h"

#include "tap.h"

struct example {
    const char *name, *inside; /* between the quotes */
    const char *value;         /* NULL: refused */
    const char *message;
    unsigned column; /* of the mistake, within `inside`, from 1 */
};

#define NOT_UTF8 "not UTF-8"
#define HALF     "half a surrogate pair"

static const struct example examples[] = {
    { "ASCII", "plain", "plain", NULL, 0 },
    { "two bytes", "\xc3\xa9", "\xc3\xa9", NULL, 0 },
    { "three bytes", "\xe2\x82\xac", "\xe2\x82\xac", NULL, 0 },
    { "four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", NULL, 0 },
    { "the last code point", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", NULL, 0 },
    { "the first of three bytes", "\xe0\xa0\x80", "\xe0\xa0\x80", NULL, 0 },
    { "the first of four bytes", "\xf0\x90\x80\x80", "\xf0\x90\x80\x80", NULL, 0 },
    { "the one before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf", NULL, 0 },
    { "DEL", "\x7f", "\x7f", NULL, 0 },
    { "an escape", "a\\u00e9b",
      "a\xc3\xa9"
      "b",
      NULL, 0 },
    { "an escaped pair", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", NULL, 0 },
    { "an escaped pair in capitals", "\\uD83D\\uDE00", "\xf0\x9f\x98\x80", NULL, 0 },
    { "the highest escaped pair", "\\udbff\\udfff", "\xf4\x8f\xbf\xbf", NULL, 0 },
    { "the short escapes", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", NULL, 0 },
    { "an escaped backslash before u", "\\\\ud800", "\\ud800", NULL, 0 },
    { "a continuation alone", "a\x80", NULL, NOT_UTF8, 2 },
    { "a sequence cut off", "ab\xc3", NULL, NOT_UTF8, 3 },
    { "a sequence of three cut off", "\xe2\x82", NULL, NOT_UTF8, 1 },
    { "overlong two bytes", "\xc0\xaf", NULL, NOT_UTF8, 1 },
    { "overlong NUL", "\xc0\x80", NULL, NOT_UTF8, 1 },
    { "overlong three bytes", "\xe0\x80\xaf", NULL, NOT_UTF8, 1 },
    { "overlong four bytes", "\xf0\x80\x80\xaf", NULL, NOT_UTF8, 1 },
    { "a surrogate in UTF-8", "\xed\xa0\x80", NULL, NOT_UTF8, 1 },
    { "above U+10FFFF", "\xf4\x90\x80\x80", NULL, NOT_UTF8, 1 },
    { "five bytes", "\xf8\x88\x80\x80\x80", NULL, NOT_UTF8, 1 },
    { "0xff", "0123456789abcdef\xff", NULL, NOT_UTF8, 17 },
    { "Latin-1", "caf\xe9!", NULL, NOT_UTF8, 4 },
    { "a high surrogate alone", "a\\ud800", NULL, HALF, 2 },
    { "a low surrogate alone", "\\udc00", NULL, HALF, 1 },
    { "two high surrogates", "\\ud800\\ud800", NULL, HALF, 1 },
    { "a high surrogate and a letter", "\\ud800\\u0041", NULL, HALF, 1 },
    { "a high surrogate and text", "\\ud800xxxxxxxx", NULL, HALF, 1 },
    { "a pair the wrong way round", "\\ude00\\ud83d", NULL, HALF, 1 },
    { "an escaped NUL", "a\\u0000b", NULL, "a string must not contain \\u0000", 0 },
};

static void test_string(const struct example *e)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error err = { 0 };
    char *text = arena_printf(&arena, "{\"ociVersion\": \"%s\"}", e->inside);
    int r = json_read(&oci_spec_type, &spec, "x", text, strlen(text), &arena, &err);

    if (e->value) {
        check(r == 0 && !strcmp(spec.oci_version, e->value), "a string of %s", e->name);
        return;
    }
    check(r == -EINVAL && !strcmp(err.message, e->message) && !strcmp(err.path, "ociVersion"),
          "not in a string: %s", e->name);
    if (e->column)
        check(err.line == 1 && err.column == 16 + e->column, "and it is found: %s (column %u)", e->name,
              err.column);
}

/* What is skipped is no place to hide. */
static void test_skipped(const struct example *e)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error err = { 0 };
    char *value = arena_printf(&arena, "{\"ociVersion\": \"1\", \"x\": [{\"y\": \"%s\"}]}", e->inside);
    char *name = arena_printf(&arena, "{\"ociVersion\": \"1\", \"x\": [{\"%s\": 1}]}", e->inside);
    char *key = arena_printf(&arena, "{\"ociVersion\": \"1\", \"annotations\": {\"%s\": \"\"}}", e->inside);

    check(json_read(&oci_spec_type, &spec, "x", value, strlen(value), &arena, &err) == -EINVAL,
          "nor in a value that is skipped: %s", e->name);
    spec = (struct oci_spec){ 0 };
    check(json_read(&oci_spec_type, &spec, "x", name, strlen(name), &arena, &err) == -EINVAL,
          "nor in a name that is skipped: %s", e->name);
    spec = (struct oci_spec){ 0 };
    check(json_read(&oci_spec_type, &spec, "x", key, strlen(key), &arena, &err) == -EINVAL,
          "nor in a name that is kept: %s", e->name);
}

/* The check takes eight bytes at once: a mistake must be found at any distance from such a border. */
static void test_positions(void)
{
    bool found = true;

    for (unsigned n = 0; n < 40; n++) {
        autoarena struct arena arena = { 0 };
        struct oci_spec spec = { 0 };
        struct json_error err = { 0 };
        char *text = arena_printf(&arena, "{\"ociVersion\": \"%.*s\xff%.*s\"}", (int) n,
                                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", (int) (40 - n),
                                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

        found = found && json_read(&oci_spec_type, &spec, "x", text, strlen(text), &arena, &err) == -EINVAL &&
                err.column == 17 + n;
    }
    check(found, "a wrong byte is found wherever it stands");
}

int main(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        test_string(&examples[i]);
        if (!examples[i].value && examples[i].column)
            test_skipped(&examples[i]);
    }
    test_positions();
    return tap_done();
}
