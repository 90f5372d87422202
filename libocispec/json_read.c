/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_read.c - the table-driven reader.
 *
 * yajl calls us once per token; we keep a stack of the open objects and lists,
 * and the tables say what may come next and where it goes.  No tree stands
 * between text and structs.  An unknown property is skipped with everything
 * below it.  Numbers come as text, so that the full range of uint64 survives.
 *
 * yajl does not look whether its own allocations succeed.  They come from the
 * arena, and we leave by longjmp() when it has no more.
 */
#include "json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

size_t json_token_end(struct reader *r)
{
    return r->at_end ? r->len : yajl_get_bytes_consumed(r->yajl);
}

/* ---- containers ---------------------------------------------------------------------------------------- */

/* One more element at the end of the open list; the list doubles when full. */
static void *append(struct reader *r, size_t size)
{
    struct frame *f = top(r);
    struct json_list l = open_list(r);

    if (l.n == f->room) {
        size_t room = f->room ? 2 * f->room : 8;
        void *v = arena_array(r->arena, room, size);

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
    if (r->depth == FRAMES_MAX)
        return json_fail_at(r, json_token_here(r), "nested too deeply");
    r->stack[r->depth++] = (struct frame){ .object = object, .field = field, .start = json_token_end(r) - 1 };
    return 1;
}

static int push_list(struct reader *r)
{
    return push(r, NULL, top(r)->field);
}

static int push_object(struct reader *r, const struct json_type *type, struct json_node *object, size_t index)
{
    object->type = type;
    object->start = (uint32_t) json_token_end(r) - 1;
    if (r->depth) {
        object->up = owner(r)->object;
        object->via = (uint32_t) owner(r)->field;
        object->index = (uint32_t) index;
    }
    object->at = arena_array(r->arena, type->n_fields, sizeof *object->at);
    return object->at ? push(r, object, NO_FIELD) : json_fail_no_memory(r);
}

/* Something opens within an unknown property. */
static int skip_container(struct reader *r)
{
    if (r->depth + r->skip >= JSON_DEPTH_MAX)
        return json_fail_at(r, json_token_here(r), "nested too deeply");
    r->skip++;
    return 1;
}

static int open_member(struct reader *r, const struct json_type *type)
{
    void *object = arena_alloc(r->arena, type->size);

    if (!object)
        return json_fail_no_memory(r);
    memcpy(slot(r), &object, sizeof object);
    return push_object(r, type, object, 0);
}

static int open_element(struct reader *r, const struct json_type *type)
{
    void *object = arena_alloc(r->arena, type->size);
    void **element = object ? append(r, sizeof *element) : NULL;

    if (!element)
        return json_fail_no_memory(r);
    *element = object;
    if (current(r)->kind == JSON_DICT)
        memcpy((char *) object + type->key, &top(r)->key, sizeof top(r)->key);
    return push_object(r, type, object, open_list(r).n - 1);
}

static int on_start_map(void *ctx)
{
    struct reader *r = ctx;

    if (!r->depth)
        return push_object(r, r->root, r->out, 0);
    if (skipping(r))
        return skip_container(r);

    const struct json_field *f = current(r);

    switch (f->kind) {
    case JSON_OBJECT: return open_member(r, f->of);
    case JSON_OBJECTS: return in_list(r) ? open_element(r, f->of) : json_fail_kind(r, "an object");
    case JSON_DICT: return in_list(r) ? open_element(r, f->of) : push_list(r);
    case JSON_MAP: return in_list(r) ? json_fail_kind(r, "an object") : push_list(r);
    default: return json_fail_kind(r, "an object");
    }
}

static int on_start_array(void *ctx)
{
    struct reader *r = ctx;

    if (r->depth && skipping(r))
        return skip_container(r);
    if (!r->depth || in_list(r))
        return json_fail_kind(r, "an array");

    enum json_kind kind = current(r)->kind;

    if (kind != JSON_STRINGS && kind != JSON_NUMBERS && kind != JSON_OBJECTS)
        return json_fail_kind(r, "an array");
    return push_list(r);
}

static int check_required(struct reader *r, const struct json_node *object)
{
    for (size_t i = 0; i < object->type->n_fields; i++) {
        const struct json_field *f = &object->type->fields[i];

        if (f->flags & JSON_REQUIRED && !(object->given >> i & 1))
            return json_fail_missing(r, object, f->name);
    }
    return 1;
}

struct key {
    char *name;
    size_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* A sorted copy finds twins in no more than n log n, however many keys there are. */
static int check_keys(struct reader *r)
{
    const struct json_field *f = current(r);
    const struct json_type *type = f->of;
    struct json_list l = open_list(r);
    struct key *keys = l.n > 1 ? arena_array(r->arena, l.n, sizeof *keys) : NULL;

    if (l.n < 2)
        return 1;
    if (!keys)
        return json_fail_no_memory(r);
    for (size_t i = 0; i < l.n; i++) {
        keys[i].index = i;
        if (f->kind == JSON_MAP)
            keys[i].name = ((struct json_pair *) l.v)[i].key;
        else
            keys[i].name = json_dict_key(type, ((void **) l.v)[i]);
    }
    qsort(keys, l.n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < l.n; i++)
        if (!strcmp(keys[i - 1].name, keys[i].name)) {
            top(r)->key = keys[i].name;
            return json_fail_at(r, json_element_offset(r->text, top(r)->start, keys[i].index), "given twice");
        }
    return 1;
}

static int on_end_map(void *ctx)
{
    struct reader *r = ctx;

    if (r->skip)
        return r->skip--, 1;
    if (!(in_list(r) ? check_keys(r) : check_required(r, top(r)->object)))
        return 0;
    r->depth--;
    return 1;
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

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* What holds for strings anywhere, also in what is skipped; 1 if it does. */
static int check_unicode(struct reader *r)
{
    return json_token_end(r) <= r->bad ? 1 : json_fail_at(r, r->bad, r->why_bad);
}

static int check_no_nul(struct reader *r, const char *s, size_t len)
{
    return memchr(s, '\0', len) ? json_fail_at(r, json_token_here(r), "a string must not contain \\u0000")
                                : 1;
}

/* In a map or a dict the key is data. */
static int keep_key(struct reader *r, const char *s, size_t len)
{
    top(r)->key = NULL;
    if (!len)
        return json_fail_at(r, json_token_here(r), "a name must not be empty");
    top(r)->key = arena_strndup(r->arena, s, len);
    return top(r)->key ? 1 : json_fail_no_memory(r);
}

/* Where the value of the key that has just been read begins. */
static size_t value_start(struct reader *r)
{
    size_t i = json_token_end(r);

    while (i + 1 < r->len && memchr(" \t\r\n:", r->text[i], 5))
        i++;
    return i;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;
    struct frame *f = top(r);
    const char *s = (const char *) text;

    if (!check_unicode(r))
        return 0;
    if (r->skip)
        return 1;
    if (!in_list(r))
        f->field = NO_FIELD;
    if (!check_no_nul(r, s, len))
        return 0;
    if (in_list(r))
        return keep_key(r, s, len);

    int i = json_field_find(f->object->type, s, len);

    if (i < 0)
        return json_report_unknown(r, s, len, false);

    uint64_t bit = UINT64_C(1) << i;
    bool twice = f->seen & bit;

    f->seen |= bit;
    f->field = i;
    if (twice)
        return json_fail_at(r, json_token_here(r), "given twice");
    if (f->object->type->fields[i].kind == JSON_ELSEWHERE) {
        f->field = NO_FIELD;
        return json_report_unknown(r, s, len, true);
    }
    f->object->given |= bit;
    f->object->at[i] = (uint32_t) value_start(r);
    return 1;
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void forget_value(struct reader *r)
{
    struct frame *f = top(r);

    f->object->given &= ~(UINT64_C(1) << f->field);
    f->object->at[f->field] = 0;
}

static int on_null(void *ctx)
{
    struct reader *r = ctx;

    if (skipping(r))
        return 1;
    if (!r->depth || in_list(r))
        return json_fail_kind(r, "null");
    forget_value(r);
    return 1;
}

static int on_bool(void *ctx, int value)
{
    struct reader *r = ctx;

    if (skipping(r))
        return 1;
    if (!r->depth || current(r)->kind != JSON_BOOL)
        return json_fail_kind(r, "a boolean");
    *(bool *) slot(r) = value;
    return 1;
}

static const struct range ranges[] = {
    [JSON_U16] = { 0, UINT16_MAX }, [JSON_I32] = { (uint64_t) INT32_MAX + 1, INT32_MAX },
    [JSON_U32] = { 0, UINT32_MAX }, [JSON_I64] = { (uint64_t) INT64_MAX + 1, INT64_MAX },
    [JSON_U64] = { 0, UINT64_MAX }, [JSON_NUMBERS] = { 0, UINT32_MAX },
};

static int store_integer(struct reader *r, uint64_t value)
{
    uint32_t *element;

    switch (current(r)->kind) {
    case JSON_U16: *(uint16_t *) slot(r) = (uint16_t) value; return 1;
    case JSON_I32: *(int32_t *) slot(r) = (int32_t) value; return 1;
    case JSON_U32: *(uint32_t *) slot(r) = (uint32_t) value; return 1;
    case JSON_NUMBERS:
        element = append(r, sizeof *element);
        if (!element)
            return json_fail_no_memory(r);
        *element = (uint32_t) value;
        return 1;
    default: *(uint64_t *) slot(r) = value; return 1;
    }
}

static int on_number(void *ctx, const char *s, size_t len)
{
    struct reader *r = ctx;
    uint64_t magnitude = 0;
    bool overflow = false;

    if (skipping(r))
        return 1;

    enum json_kind kind = r->depth ? current(r)->kind : JSON_STRING;

    if (kind >= sizeof ranges / sizeof *ranges || !ranges[kind].above || (kind == JSON_NUMBERS) != in_list(r))
        return json_fail_kind(r, "a number");

    bool negative = s[0] == '-';

    for (size_t i = negative; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return json_fail_number(r, s, len, NULL);
        overflow |= __builtin_mul_overflow(magnitude, 10, &magnitude);
        overflow |= __builtin_add_overflow(magnitude, (uint64_t) (s[i] - '0'), &magnitude);
    }
    if (overflow || magnitude > (negative ? ranges[kind].below : ranges[kind].above))
        return json_fail_number(r, s, len, &ranges[kind]);
    return store_integer(r, negative ? -magnitude : magnitude);
}

/* Programs in Go print a word that was never set as "": absent, unless there must be one. */
static int store_choice(struct reader *r, const char *s, size_t len)
{
    const struct json_words *words = current(r)->of;

    if (!len && !(current(r)->flags & JSON_REQUIRED))
        return forget_value(r), 1;
    for (unsigned i = 1; i < words->n; i++)
        if (words->v[i] && strlen(words->v[i]) == len && !memcmp(words->v[i], s, len)) {
            memcpy(slot(r), &i, sizeof i);
            return 1;
        }
    return json_fail_choice(r, words, s, len);
}

static int store_string(struct reader *r, const char *s, size_t len)
{
    char *copy = arena_strndup(r->arena, s, len), **element;
    struct json_pair *pair;

    if (!copy)
        return json_fail_no_memory(r);

    switch (current(r)->kind) {
    case JSON_STRINGS:
        element = append(r, sizeof *element);
        if (!element)
            return json_fail_no_memory(r);
        *element = copy;
        return 1;
    case JSON_MAP:
        pair = append(r, sizeof *pair);
        if (!pair)
            return json_fail_no_memory(r);
        *pair = (struct json_pair){ top(r)->key, copy };
        return 1;
    default: *(char **) slot(r) = copy; return 1;
    }
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;
    const char *s = (const char *) text;

    if (!check_unicode(r))
        return 0;
    if (skipping(r))
        return 1;

    enum json_kind kind = r->depth ? current(r)->kind : JSON_BOOL;
    bool single = kind == JSON_STRING || kind == JSON_CHOICE;

    if (!single && !((kind == JSON_STRINGS || kind == JSON_MAP) && in_list(r)))
        return json_fail_kind(r, "a string");
    if (!check_no_nul(r, s, len))
        return 0;
    return kind == JSON_CHOICE ? store_choice(r, s, len) : store_string(r, s, len);
}

/* ---- yajl ---------------------------------------------------------------------------------------------- */

/* What yajl allocates knows its size, because realloc must copy. */
struct chunk {
    size_t size;
    _Alignas(max_align_t) char data[];
};

static void *yajl_get(void *ctx, size_t size)
{
    struct reader *r = ctx;
    struct chunk *c = size < SIZE_MAX - sizeof *c ? arena_alloc(r->arena, sizeof *c + size) : NULL;

    if (!c)
        longjmp(r->no_memory, 1);
    c->size = size;
    return c->data;
}

static void *yajl_get_more(void *ctx, void *p, size_t size)
{
    void *more = yajl_get(ctx, size);

    if (p) {
        const struct chunk *c = (const void *) ((char *) p - offsetof(struct chunk, data));

        memcpy(more, p, c->size < size ? c->size : size);
    }
    return more;
}

static void yajl_let_go(void *ctx, void *p)
{
    (void) ctx;
    (void) p; /* goes with the arena */
}

/* The part of json_read() in which yajl may run out of memory. */
static void parse(struct reader *r)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_bool,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
    };
    yajl_alloc_funcs memory = { yajl_get, yajl_get_more, yajl_let_go, r };

    if (setjmp(r->no_memory)) {
        json_fail_no_memory(r);
        return;
    }
    r->yajl = yajl_alloc(&callbacks, &memory, r);
    yajl_config(r->yajl, yajl_dont_validate_strings, 1);

    yajl_status status = yajl_parse(r->yajl, (const unsigned char *) r->text, r->len);

    if (status == yajl_status_ok) {
        r->at_end = true;
        status = yajl_complete_parse(r->yajl);
    }
    if (status == yajl_status_error)
        json_fail_syntax(r, (char *) yajl_get_error(r->yajl, 0, NULL, 0));
}

int json_read_watched(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
                      struct arena *arena, const struct json_watch *watch, struct json_error *err)
{
    struct reader r = {
        .name = name,
        .text = text,
        .len = len,
        .root = type,
        .out = out,
        .arena = arena,
        .watch = watch,
        .err = err,
    };

    if (len > JSON_TEXT_MAX) {
        *err = (struct json_error){ .text = "the text is longer than 16 MiB",
                                    .path = "",
                                    .message = "the text is longer than 16 MiB" };
        return -EFBIG;
    }
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        return json_fail_at(&r, 0, "not JSON: it begins with a byte order mark"), r.code;
    r.bad = json_find_bad_unicode(text, len, &r.why_bad);
    parse(&r);
    return r.code;
}

int json_read(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
              struct arena *arena, struct json_error *err)
{
    return json_read_watched(type, out, name, text, len, arena, NULL, err);
}
