/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_write.c - print an object that json_read() filled, or one that was built in C.
 *
 * Without yajl_gen, which crashes when memory runs out, lets broken UTF-8 pass
 * and prints an empty list over three lines: printing is the easy half of JSON.
 */
#include "json_internal.h"

#include <errno.h>
#include <string.h>

struct writer {
    struct json_text *out;
    enum json_style style;
    unsigned depth;
    bool first; /* nothing was written yet in the open object or array */
    int error;
};

/* ---- punctuation --------------------------------------------------------------------------------------- */

static void new_line(struct writer *w)
{
    if (w->style == JSON_COMPACT)
        return;
    json_text_put(w->out, "\n", 1);
    for (unsigned i = 0; i < w->depth; i++)
        json_text_put(w->out, "  ", 2);
}

static void open_bracket(struct writer *w, const char *bracket)
{
    json_text_put(w->out, bracket, 1);
    w->depth++;
    w->first = true;
}

static void close_bracket(struct writer *w, const char *bracket)
{
    w->depth--;
    if (!w->first)
        new_line(w);
    json_text_put(w->out, bracket, 1);
    w->first = false;
}

static void next_element(struct writer *w)
{
    if (!w->first)
        json_text_put(w->out, ",", 1);
    w->first = false;
    new_line(w);
}

/* ---- values -------------------------------------------------------------------------------------------- */

/* NULL where there must be a string is the program's mistake. */
static void write_string(struct writer *w, const char *s)
{
    size_t n = s ? strlen(s) : 0, i = 0, len = 1;

    while (i < n && len)
        i += len = json_utf8_length(s + i, n - i);
    if (!s || i < n) {
        w->error = s ? -EILSEQ : -EINVAL;
        return;
    }
    json_text_put_string(w->out, s, n);
}

static void write_key(struct writer *w, const char *s)
{
    next_element(w);
    write_string(w, s);
    json_text_puts(w->out, w->style == JSON_COMPACT ? ":" : ": ");
}

static void write_object(struct writer *w, const struct json_type *type, const struct json_node *node);

static void write_array(struct writer *w, const struct json_field *f, struct json_list l)
{
    open_bracket(w, "[");
    for (size_t i = 0; i < l.n; i++) {
        next_element(w);
        switch (f->kind) {
        case JSON_STRINGS: write_string(w, ((char **) l.v)[i]); break;
        case JSON_NUMBERS: json_text_printf(w->out, "%u", (unsigned) ((uint32_t *) l.v)[i]); break;
        default: write_object(w, f->of, ((void **) l.v)[i]); break;
        }
    }
    close_bracket(w, "]");
}

static void write_map(struct writer *w, struct json_list l)
{
    const struct json_pair *pairs = l.v;

    open_bracket(w, "{");
    for (size_t i = 0; i < l.n; i++) {
        write_key(w, pairs[i].key);
        write_string(w, pairs[i].value);
    }
    close_bracket(w, "}");
}

static void write_dict(struct writer *w, const struct json_type *type, struct json_list l)
{
    open_bracket(w, "{");
    for (size_t i = 0; i < l.n; i++) {
        const void *object = ((void **) l.v)[i];

        write_key(w, object ? json_dict_key(type, object) : NULL);
        write_object(w, type, object);
    }
    close_bracket(w, "}");
}

/* Any member, as what it is. */
union value {
    bool b;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    char *string;
    struct json_node *object;
    struct json_list list;
};

static union value value_of(const struct json_node *node, const struct json_field *f)
{
    static const uint8_t sizes[] = {
        [JSON_BOOL] = sizeof(bool),
        [JSON_U16] = 2,
        [JSON_I32] = 4,
        [JSON_U32] = 4,
        [JSON_CHOICE] = 4,
        [JSON_I64] = 8,
        [JSON_U64] = 8,
        [JSON_STRING] = sizeof(char *),
        [JSON_OBJECT] = sizeof(void *),
        [JSON_STRINGS] = sizeof(struct json_list),
        [JSON_NUMBERS] = sizeof(struct json_list),
        [JSON_MAP] = sizeof(struct json_list),
        [JSON_OBJECTS] = sizeof(struct json_list),
        [JSON_DICT] = sizeof(struct json_list),
        [JSON_ELSEWHERE] = 0,
    };
    union value v;

