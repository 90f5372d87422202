/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_fail.c - what the reader says when it stops, and of what it skips.
 *
 * "NAME:LINE:COLUMN: path.to[3].property: MESSAGE".  Lines and columns are only
 * counted here: reading a good text costs nothing for them.
 */
#include "json_reader.h"

#include <errno.h>

/* ---- errors -------------------------------------------------------------------------------------------- */

/* Always returns 0, which makes yajl stop. */
int json_fail_no_memory(struct reader *r)
{
    *r->err = (struct json_error){ .text = "out of memory", .path = "", .message = "out of memory" };
    r->code = -ENOMEM;
    return 0;
}

static void put_place(struct reader *r, struct json_text *path)
{
    if (!r->depth)
        return;

    struct frame *o = owner(r);

    json_text_put_path(path, o->object);
    if (o->field != NO_FIELD)
        json_text_put_step(path, o->object->type->fields[o->field].name);
    if (!in_list(r))
        return;
    if (top(r)->key)
        json_text_put_key(path, top(r)->key);
    else if (current(r)->kind != JSON_MAP && current(r)->kind != JSON_DICT)
        json_text_printf(path, "[%zu]", open_list(r).n);
}

/* Fills *r->err, and takes both texts. */
static int fail_with(struct reader *r, size_t offset, struct json_text *path, struct json_text *message)
{
    const char *in = path->n ? path->v : "";
    struct json_error e = { .line = json_line(r->text, offset), .column = json_column(r->text, offset) };

    if (!path->failed && !message->failed) {
        e.path = arena_strdup(r->arena, in);
        e.message = arena_strdup(r->arena, message->v);
        e.text = arena_printf(r->arena, "%s:%u:%u: %s%s%s", r->name, e.line, e.column, in, *in ? ": " : "",
                              message->v);
    }
    json_text_free(path);
    json_text_free(message);
    if (!e.path || !e.message || !e.text)
        return json_fail_no_memory(r);
    *r->err = e;
    r->code = -EINVAL;
    return 0;
}

/* "NAME:LINE:COLUMN: path.to[3].property: MESSAGE"; always returns 0. */
static int fail_text(struct reader *r, size_t offset, struct json_text *message)
{
    struct json_text path = { 0 };

    put_place(r, &path);
    return fail_with(r, offset, &path, message);
}

int json_fail_at(struct reader *r, size_t offset, const char *message)
{
    struct json_text text = { 0 };

    json_text_puts(&text, message);
    return fail_text(r, offset, &text);
}

/* About the token that has just been read. */
size_t json_token_here(struct reader *r)
{
    return json_token_start(r->text, json_token_end(r));
}

int json_fail_kind(struct reader *r, const char *got)
{
    static const struct {
        const char *member, *element;
    } wanted[] = {
        [JSON_BOOL] = { "true or false", NULL },
        [JSON_U16] = { "an integer", NULL },
        [JSON_I32] = { "an integer", NULL },
        [JSON_U32] = { "an integer", NULL },
        [JSON_I64] = { "an integer", NULL },
        [JSON_U64] = { "an integer", NULL },
        [JSON_STRING] = { "a string", NULL },
        [JSON_CHOICE] = { "a string", NULL },
        [JSON_OBJECT] = { "an object", NULL },
        [JSON_STRINGS] = { "an array of strings", "a string" },
        [JSON_NUMBERS] = { "an array of integers", "an integer" },
        [JSON_MAP] = { "an object of strings", "a string" },
        [JSON_OBJECTS] = { "an array of objects", "an object" },
        [JSON_DICT] = { "an object of objects", "an object" },
    };
    struct json_text text = { 0 };
    const char *want = !r->depth    ? "an object"
                       : in_list(r) ? wanted[current(r)->kind].element
                                    : wanted[current(r)->kind].member;

    json_text_printf(&text, "expected %s, found %s", want, got);
    return fail_text(r, json_token_here(r), &text);
}

int json_fail_number(struct reader *r, const char *s, size_t len, const struct range *range)
{
    struct json_text text = { 0 };

    if (!range)
        json_text_puts(&text, "expected an integer in plain digits, found ");
    json_text_put_shown(&text, s, len, SHOWN_MAX);
    if (range)
        json_text_printf(&text, " is out of range, which is %s%llu to %llu", range->below ? "-" : "",
                         (unsigned long long) range->below, (unsigned long long) range->above);
    return fail_text(r, json_token_here(r), &text);
}

int json_fail_choice(struct reader *r, const struct json_words *words, const char *s, size_t len)
{
    const char *nearest = json_nearest_word(words, s, len), *comma = "";
    struct json_text text = { 0 };

    json_text_puts(&text, "\"");
    json_text_put_shown(&text, s, len, SHOWN_MAX);
    json_text_puts(&text, "\" is none of ");
    for (size_t i = 0; i < words->n; i++)
        if (words->v[i]) {
            json_text_printf(&text, "%s%s", comma, words->v[i]);
            comma = ", ";
        }
    if (nearest)
        json_text_printf(&text, "; did you mean \"%s\"?", nearest);
    return fail_text(r, json_token_here(r), &text);
}

