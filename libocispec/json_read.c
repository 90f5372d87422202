/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_read.c - the table-driven reader.
 *
 * yajl calls us once per token; we keep a stack of the open objects and arrays.
 * An unknown property is skipped with everything below it: the OCI rule for
 * extensions.  A null is an absent property.  Numbers come as text, so that the
 * full range of uint64 survives.
 */
#include "json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { MAX_DEPTH = 24, NO_FIELD = -1 };

struct list { void *v; size_t n; };

struct frame {
    struct json_node *object;      /* the open object, or NULL inside a list or map */
    int field;                     /* member whose value comes next, or whose list this is */
    char *key;                     /* last key seen in a map or dict */
    size_t room;                   /* capacity of the list */
};

struct reader {
    const char *name, *text;
    struct arena *arena;
    struct json_error *err;
    yajl_handle yajl;
    const struct json_type *root;
    void *out;
    unsigned depth, skip;          /* open frames; open containers of an unknown property */
    struct frame stack[MAX_DEPTH];
};

/* ---- errors and paths -------------------------------------------------------------------- */

unsigned json_line(const char *text, size_t offset)
{
    unsigned line = 1;

    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static size_t put(char *buf, size_t size, size_t len, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, fmt, ap);
    va_end(ap);
    return len + (n > 0 ? (size_t) n : 0);
}

static const struct json_field *field_at(const struct json_node *node, size_t offset)
{
    for (size_t i = 0; i < node->type->n_fields; i++)
        if (node->type->fields[i].offset == offset)
            return &node->type->fields[i];
    return NULL;
}

static size_t node_path(char *buf, size_t size, const struct json_node *node)
{
    if (!node->up)
        return 0;

    const struct json_field *f = &node->up->type->fields[node->via];
    size_t len = node_path(buf, size, node->up);

    len = put(buf, size, len, "%s%s", len ? "." : "", f->name);
    if (f->kind == JSON_OBJECTS)
        len = put(buf, size, len, "[%u]", (unsigned) node->index);
    else if (f->kind == JSON_DICT)
        len = put(buf, size, len, "[\"%s\"]", *(char **) ((char *) node + node->type->key));
    return len;
}

size_t json_member_path(char *buf, size_t size, const struct json_node *node, size_t offset)
{
    size_t len = node_path(buf, size, node);

    return put(buf, size, len, "%s%s", len ? "." : "", field_at(node, offset)->name);
}

uint32_t json_member_offset(const struct json_node *node, size_t offset)
{
    return node->at ? node->at[field_at(node, offset) - node->type->fields] : 0;
}

bool json_has_member(const struct json_node *node, size_t offset)
{
    return json_member_offset(node, offset) != 0;
}

/* ---- where the next value goes ----------------------------------------------------------- */

static struct frame *top(struct reader *r)
{
    return &r->stack[r->depth - 1];
}

/* The object that owns the list, map or member being filled. */
static struct frame *owner(struct reader *r)
{
    return top(r)->object ? top(r) : top(r) - 1;
}

static const struct json_field *current(struct reader *r)
{
    struct frame *o = owner(r);

    return o->field == NO_FIELD ? NULL : &o->object->type->fields[o->field];
}

static void *slot(struct reader *r)
{
    return (char *) owner(r)->object + current(r)->offset;
}

static struct list open_list(struct reader *r)
{
    struct list l;

    memcpy(&l, slot(r), sizeof l);
    return l;
}

/* "NAME:LINE: path.to[3].property: MESSAGE"; always returns 0, which makes yajl stop. */
static int fail(struct reader *r, const char *fmt, ...)
{
    char *buf = r->err->text;
    size_t size = sizeof r->err->text, len, start;
    va_list ap;

    len = put(buf, size, 0, "%s:%u: ", r->name, json_line(r->text, yajl_get_bytes_consumed(r->yajl)));
    start = len;

    if (r->depth) {
        const struct frame *o = owner(r);

        len += node_path(buf + len, size - len, o->object);
        if (o->field != NO_FIELD)
            len = put(buf, size, len, "%s%s", len > start ? "." : "", o->object->type->fields[o->field].name);
        if (o != top(r) && top(r)->key)
            len = put(buf, size, len, "[\"%s\"]", top(r)->key);
        else if (o != top(r))
            len = put(buf, size, len, "[%zu]", open_list(r).n);
    }

    len = put(buf, size, len, "%s", len > start ? ": " : "");
    va_start(ap, fmt);
    vsnprintf(len < size ? buf + len : buf, len < size ? size - len : 0, fmt, ap);
    va_end(ap);
    return 0;
}

