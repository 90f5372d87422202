/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variant_parse.c - reads GVariant's text form.
 *
 * Two steps: the text is read into a tree of nodes whose types are only known where the text says so; then
 * the types are fixed from the outside in.  A number without a type is an int32 or a double, unless its
 * neighbours in an array have one.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "plan/variant.h"

enum kind { NUMBER, WORD_BOOL, STRING, BYTES, ARRAY, DICT, ENTRY, TUPLE, VARIANT };

struct node {
    enum kind kind;
    const char *type; /* as the text says; NULL if it doesn't */
    const char *text; /* of a number, string or bool */
    size_t length;    /* of BYTES */
    struct node *first, *next;
    size_t n;
};

struct parser {
    const char *s;
    struct arena *arena;
    const char *why;
    unsigned depth;
};

enum { DEPTH_MAX = 32 };

static struct node *parse(struct parser *p);

static void *bad(struct parser *p, const char *why)
{
    if (!p->why)
        p->why = why;
    return NULL;
}

/* ---- the text ------------------------------------------------------------------------------------------ */

static void skip_space(struct parser *p)
{
    p->s += strspn(p->s, " \t\r\n");
}

static bool take(struct parser *p, char c)
{
    skip_space(p);
    if (*p->s != c)
        return false;
    p->s++;
    return true;
}

static struct node *new_node(struct parser *p, enum kind kind)
{
    struct node *node = arena_alloc(p->arena, sizeof *node);

    if (!node)
        return bad(p, ""); /* out of memory */
    node->kind = kind;
    return node;
}

static void add_utf8(struct text *text, unsigned long c)
{
    char b[4];

    if (c < 0x80) {
        b[0] = (char) c;
        text_put(text, b, 1);
    } else if (c < 0x800) {
        b[0] = (char) (0xc0 | c >> 6);
        b[1] = (char) (0x80 | (c & 0x3f));
        text_put(text, b, 2);
    } else if (c < 0x10000) {
        b[0] = (char) (0xe0 | c >> 12);
        b[1] = (char) (0x80 | (c >> 6 & 0x3f));
        b[2] = (char) (0x80 | (c & 0x3f));
        text_put(text, b, 3);
    } else {
        b[0] = (char) (0xf0 | c >> 18);
        b[1] = (char) (0x80 | (c >> 12 & 0x3f));
        b[2] = (char) (0x80 | (c >> 6 & 0x3f));
        b[3] = (char) (0x80 | (c & 0x3f));
        text_put(text, b, 4);
    }
}

/* After "\": n digits of BASE.  -1 if there are fewer. */
static long digits(struct parser *p, unsigned n, int base)
{
    long value = 0;

    for (; n; n--, p->s++) {
        int digit = isdigit((unsigned char) *p->s)    ? *p->s - '0'
                    : isxdigit((unsigned char) *p->s) ? tolower((unsigned char) *p->s) - 'a' + 10
                                                      : 99;

        if (digit >= base)
            return -1;
        value = value * base + digit;
    }
    return value;
}