    memset(&v, 0, sizeof v);
    if (sizes[f->kind])
        memcpy(&v, (const char *) node + f->offset, sizes[f->kind]);
    return v;
}

static bool is_empty(enum json_kind kind, union value v)
{
    switch (kind) {
    case JSON_BOOL: return !v.b;
    case JSON_U16: return !v.u16;
    case JSON_I32:
    case JSON_U32:
    case JSON_CHOICE: return !v.u32;
    case JSON_I64:
    case JSON_U64: return !v.u64;
    case JSON_STRING: return !v.string;
    case JSON_OBJECT: return !v.object;
    case JSON_ELSEWHERE: return true;
    default: return !v.list.n;
    }
}

static void write_value(struct writer *w, const struct json_field *f, union value v)
{
    switch ((enum json_kind) f->kind) {
    case JSON_BOOL: json_text_puts(w->out, v.b ? "true" : "false"); break;
    case JSON_U16: json_text_printf(w->out, "%u", (unsigned) v.u16); break;
    case JSON_I32: json_text_printf(w->out, "%d", (int) v.i32); break;
    case JSON_U32: json_text_printf(w->out, "%u", (unsigned) v.u32); break;
    case JSON_I64: json_text_printf(w->out, "%lld", (long long) v.i64); break;
    case JSON_U64: json_text_printf(w->out, "%llu", (unsigned long long) v.u64); break;
    case JSON_STRING: write_string(w, v.string); break;
    case JSON_CHOICE: write_string(w, json_word(f->of, v.u32)); break;
    case JSON_OBJECT: write_object(w, f->of, v.object); break;
    case JSON_STRINGS:
    case JSON_NUMBERS:
    case JSON_OBJECTS: write_array(w, f, v.list); break;
    case JSON_MAP: write_map(w, v.list); break;
    case JSON_DICT: write_dict(w, f->of, v.list); break;
    case JSON_ELSEWHERE: break;
    }
}

/* A string or object that json_mark() gave but that is NULL can't be written either. */
static void write_object(struct writer *w, const struct json_type *type, const struct json_node *node)
{
    if (!node) {
        w->error = -EINVAL;
        return;
    }
    open_bracket(w, "{");
    for (size_t i = 0; i < type->n_fields && !w->error; i++) {
        const struct json_field *f = &type->fields[i];
        union value v = value_of(node, f);

        if (f->kind == JSON_ELSEWHERE)
            continue;
        if (is_empty(f->kind, v) && !(node->given >> i & 1) && !(f->flags & JSON_REQUIRED))
            continue;
        write_key(w, f->name);
        write_value(w, f, v);
    }
    close_bracket(w, "}");
}

int json_write_text(const void *object, enum json_style style, struct json_text *out)
{
    const struct json_node *node = object;
    struct writer w = { .out = out, .style = style };

    if (!node->type)
        return -EINVAL;
    write_object(&w, node->type, node);
    if (style == JSON_PRETTY)
        json_text_put(out, "\n", 1);
    return out->failed ? -ENOMEM : w.error;
}

int json_write(const void *object, enum json_style style, FILE *out)
{
    struct json_text text = { 0 };
    int r = json_write_text(object, style, &text);

    if (!r && fwrite(text.v, 1, text.n, out) != text.n)
        r = -EIO;
    json_text_free(&text);
    return r;
}

void *json_new(struct arena *arena, const struct json_type *type)
{
    struct json_node *node = arena_alloc(arena, type->size);

    if (node)
        node->type = type;
    return node;
}