/* One more element at the end of the open list; the list doubles when full. */
static void *append(struct reader *r, size_t size)
{
    struct frame *f = top(r);
    struct list l = open_list(r);

    if (l.n == f->room) {
        size_t room = f->room ? 2 * f->room : 8;
        void *v = arena_alloc(r->arena, room * size);

        if (!v)
            return NULL;
        if (l.n)
            memcpy(v, l.v, l.n * size);
        l.v = v;
        f->room = room;
    }
    void *element = (char *) l.v + l.n++ * size;
    memcpy(slot(r), &l, sizeof l);
    return element;
}

static int push(struct reader *r, struct json_node *object, int field)
{
    if (r->depth == MAX_DEPTH)
        return fail(r, "nested too deeply");
    r->stack[r->depth++] = (struct frame) { .object = object, .field = field };
    return 1;
}

static int open_object(struct reader *r, const struct json_type *type, struct json_node *object, uint32_t index)
{
    object->type = type;
    if (r->depth) {
        object->up = owner(r)->object;
        object->via = (uint32_t) owner(r)->field;
        object->index = index;
    }
    object->at = arena_alloc(r->arena, type->n_fields * sizeof *object->at);
    return object->at ? push(r, object, NO_FIELD) : fail(r, "out of memory");
}

/* ---- tokens ------------------------------------------------------------------------------ */

static int wrong_kind(struct reader *r, const char *got)
{
    static const struct { const char *member, *element; } wanted[] = {
        [JSON_BOOL] = { "true or false", NULL },
        [JSON_U16] = { "an integer", NULL }, [JSON_I32] = { "an integer", NULL },
        [JSON_U32] = { "an integer", NULL }, [JSON_I64] = { "an integer", NULL },
        [JSON_U64] = { "an integer", NULL }, [JSON_STRING] = { "a string", NULL },
        [JSON_CHOICE] = { "a string", NULL }, [JSON_OBJECT] = { "an object", NULL },
        [JSON_STRINGS] = { "an array of strings", "a string" },
        [JSON_NUMBERS] = { "an array of integers", "an integer" },
        [JSON_MAP] = { "an object of strings", "a string" },
        [JSON_OBJECTS] = { "an array of objects", "an object" },
        [JSON_DICT] = { "an object of objects", "an object" },
    };

    if (!r->depth)
        return fail(r, "expected an object, found %s", got);
    return fail(r, "expected %s, found %s",
                top(r)->object ? wanted[current(r)->kind].member : wanted[current(r)->kind].element, got);
}

static bool ignored(const struct reader *r)
{
    return r->skip || (r->depth && r->stack[r->depth - 1].object && r->stack[r->depth - 1].field == NO_FIELD);
}

static int on_null(void *ctx)
{
    struct reader *r = ctx;

    if (ignored(r))
        return 1;
    if (!r->depth || !top(r)->object)
        return fail(r, "null is not allowed here");
    top(r)->object->at[top(r)->field] = 0;
    return 1;
}

static int on_bool(void *ctx, int value)
{
    struct reader *r = ctx;

    if (ignored(r))
        return 1;
    if (!r->depth || current(r)->kind != JSON_BOOL)
        return wrong_kind(r, "a boolean");
    *(bool *) slot(r) = value;
    return 1;
}