static bool parse_unicode(struct parser *p, unsigned n, struct text *text)
{
    long c = digits(p, n, 16);

    if (c <= 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return false;
    add_utf8(text, (unsigned long) c);
    return true;
}

static bool parse_octal(struct parser *p, struct text *text)
{
    unsigned n = 1;

    while (n < 3 && p->s[n] >= '0' && p->s[n] <= '7')
        n++;
    long c = digits(p, n, 8);
    char b = (char) c;

    if (c < 0 || c > 255)
        return false;
    text_put(text, &b, 1);
    return true;
}

static bool parse_escape(struct parser *p, bool bytes, struct text *text)
{
    static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
    const char *letter;
    char c = *p->s;

    if (bytes && c >= '0' && c <= '7')
        return parse_octal(p, text);
    if (c == '\0')
        return false;
    p->s++;
    if (!bytes && (c == 'u' || c == 'U'))
        return parse_unicode(p, c == 'u' ? 4 : 8, text);
    letter = strchr(letters, c);
    text_put(text, letter ? &meanings[letter - letters] : &c, 1);
    return true;
}

static struct node *parse_string(struct parser *p, bool bytes)
{
    struct node *node = new_node(p, bytes ? BYTES : STRING);
    autotext struct text text = { 0 };
    char quote = *p->s++, *copy;

    while (*p->s && *p->s != quote) {
        if (*p->s == '\\') {
            p->s++;
            if (!parse_escape(p, bytes, &text))
                return bad(p, "a backslash is followed by what is no character");
        } else {
            text_put(&text, p->s++, 1);
        }
    }
    if (*p->s != quote)
        return bad(p, "a string has no end");
    p->s++;
    copy = arena_alloc(p->arena, text.n + 1);
    if (!node || !copy || text_result(&text) < 0)
        return bad(p, "");
    memcpy(copy, text_string(&text), text.n);
    node->text = copy;
    node->length = text.n;
    return node;
}

static struct node *parse_number(struct parser *p)
{
    size_t n = strspn(p->s, "+-.0123456789abcdefxABCDEFXinty");
    struct node *node = new_node(p, NUMBER);

    if (!node)
        return NULL;
    node->text = arena_strndup(p->arena, p->s, n);
    p->s += n;
    return node->text ? node : bad(p, "");
}

/* Elements up to CLOSE; in a dictionary each is a key, ":" and a value. */
static struct node *parse_list(struct parser *p, enum kind kind, char close)
{
    struct node *node = new_node(p, kind), **end = node ? &node->first : NULL;

    while (node && !take(p, close)) {
        struct node *element = parse(p);

        if (element && node->n == 0 && kind == ARRAY && take(p, ':'))
            return bad(p, "a dictionary stands in braces");
        if (!element)
            return NULL;
        *end = element;
        end = &element->next;
        node->n++;
        if (!take(p, ',')) {
            if (take(p, close))
                break;
            return bad(p, close == ']' ? "\",\" or \"]\" is missing" : "\",\" or \")\" is missing");
        }
    }
    return node;
}

static struct node *new_entry(struct parser *p, struct node *key, struct node *value)
{
    struct node *entry = key && value ? new_node(p, ENTRY) : NULL;

    if (entry) {
        entry->n = 2;
        entry->first = key;
        key->next = value;
    }
    return entry;
}

/* "{key: value, ...}", or one entry alone: "{key, value}". */
static struct node *parse_braces(struct parser *p)
{
    struct node *dict = new_node(p, DICT), **end = dict ? &dict->first : NULL;

    while (dict && !take(p, '}')) {
        struct node *key = parse(p), *entry;
        bool single = key && dict->n == 0 && take(p, ',');

        if (key && !single && !take(p, ':'))
            return bad(p, "\":\" is missing");
        entry = key ? new_entry(p, key, parse(p)) : NULL;
        if (!entry)
            return NULL;
        if (single)
            return take(p, '}') ? entry : bad(p, "\"}\" is missing");
        *end = entry;
        end = &entry->next;
        dict->n++;
        if (!take(p, ',')) {
            if (take(p, '}'))
                break;
            return bad(p, "\",\" or \"}\" is missing");
        }
    }
    return dict;
}

static struct node *parse_variant(struct parser *p)
{
    struct node *node = new_node(p, VARIANT);

    if (!node)
        return NULL;
    node->first = parse(p);
    node->n = 1;
    if (!node->first)
        return NULL;
    return take(p, '>') ? node : bad(p, "\">\" is missing");
}

static const char *type_of_word(const char *word, size_t n)
{
    static const struct {
        const char *word, *type;
    } types[] = {
        { "boolean", "b" }, { "byte", "y" },       { "int16", "n" },     { "uint16", "q" }, { "int32", "i" },
        { "uint32", "u" },  { "handle", "h" },     { "int64", "x" },     { "uint64", "t" }, { "double", "d" },
        { "string", "s" },  { "objectpath", "o" }, { "signature", "g" },
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].word) == n && !strncmp(types[i].word, word, n))
            return types[i].type;
    return NULL;
}

static struct node *with_type(struct parser *p, const char *type)
{
    struct node *node = parse(p);

    if (node && !node->type)
        node->type = type;
    return node;
}

static struct node *parse_word(struct parser *p)
{
    size_t n = strspn(p->s, "abcdefghijklmnopqrstuvwxyz0123456789");
    const char *type = type_of_word(p->s, n);
    struct node *node;

    if (type) {
        p->s += n;
        return with_type(p, type);
    }
    if (n == 3 && (!strncmp(p->s, "inf", 3) || !strncmp(p->s, "nan", 3)))
        return parse_number(p);
    if ((n != 4 || strncmp(p->s, "true", 4)) && (n != 5 || strncmp(p->s, "false", 5)))
        return bad(p, "a word that is neither a type nor a value; a string needs quotes");
    node = new_node(p, WORD_BOOL);
    if (node)
        node->text = *p->s == 't' ? "true" : "";
    p->s += n;
    return node;
}

static struct node *parse_annotated(struct parser *p)
{
    size_t n = plan_variant_type_length(++p->s);
    const char *type = n ? arena_strndup(p->arena, p->s, n) : NULL;

    if (n == 0)
        return bad(p, "\"@\" is followed by what is no type of D-Bus");
    p->s += n;
    return type ? with_type(p, type) : bad(p, "");
}

