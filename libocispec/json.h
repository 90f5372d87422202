/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - fill C structs from JSON text, and print them back, from one table.
 *
 * A struct that mirrors a JSON object starts with a `struct json_node`, and a
 * table of `struct json_field` says which property fills which member.  The
 * JSON kind of a member follows from its C type (see JSON_KIND), so a table
 * cannot disagree with its struct.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

struct json_type;

/* Where an object came from.  Gives errors their path and line, long after the parse. */
struct json_node {
    const struct json_type *type;
    const struct json_node *up;    /* the enclosing object; NULL for the document */
    uint32_t via, index;           /* which member of `up` holds us, and where in it */
    uint32_t *at;                  /* at[i]: text offset of member i; 0 if it is absent */
};

#define JSON_LIST(T) struct { T *v; size_t n; }

struct json_strings { char **v; size_t n; };
struct json_numbers { uint32_t *v; size_t n; };
struct json_pair { char *key, *value; };
struct json_map { struct json_pair *v; size_t n; };

enum json_kind {
    JSON_BOOL, JSON_U16, JSON_I32, JSON_U32, JSON_I64, JSON_U64,
    JSON_STRING, JSON_STRINGS, JSON_NUMBERS, JSON_MAP,
    JSON_CHOICE,                   /* a string from a fixed set, stored as its index */
    JSON_OBJECT,                   /* struct x *; NULL if absent */
    JSON_OBJECTS,                  /* JSON_LIST(struct x *) */
    JSON_DICT,                     /* JSON_LIST(struct x *) keyed by name, kept in x.key */
};

enum { JSON_REQUIRED = 1 };

struct json_field {
    const char *name;
    uint16_t offset;
    uint8_t kind, flags;
    const void *of;                /* json_type of an object, or the names of a choice */
};

struct json_type {
    size_t size, n_fields;
    const struct json_field *fields;
    size_t key;                    /* offset of `char *key`, for the elements of a JSON_DICT */
};

#define JSON_KIND(lvalue) _Generic((lvalue),                                    \
    bool: JSON_BOOL, uint16_t: JSON_U16, int32_t: JSON_I32, uint32_t: JSON_U32, \
    int64_t: JSON_I64, uint64_t: JSON_U64, char *: JSON_STRING,                 \
    struct json_strings: JSON_STRINGS, struct json_numbers: JSON_NUMBERS,       \
    struct json_map: JSON_MAP)

#define JSON_FIELD(S, m, json, ...)                                             \
    { .name = json, .offset = offsetof(S, m), .kind = JSON_KIND(((S *) 0)->m), .flags = __VA_ARGS__ + 0 }

#define JSON_FIELD_OF(S, m, json, k, t, ...)                                    \
    { .name = json, .offset = offsetof(S, m), .kind = k, .of = t, .flags = __VA_ARGS__ + 0 }

struct json_error {
    char text[512];                /* "config.json:12: process.cwd: expected a string" */
};

/* Parses TEXT into OUT, whose first member is a json_node. 0, or -1 with *ERR filled. */
int json_read(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
              struct arena *arena, struct json_error *err);

void json_write(const void *object, FILE *out);

/* Was property m of object o given in the text? */
#define json_has(o, m) json_has_member(&(o)->node, offsetof(__typeof__(*(o)), m))
bool json_has_member(const struct json_node *node, size_t offset);

/* Path of property m of object o: "linux.resources.memory.limit". */
#define json_path(buf, size, o, m) json_member_path(buf, size, &(o)->node, offsetof(__typeof__(*(o)), m))
size_t json_member_path(char *buf, size_t size, const struct json_node *node, size_t offset);

/* Offset in the text of property m of object o, and the line of an offset. */
#define json_offset(o, m) json_member_offset(&(o)->node, offsetof(__typeof__(*(o)), m))
uint32_t json_member_offset(const struct json_node *node, size_t offset);
unsigned json_line(const char *text, size_t offset);

#endif
