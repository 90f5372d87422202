/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variant_test.c - GVariant's text form: what is read, with which type, and what is refused.
 */
#include "plan/variant.h"
#include "tests/spec/tap.h"

static const struct {
    const char *text, *type, *printed;
} good[] = {
    { "true", "b", "true" },
    { " false ", "b", "false" },
    { "0", "i", "0" },
    { "-2147483648", "i", "-2147483648" },
    { "0x10", "i", "16" },
    { "010", "i", "8" },
    { "uint64 18446744073709551615", "t", "18446744073709551615" },
    { "@t 5", "t", "5" },
    { "byte 0xff", "y", "255" },
    { "int16 -32768", "n", "-32768" },
    { "uint16 65535", "q", "65535" },
    { "uint32 4294967295", "u", "4294967295" },
    { "int64 -9223372036854775808", "x", "-9223372036854775808" },
    { "handle 3", "h", "3" },
    { "1.5", "d", "1.5" },
    { "1e3", "d", "1000" },
    { "double 7", "d", "7" },
    { "-inf", "d", "-inf" },
    { "'a b'", "s", "'a b'" },
    { "\"it's\"", "s", "'it\\'s'" },
    { "'\\u00e4\\n\\\\'", "s", "'\xc3\xa4\\n\\\\'" },
    { "'\\U0001f600'", "s", "'\xf0\x9f\x98\x80'" },
    { "objectpath '/a/b_1'", "o", "'/a/b_1'" },
    { "signature 'a(sv)u'", "g", "'a(sv)u'" },
    { "['a', 'b']", "as", "['a', 'b']" },
    { "[1, 2,]", "ai", "[1, 2]" },
    { "[uint32 1, 2]", "au", "[1, 2]" },
    { "[1, uint32 2]", "au", "[1, 2]" },
    { "[1, 2.5]", "ad", "[1, 2.5]" },
    { "@as []", "as", "[]" },
    { "@ay [1, 0x80]", "ay", "[1, 128]" },
    { "[@as [], []]", "aas", "[[], []]" },
    { "b'ab\\001'", "ay", "[97, 98, 1, 0]" },
    { "('/dev/null', 'rw')", "(ss)", "('/dev/null', 'rw')" },
    { "(uint32 1,)", "(u)", "(1)" },
    { "[('/dev/null', 'rw'), ('char-pts', 'r')]", "a(ss)", "[('/dev/null', 'rw'), ('char-pts', 'r')]" },
    { "@a(st) [('/dev/sda', 100)]", "a(st)", "[('/dev/sda', 100)]" },
    { "{'a': <1>, 'b': <'x'>}", "a{sv}", "[{'a': <1>}, {'b': <'x'>}]" },
    { "@a{sv} {}", "a{sv}", "[]" },
    { "{'a', uint64 1}", NULL, NULL },
    { "[{'a', uint64 1}]", "a{st}", "[{'a': 1}]" },
    { "<@t 1>", "v", "<1>" },
    { "[<1>, <true>]", "av", "[<1>, <true>]" },
};

static const char *const wrong[] = {
    "",
    " ",
    "a",
    "'a",
    "\"a",
    "[1",
    "[1 2]",
    "(1",
    "{1",
    "{1:2",
    "<1",
    "1 2",
    "2147483648",
    "-2147483649",
    "byte 256",
    "uint64 -1",
    "uint32 4294967296",
    "uint64 18446744073709551616",
    "@t 'a'",
    "@s 1",
    "@b 1",
    "@x true",
    "[]",
    "[1, 'a']",
    "[true, 1]",
    "@ai ['a']",
    "@(ss) ('a',)",
    "@(s) ('a', 'b')",
    "()",
    "just 1",
    "nothing",
    "@m 1",
    "@mt 1",
    "@a 1",
    "@{sv} 1",
    "@tt 1",
    "'\\u12'",
    "'\\ud800'",
    "'\\u0000'",
    "b'\\400'",
    "objectpath 'a'",
    "objectpath '/a/'",
    "objectpath '//'",
    "signature 'z'",
    "1x",
    "--1",
    "0x",
    "@as [1]",
    "{'a': 1, 2}",
    "['a': 1]",
    "<>",
    "{'a': 1",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static void check_good(const char *text, const char *type, const char *printed)
{
    autoarena struct arena arena = { 0 };
    autotext struct text out = { 0 };
    struct plan_variant *value = NULL;
    const char *why = NULL;

    if (plan_variant_parse(text, &arena, &value, &why) < 0) {
        check(type == NULL, "%s: %s", text, why);
        return;
    }
    plan_variant_print(value, &out);
    check_text(value->type, type, text);
    check_text(text_string(&out), printed, text);
}

static void check_types(void)
{
    check_number((long long) plan_variant_type_length("a{sv}s"), 5, "a dictionary's type");
    check_number((long long) plan_variant_type_length("(a(st)v)"), 8, "a tuple's type");
    check_number((long long) plan_variant_type_length("a{vs}"), 0, "a key is basic");
    check_number((long long) plan_variant_type_length("{sv}"), 0, "an entry alone is none");
    check_number((long long) plan_variant_type_length("(s"), 0, "a tuple without end");
}

int main(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_good(good[i].text, good[i].type, good[i].printed);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        autoarena struct arena arena = { 0 };
        struct plan_variant *value = NULL;
        const char *why = NULL;

        check(plan_variant_parse(wrong[i], &arena, &value, &why) < 0 && why && *why, "refused: %s (%s)",
              wrong[i], why ? why : "accepted");
    }
    check_types();
    return tap_done();
}