static struct node *parse_one(struct parser *p)
{
    skip_space(p);
    switch (*p->s) {
    case '\0': return bad(p, "a value is missing");
    case '\'':
    case '"': return parse_string(p, false);
    case '[': p->s++; return parse_list(p, ARRAY, ']');
    case '(': p->s++; return parse_list(p, TUPLE, ')');
    case '{': p->s++; return parse_braces(p);
    case '<': p->s++; return parse_variant(p);
    case '@': return parse_annotated(p);
    }
    if (*p->s == 'b' && (p->s[1] == '\'' || p->s[1] == '"')) {
        p->s++;
        return parse_string(p, true);
    }
    if (isdigit((unsigned char) *p->s) || (*p->s && strchr("+-.", *p->s)))
        return parse_number(p);
    return parse_word(p);
}

static struct node *parse(struct parser *p)
{
    struct node *node;

    if (p->depth == DEPTH_MAX)
        return bad(p, "too deep");
    p->depth++;
    node = parse_one(p);
    p->depth--;
    return node;
}

/* ---- the types ----------------------------------------------------------------------------------------- */

static bool is_real(const char *number)
{
    return strncmp(number, "0x", 2) && strpbrk(number, ".einEIN");
}

/* The type that NODE has by itself, NULL if it has none (an empty array); *SURE: it can't have another. */
static const char *guess(struct parser *p, const struct node *node, bool *sure)
{
    const char *first = NULL, *second = NULL;
    bool all = true;

    *sure = node->type != NULL;
    if (node->type)
        return node->type;
    switch (node->kind) {
    case NUMBER: *sure = is_real(node->text); return *sure ? "d" : "i";
    case WORD_BOOL: *sure = true; return "b";
    case STRING: return "s";
    case BYTES: *sure = true; return "ay";
    case VARIANT: *sure = true; return "v";
    case ARRAY:
    case DICT:
        for (const struct node *e = node->first; e && !(first && *sure); e = e->next) {
            const char *type = guess(p, e, sure);

            first = type && (*sure || !first) ? type : first;
        }
        return first ? arena_printf(p->arena, "a%s", first) : NULL;
    case ENTRY:
        first = guess(p, node->first, sure);
        second = guess(p, node->first->next, &all);
        *sure = *sure && all;
        return first && second ? arena_printf(p->arena, "{%s%s}", first, second) : NULL;
    case TUPLE:
        first = "";
        for (const struct node *e = node->first; first && e; e = e->next) {
            const char *type = guess(p, e, sure);

            all = all && *sure;
            first = type ? arena_printf(p->arena, "%s%s", first, type) : NULL;
        }
        *sure = all;
        return first ? arena_printf(p->arena, "(%s)", first) : NULL;
    }
    return NULL;
}

static const struct {
    char type;
    int64_t min;
    uint64_t max;
} ranges[] = {
    { 'y', 0, UINT8_MAX },         { 'n', INT16_MIN, INT16_MAX }, { 'q', 0, UINT16_MAX },
    { 'i', INT32_MIN, INT32_MAX }, { 'h', 0, INT32_MAX },         { 'u', 0, UINT32_MAX },
    { 'x', INT64_MIN, INT64_MAX }, { 't', 0, UINT64_MAX },
};

static bool parse_integer(const char *text, char type, struct plan_variant *value)
{
    bool negative = *text == '-';
    char *end;

    text += negative || *text == '+';
    errno = 0;
    unsigned long long n = isdigit((unsigned char) *text) ? strtoull(text, &end, 0) : 0;
    if (!isdigit((unsigned char) *text) || *end || errno)
        return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (ranges[i].type != type)
            continue;
        uint64_t lowest = ranges[i].min < 0 ? (uint64_t) - (ranges[i].min + 1) + 1 : 0;

        if (n > (negative ? lowest : ranges[i].max))
            return false;
        value->natural = n;
        value->integer = negative ? (int64_t) -n : (int64_t) n;
        return true;
    }
    return false;
}

static struct plan_variant *resolve_number(struct parser *p, const struct node *node,
                                           struct plan_variant *value)
{
    char *end;

    if (value->type[0] == 'd') {
        value->real = strtod(node->text, &end);
        return *end || end == node->text ? bad(p, "this is no number") : value;
    }
    if (!strchr("ynqihuxt", value->type[0]))
        return bad(p, "a number stands where the type says otherwise");
    return parse_integer(node->text, value->type[0], value)
               ? value
               : bad(p, "a number does not fit its type (int32 if none is given)");
}