/* MAGNITUDE is the absolute value; OVERFLOW says that it did not fit. */
static int store_integer(struct reader *r, const char *s, bool negative, uint64_t magnitude, bool overflow)
{
    static const struct { uint64_t below, above; } limits[] = {     /* how far from zero, either way */
        [JSON_U16] = { 0, UINT16_MAX }, [JSON_I32] = { -(int64_t) INT32_MIN, INT32_MAX },
        [JSON_U32] = { 0, UINT32_MAX }, [JSON_I64] = { (uint64_t) INT64_MAX + 1, INT64_MAX },
        [JSON_U64] = { 0, UINT64_MAX }, [JSON_NUMBERS] = { 0, UINT32_MAX },
    };
    enum json_kind kind = current(r)->kind;
    uint64_t value = negative ? -magnitude : magnitude;
    uint32_t *element;

    if (kind >= sizeof limits / sizeof *limits || !limits[kind].above || (kind == JSON_NUMBERS && top(r)->object))
        return wrong_kind(r, "a number");
    if (overflow || magnitude > (negative ? limits[kind].below : limits[kind].above))
        return fail(r, "%s is out of range, which is %s%llu to %llu", s, limits[kind].below ? "-" : "",
                    (unsigned long long) limits[kind].below, (unsigned long long) limits[kind].above);

    switch (kind) {
    case JSON_U16: *(uint16_t *) slot(r) = (uint16_t) value; return 1;
    case JSON_I32: *(int32_t *) slot(r) = (int32_t) value; return 1;
    case JSON_U32: *(uint32_t *) slot(r) = (uint32_t) value; return 1;
    case JSON_NUMBERS:
        element = append(r, sizeof *element);
        if (!element)
            return fail(r, "out of memory");
        *element = (uint32_t) value;
        return 1;
    default: *(uint64_t *) slot(r) = value; return 1;
    }
}

static int on_number(void *ctx, const char *text, size_t len)
{
    struct reader *r = ctx;
    char s[32], *end;

    if (ignored(r))
        return 1;
    if (!r->depth)
        return wrong_kind(r, "a number");
    if (len >= sizeof s)
        return fail(r, "%.*s is not a number we can hold", (int) len, text);
    memcpy(s, text, len);
    s[len] = '\0';

    bool negative = s[0] == '-';

    errno = 0;
    uint64_t magnitude = strtoull(s + negative, &end, 10);
    if (*end)
        return fail(r, "expected an integer, found %s", s);
    return store_integer(r, s, negative, magnitude, errno == ERANGE);
}

static int store_choice(struct reader *r, const char *s, size_t len)
{
    const char *const *names = current(r)->of;

    for (int i = 0; names[i]; i++)
        if (strlen(names[i]) == len && !memcmp(names[i], s, len)) {
            *(int *) slot(r) = i;
            return 1;
        }
    return fail(r, "unknown value \"%.*s\"", (int) len, s);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;
    const char *s = (const char *) text;

    if (ignored(r))
        return 1;
    if (!r->depth)
        return wrong_kind(r, "a string");
    if (memchr(s, '\0', len))
        return fail(r, "a string must not contain \\u0000");

    enum json_kind kind = current(r)->kind;
    bool in_list = !top(r)->object;

    if (kind == JSON_CHOICE)
        return store_choice(r, s, len);

    char *copy = arena_strndup(r->arena, s, len);
    if (!copy)
        return fail(r, "out of memory");

    if (kind == JSON_STRING) {
        *(char **) slot(r) = copy;
    } else if (kind == JSON_STRINGS && in_list) {
        char **element = append(r, sizeof *element);

        if (!element)
            return fail(r, "out of memory");
        *element = copy;
    } else if (kind == JSON_MAP && in_list) {
        struct json_pair *pair = append(r, sizeof *pair);

        if (!pair)
            return fail(r, "out of memory");
        *pair = (struct json_pair) { top(r)->key, copy };
    } else {
        return wrong_kind(r, "a string");
    }
    return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;
    struct frame *f = top(r);

    if (r->skip)
        return 1;

    if (!f->object) {              /* in a map or a dict: the key is data */
        f->key = arena_strndup(r->arena, (const char *) text, len);
        return f->key ? 1 : fail(r, "out of memory");
    }

    const struct json_type *type = f->object->type;

    f->field = NO_FIELD;
    for (size_t i = 0; i < type->n_fields; i++)
        if (strlen(type->fields[i].name) == len && !memcmp(type->fields[i].name, text, len)) {
            f->field = (int) i;
            if (f->object->at[i])
                return fail(r, "given twice");
            f->object->at[i] = (uint32_t) yajl_get_bytes_consumed(r->yajl);
        }
    return 1;
}

