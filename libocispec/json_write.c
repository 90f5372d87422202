/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_write.c - print an object that json_read() filled, or one that was built in C. */
#include "json.h"

#include <inttypes.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct list { void *v; size_t n; };

static void write_string(yajl_gen g, const char *s)
{
    yajl_gen_string(g, (const unsigned char *) s, strlen(s));
}

static void write_number(yajl_gen g, bool is_signed, uint64_t value)
{
    char s[24];
    int n = is_signed ? snprintf(s, sizeof s, "%" PRId64, (int64_t) value) : snprintf(s, sizeof s, "%" PRIu64, value);

    yajl_gen_number(g, s, (size_t) n);
}

/* Objects that were parsed know what was given; for those built in C, zero means absent. */
static bool is_present(const struct json_node *node, size_t i, const void *slot)
{
    const struct json_field *f = &node->type->fields[i];
    struct list l;
    char *s;

    if (node->at)
        return node->at[i] != 0;
    if (f->flags & JSON_REQUIRED)
        return true;

    switch (f->kind) {
    case JSON_BOOL: return *(const bool *) slot;
    case JSON_U16: return *(const uint16_t *) slot != 0;
    case JSON_I32: case JSON_U32: case JSON_CHOICE: return *(const uint32_t *) slot != 0;
    case JSON_I64: case JSON_U64: return *(const uint64_t *) slot != 0;
    case JSON_STRING: case JSON_OBJECT: return memcpy(&s, slot, sizeof s), s != NULL;
    default: return memcpy(&l, slot, sizeof l), l.n != 0;
    }
}

static void write_object(yajl_gen g, const struct json_node *node);

static void write_member(yajl_gen g, const struct json_field *f, const void *slot)
{
    const struct json_type *type = f->of;
    struct list l = { 0 };

    if (f->kind == JSON_STRINGS || f->kind == JSON_NUMBERS || f->kind == JSON_MAP || f->kind == JSON_OBJECTS ||
        f->kind == JSON_DICT)
        memcpy(&l, slot, sizeof l);

    switch ((enum json_kind) f->kind) {
    case JSON_BOOL: yajl_gen_bool(g, *(const bool *) slot); break;
    case JSON_U16: write_number(g, false, *(const uint16_t *) slot); break;
    case JSON_I32: write_number(g, true, (uint64_t) (int64_t) *(const int32_t *) slot); break;
    case JSON_U32: write_number(g, false, *(const uint32_t *) slot); break;
    case JSON_I64: write_number(g, true, *(const uint64_t *) slot); break;
    case JSON_U64: write_number(g, false, *(const uint64_t *) slot); break;
    case JSON_STRING: write_string(g, *(char *const *) slot); break;
    case JSON_CHOICE: write_string(g, ((const char *const *) f->of)[*(const int *) slot]); break;
    case JSON_OBJECT: write_object(g, *(const struct json_node *const *) slot); break;
    case JSON_STRINGS:
        yajl_gen_array_open(g);
        for (size_t i = 0; i < l.n; i++)
            write_string(g, ((char **) l.v)[i]);
        yajl_gen_array_close(g);
        break;
    case JSON_NUMBERS:
        yajl_gen_array_open(g);
        for (size_t i = 0; i < l.n; i++)
            write_number(g, false, ((uint32_t *) l.v)[i]);
        yajl_gen_array_close(g);
        break;
    case JSON_OBJECTS:
        yajl_gen_array_open(g);
        for (size_t i = 0; i < l.n; i++)
            write_object(g, ((struct json_node **) l.v)[i]);
        yajl_gen_array_close(g);
        break;
    case JSON_MAP:
        yajl_gen_map_open(g);
        for (size_t i = 0; i < l.n; i++) {
            write_string(g, ((struct json_pair *) l.v)[i].key);
            write_string(g, ((struct json_pair *) l.v)[i].value);
        }
        yajl_gen_map_close(g);
        break;
    case JSON_DICT:
        yajl_gen_map_open(g);
        for (size_t i = 0; i < l.n; i++) {
            const char *element = ((char **) l.v)[i];

            write_string(g, *(char *const *) (element + type->key));
            write_object(g, (const struct json_node *) element);
        }
        yajl_gen_map_close(g);
        break;
    }
}

static void write_object(yajl_gen g, const struct json_node *node)
{
    yajl_gen_map_open(g);
    for (size_t i = 0; i < node->type->n_fields; i++) {
        const struct json_field *f = &node->type->fields[i];
        const char *slot = (const char *) node + f->offset;

        if (is_present(node, i, slot)) {
            write_string(g, f->name);
            write_member(g, f, slot);
        }
    }
    yajl_gen_map_close(g);
}

static void print(void *out, const char *s, size_t n)
{
    fwrite(s, 1, n, out);
}

void json_write(const void *object, FILE *out)
{
    yajl_gen g = yajl_gen_alloc(NULL);

    yajl_gen_config(g, yajl_gen_beautify, 1);
    yajl_gen_config(g, yajl_gen_print_callback, print, out);
    write_object(g, object);
    yajl_gen_free(g);
}