static bool is_object_path(const char *s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/";
    size_t n = strlen(s);

    return *s == '/' && strspn(s, allowed) == n && !strstr(s, "//") && (n == 1 || s[n - 1] != '/');
}

static bool is_signature(const char *s)
{
    for (size_t n; *s; s += n) {
        n = plan_variant_type_length(s);
        if (n == 0)
            return false;
    }
    return true;
}

static struct plan_variant *resolve_string(struct parser *p, const struct node *node,
                                           struct plan_variant *value)
{
    if (!strchr("sog", value->type[0]))
        return bad(p, "a string stands where the type says otherwise");
    if (strlen(node->text) != node->length)
        return bad(p, "a string must not have a NUL");
    if ((value->type[0] == 'o' && !is_object_path(node->text)) ||
        (value->type[0] == 'g' && !is_signature(node->text)))
        return bad(p, value->type[0] == 'o' ? "this is no object path" : "this is no signature");
    value->string = node->text;
    return value;
}

/* b'...' has a NUL at its end, which counts. */
static struct plan_variant *resolve_bytes(struct parser *p, const struct node *node,
                                          struct plan_variant *value)
{
    if (strcmp(value->type, "ay"))
        return bad(p, "bytes stand where the type says otherwise");
    for (size_t i = 0; i <= node->length; i++)
        if (plan_variant_append(p->arena, value,
                                plan_variant_natural(p->arena, "y", (unsigned char) node->text[i])) < 0)
            return bad(p, "");
    return value;
}

static struct plan_variant *resolve(struct parser *p, const struct node *node, const char *want);

/* The elements' types follow each other in TYPES; REPEAT: each has the first. */
static struct plan_variant *resolve_elements(struct parser *p, const struct node *node,
                                             struct plan_variant *value, const char *types, bool repeat)
{
    for (const struct node *e = node->first; e; e = e->next) {
        size_t n = *types == '{' ? strlen(types) : plan_variant_type_length(types);
        const char *type = n ? arena_strndup(p->arena, types, n) : NULL;
        struct plan_variant *element = type ? resolve(p, e, type) : NULL;

        if (!element)
            return bad(p, n ? "" : "more values than the type has");
        if (plan_variant_append(p->arena, value, element) < 0)
            return bad(p, "");
        types += repeat ? 0 : n;
    }
    return repeat || *types == ')' || *types == '}' ? value : bad(p, "fewer values than the type has");
}

static struct plan_variant *resolve(struct parser *p, const struct node *node, const char *want)
{
    struct plan_variant *value = plan_variant_container(p->arena, node->type ? node->type : want);
    bool sure;

    if (!value)
        return bad(p, "");
    if (!value->type)
        value->type = guess(p, node, &sure);
    if (!value->type)
        return bad(p, "an empty array needs its type, as in \"@as []\"");
    if (want && strcmp(want, value->type))
        return bad(p, "the values of an array have different types");
    switch (node->kind) {
    case NUMBER: return resolve_number(p, node, value);
    case STRING: return resolve_string(p, node, value);
    case BYTES: return resolve_bytes(p, node, value);
    case WORD_BOOL:
        value->boolean = *node->text;
        return value->type[0] == 'b' ? value : bad(p, "true and false are of type boolean only");
    case VARIANT:
        if (value->type[0] != 'v' || plan_variant_append(p->arena, value, resolve(p, node->first, NULL)) < 0)
            return bad(p, "a variant stands where the type says otherwise");
        return value;
    case ARRAY:
    case DICT:
        if (value->type[0] != 'a' || (node->kind == DICT && value->type[1] != '{'))
            return bad(p, "an array or a dictionary stands where the type says otherwise");
        return resolve_elements(p, node, value, value->type + 1, true);
    case ENTRY:
    case TUPLE:
        if (value->type[0] != (node->kind == ENTRY ? '{' : '(') || node->n == 0)
            return bad(p, "a tuple stands where the type says otherwise");
        return resolve_elements(p, node, value, value->type + 1, false);
    }
    return NULL;
}

int plan_variant_parse(const char *text, struct arena *arena, struct plan_variant **ret, const char **ret_why)
{
    struct parser p = { .s = text, .arena = arena };
    struct node *node = parse(&p);
    struct plan_variant *value = NULL;

    skip_space(&p);
    if (node && *p.s)
        (void) bad(&p, "more follows behind the value");
    else if (node && node->kind == ENTRY && !node->type)
        (void) bad(&p, "an entry of a dictionary stands in one only");
    else if (node)
        value = resolve(&p, node, NULL);
    if (!value) {
        *ret_why = p.why && *p.why ? p.why : "out of memory";
        return p.why && *p.why ? -EINVAL : -ENOMEM;
    }
    *ret = value;
    return 0;
}