int json_fail_missing(struct reader *r, const struct json_node *object, const char *name)
{
    struct json_text text = { 0 };

    top(r)->field = NO_FIELD;
    json_text_printf(&text, "the required property \"%s\" is missing", name);
    return fail_text(r, object->start, &text);
}

/* ---- no JSON at all ------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_blank(const char *text, size_t len)
{
    while (len && is_space(text[len - 1]))
        len--;
    return !len;
}

/* A comma before a closing bracket is the mistake that everybody makes. */
static bool is_trailing_comma(const char *text, size_t len, size_t offset)
{
    if (offset >= len || (text[offset] != '}' && text[offset] != ']'))
        return false;
    while (offset > 0 && is_space(text[offset - 1]))
        offset--;
    return offset > 0 && text[offset - 1] == ',';
}

/*
 * yajl's reasons (it says "parse error: " or "lexical error: " before them) in the words of our other errors.
 */
static const struct {
    const char *theirs, *ours;
} reasons[] = {
    { "premature EOF", "the text ends too early" },
    { "trailing garbage", "something follows the end of the document" },
    { "invalid object key", "expected a name in double quotes" },
    { "object key and value must be separated", "expected : after the name" },
    { "after key and value", "expected , or }" },
    { "after array element", "expected , or ]" },
    { "unallowed token", "expected a value" },
    { "probable comment", "there are no comments in JSON" },
    { "invalid char in json text", "unexpected character" },
    { "invalid string in json text", "a word that is not true, false or null" },
    { "'\\' occurs before a character", "unknown escape in a string" },
    { "invalid (non-hex) character", "\\u needs four hexadecimal digits" },
    { "invalid character inside string", "a control character in a string must be escaped" },
    { "digit is required after the exponent", "a digit must follow the exponent" },
    { "digit is required after the decimal", "a digit must follow the point" },
    { "digit is required after the minus", "a digit must follow the minus sign" },
};

static const char *reason(const char *why)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strstr(why, reasons[i].theirs))
            return reasons[i].ours;
    return why;
}

/* After a value yajl points at the token that must not follow, but two bytes too far if that is a string. */
static size_t unexpected_start(const char *text, size_t end)
{
    size_t i = end, quote = end;
    bool inside = false;

    while (i && text[i - 1] != '\n')
        i--;
    for (; i < end; i++) {
        if (inside && text[i] == '\\')
            i++;
        else if (text[i] == '"') {
            quote = inside ? quote : i;
            inside = !inside;
        }
    }
    return inside || quote + 2 == end ? quote : end;
}

static size_t syntax_offset(struct reader *r, const char *why)
{
    size_t end = json_token_end(r);

    if (r->at_end && strstr(why, "premature"))
        return r->len;
    if (end < r->len && strstr(why, "after key and value"))
        return unexpected_start(r->text, end);
    if (end < r->len && (strstr(why, "inside string") || strstr(why, "comment")))
        return end;
    if (end && strstr(why, "invalid char "))
        return end - 1;
    return json_token_start(r->text, end);
}

int json_fail_syntax(struct reader *r, const char *why)
{
    size_t offset = syntax_offset(r, why);
    struct json_text text = { 0 };

    if (json_token_end(r) > r->bad)
        return json_fail_at(r, r->bad, r->why_bad);
    if (is_blank(r->text, r->len))
        return json_fail_at(r, 0, "not JSON: there is nothing in it");
    if (is_trailing_comma(r->text, r->len, offset))
        return json_fail_at(r, offset, "not JSON: a comma must not stand before a closing bracket");
    json_text_printf(&text, "not JSON: %s", reason(why));
    return fail_text(r, offset, &text);
}

/* ---- skipped properties -------------------------------------------------------------------------------- */

/* Goes on counting where it stopped: a text may consist of nothing but skipped properties. */
static void move_to(struct place *p, const char *text, size_t offset)
{
    for (; p->offset < offset; p->offset++) {
        unsigned char c = (unsigned char) text[p->offset];

        p->lines += c == '\n';
        p->columns = c == '\n' ? 0 : p->columns + ((c & 0xc0) != 0x80);
    }
}

int json_report_unknown(struct reader *r, const char *s, size_t len, bool elsewhere)
{
    const struct json_node *object = top(r)->object;
    struct json_text path = { 0 }, name = { 0 };

    if (!r->watch || !r->watch->unknown)
        return 1;
    json_text_put(&name, s, len);
    json_text_put_path(&path, object);
    json_text_put_step(&path, len ? "" : "\"\"");
    json_text_put_shown(&path, s, len, SHOWN_MAX);
    if (name.failed || path.failed) {
        json_text_free(&name);
        json_text_free(&path);
        return json_fail_no_memory(r);
    }
    move_to(&r->watched, r->text, json_token_here(r));

    struct json_unknown unknown = {
        .path = path.v,
        .name = name.v,
        .nearest = elsewhere ? NULL : json_nearest(object->type, s, len),
        .line = r->watched.lines + 1,
        .column = r->watched.columns + 1,
        .elsewhere = elsewhere,
    };

    r->watch->unknown(r->watch->data, &unknown);
    json_text_free(&name);
    json_text_free(&path);
    return 1;
}