static int on_start_map(void *ctx)
{
    struct reader *r = ctx;

    if (!r->depth)
        return open_object(r, r->root, r->out, 0);
    if (ignored(r))
        return ++r->skip, 1;

    const struct json_field *f = current(r);
    bool in_list = !top(r)->object;
    const struct json_type *type = f->of;

    if (f->kind == JSON_OBJECT) {
        struct json_node *object = arena_alloc(r->arena, type->size);

        if (!object)
            return fail(r, "out of memory");
        *(void **) slot(r) = object;
        return open_object(r, type, object, 0);
    }
    if ((f->kind == JSON_OBJECTS || f->kind == JSON_DICT) && in_list) {
        void **element = append(r, sizeof *element);

        if (!element || !(*element = arena_alloc(r->arena, type->size)))
            return fail(r, "out of memory");
        if (f->kind == JSON_DICT)
            *(char **) ((char *) *element + type->key) = top(r)->key;
        return open_object(r, type, *element, (uint32_t) open_list(r).n - 1);
    }
    if ((f->kind == JSON_MAP || f->kind == JSON_DICT) && !in_list)
        return push(r, NULL, top(r)->field);
    return wrong_kind(r, "an object");
}

static int on_end_map(void *ctx)
{
    struct reader *r = ctx;
    struct json_node *object = top(r)->object;

    if (r->skip)
        return --r->skip, 1;

    for (size_t i = 0; object && i < object->type->n_fields; i++)
        if (object->type->fields[i].flags & JSON_REQUIRED && !object->at[i]) {
            top(r)->field = NO_FIELD;
            return fail(r, "the required property \"%s\" is missing", object->type->fields[i].name);
        }
    r->depth--;
    return 1;
}

static int on_start_array(void *ctx)
{
    struct reader *r = ctx;

    if (r->depth && ignored(r))
        return ++r->skip, 1;
    if (!r->depth || !top(r)->object)
        return wrong_kind(r, "an array");

    enum json_kind kind = current(r)->kind;
    if (kind != JSON_STRINGS && kind != JSON_NUMBERS && kind != JSON_OBJECTS)
        return wrong_kind(r, "an array");
    return push(r, NULL, top(r)->field);
}

static int on_end_array(void *ctx)
{
    struct reader *r = ctx;

    if (r->skip)
        r->skip--;
    else
        r->depth--;
    return 1;
}

int json_read(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
              struct arena *arena, struct json_error *err)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null, .yajl_boolean = on_bool, .yajl_number = on_number, .yajl_string = on_string,
        .yajl_start_map = on_start_map, .yajl_map_key = on_key, .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array, .yajl_end_array = on_end_array,
    };
    struct reader r = { .name = name, .text = text, .arena = arena, .err = err, .root = type, .out = out };

    r.yajl = yajl_alloc(&callbacks, NULL, &r);
    if (!r.yajl)
        return snprintf(err->text, sizeof err->text, "%s: out of memory", name), -1;

    yajl_status status = yajl_parse(r.yajl, (const unsigned char *) text, len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(r.yajl);

    if (status == yajl_status_error) {      /* not JSON at all */
        unsigned char *why = yajl_get_error(r.yajl, 0, NULL, 0);

        r.depth = 0;
        fail(&r, "%.*s", (int) strcspn((char *) why, "\n"), (char *) why);
        yajl_free_error(r.yajl, why);
    }
    yajl_free(r.yajl);
    return status == yajl_status_ok ? 0 : -1;
}
