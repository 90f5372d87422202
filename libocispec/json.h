/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - fill C structs from JSON text, and print them back, from one table.
 *
 * A struct that mirrors a JSON object starts with a `struct json_node`, and a
 * table of `struct json_field` says which property fills which member.  The
 * JSON kind of a member follows from its C type (see JSON_KIND), so a table
 * cannot disagree with its struct.
 *
 * Two passes over the same mistake are avoided by keeping places: every object
 * knows where in the text each of its members came from, so that whoever finds
 * out much later that a mount fails can still name file, line and property.
 */
#ifndef OCIRT_JSON_H
#define OCIRT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

enum {
    JSON_TEXT_MAX = 16 * 1024 * 1024, /* bytes of a document; offsets fit 32 bits with room to spare */
    JSON_DEPTH_MAX = 128,             /* objects and arrays within each other */
};

struct json_type;

/* Where an object came from.  All zero in an object that was built in C. */
struct json_node {
    const struct json_type *type;
    const struct json_node *up; /* the enclosing object; NULL for the document */
    uint32_t via, index;        /* which field of `up` holds us, and where in that list */
    uint32_t start;             /* text offset of our "{" */
    uint32_t *at;               /* at[i]: text offset of the value of field i, 0 if it is absent */
    uint64_t given;             /* bit i: field i was in the text and not null, or json_mark() said so */
};

/* clang-format off */
#define JSON_LIST(T) struct { T *v; size_t n; }

struct json_strings { char **v; size_t n; };
struct json_numbers { uint32_t *v; size_t n; };
struct json_pair { char *key, *value; };
struct json_map { struct json_pair *v; size_t n; };     /* in the order of the text */

/* A closed set of words.  Value 0 always means "not given"; there may be holes. */
struct json_words { const char *const *v; size_t n; };

enum json_kind {
    JSON_BOOL, JSON_U16, JSON_I32, JSON_U32, JSON_I64, JSON_U64,
    JSON_STRING, JSON_STRINGS, JSON_NUMBERS, JSON_MAP,
    JSON_CHOICE,                   /* an enum: the index of one of a set of words */
    JSON_OBJECT,                   /* struct x *; NULL if absent */
    JSON_OBJECTS,                  /* JSON_LIST(struct x *) */
    JSON_DICT,                     /* JSON_LIST(struct x *) keyed by name, kept in x.key */
    JSON_ELSEWHERE,                /* a property for other platforms: any value, not kept */
};

enum { JSON_REQUIRED = 1 };

struct json_field {
    const char *name;
    uint16_t offset;
    uint8_t kind, flags;
    uint8_t length;                /* of name */
    const void *of;                /* json_type of an object, or json_words of a choice */
};

struct json_type {
    size_t size, n_fields;         /* 64 fields at most */
    const struct json_field *fields;
    size_t key;                    /* offset of `char *key`, for the elements of a JSON_DICT */
};

#define JSON_KIND(lvalue) _Generic((lvalue),                                    \
    bool: JSON_BOOL, uint16_t: JSON_U16, int32_t: JSON_I32, uint32_t: JSON_U32, \
    int64_t: JSON_I64, uint64_t: JSON_U64, char *: JSON_STRING,                 \
    struct json_strings: JSON_STRINGS, struct json_numbers: JSON_NUMBERS,       \
    struct json_map: JSON_MAP)

#define JSON_FIELD(S, m, json, ...)                                             \
    { .name = json, .length = sizeof(json) - 1, .offset = offsetof(S, m),       \
      .kind = JSON_KIND(((S *) 0)->m), .flags = __VA_ARGS__ + 0 }

#define JSON_FIELD_OF(S, m, json, k, t, ...)                                    \
    { .name = json, .length = sizeof(json) - 1, .offset = offsetof(S, m),       \
      .kind = k, .of = t, .flags = __VA_ARGS__ + 0 }

#define JSON_FIELD_ELSEWHERE(json)                                              \
    { .name = json, .length = sizeof(json) - 1, .offset = UINT16_MAX, .kind = JSON_ELSEWHERE }

/* clang-format on */

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Why json_read() failed.  The strings live in its arena, or are constants. */
struct json_error {
    const char *text;      /* all of it: "config.json:12:8: process.cwd: expected a string, found a number" */
    const char *path;      /* "process.cwd"; "" for the document itself */
    const char *message;   /* "expected a string, found a number" */
    unsigned line, column; /* from 1; 0 if it is not about a place in the text */
};

/* A property that json_read() skips, told while the text is read. */
struct json_unknown {
    const char *path;    /* "process.cwdd" */
    const char *name;    /* "cwdd" */
    const char *nearest; /* "cwd": a name that was perhaps meant; NULL if none is near */
    unsigned line, column;
    bool elsewhere; /* known, but for other platforms than Linux ("windows") */
};

struct json_watch {
    void (*unknown)(void *data, const struct json_unknown *unknown);
    void *data;
};

/*
 * Parses the LEN bytes at TEXT into OUT, a zeroed struct of TYPE; NAME is what
 * errors call the text.  All memory comes from ARENA, and OUT does not point
 * into TEXT.  0; or -EINVAL if the text is wrong, -EFBIG if it is longer than
 * JSON_TEXT_MAX, -ENOMEM: then *ERR is filled, and OUT must not be used.
 *
 * Stricter than most readers: the text must be UTF-8, names must not be given
 * twice, strings must not contain NUL nor half a surrogate pair, integers must be
 * plain digits.  A null property counts as absent.  Unknown properties are
 * skipped (config.md "Extensibility").
 */
int json_read(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
              struct arena *arena, struct json_error *err);

/* The same, with WATCH (may be NULL) told of the properties that are skipped. */
int json_read_watched(const struct json_type *type, void *out, const char *name, const char *text, size_t len,
                      struct arena *arena, const struct json_watch *watch, struct json_error *err);

/*
 * Reads FD to its end.  *RET_TEXT, with a NUL behind it, lives in ARENA.
 * 0 or -errno; -EFBIG if there is more than JSON_TEXT_MAX.
 */
int json_slurp(int fd, struct arena *arena, char **ret_text, size_t *ret_len);

/* ---- presence and places ------------------------------------------------------------------------------- */

/* In these, the member may be `node`: the object itself. */
#define JSON_NO_MEMBER ((size_t) -1) /* the same for the functions behind them; so is 0 */

/* Was property m of object o given (also as 0, false or empty)? */
#define json_has(o, m) json_has_member(&(o)->node, offsetof(__typeof__(*(o)), m))
bool json_has_member(const struct json_node *node, size_t offset);

/*
 * Path of property m of object o: linux.resources.memory.limit.  As snprintf: returns the whole length, BUF
 * may be NULL if SIZE is 0.  The second makes it in ARENA; NULL if out of memory.
 */
#define json_path(buf, size, o, m) json_member_path(buf, size, &(o)->node, offsetof(__typeof__(*(o)), m))
size_t json_member_path(char *buf, size_t size, const struct json_node *node, size_t offset);
char *json_member_path_in(struct arena *arena, const struct json_node *node, size_t offset);

/*
 * Offset in the text of the value of property m of object o; 0 if it is absent or was not read from a text.
 */
#define json_offset(o, m) json_member_offset(&(o)->node, offsetof(__typeof__(*(o)), m))
uint32_t json_member_offset(const struct json_node *node, size_t offset);

/*
 * Offset of element (or of the name of entry) INDEX of the array (or object) at OFFSET in TEXT, which was
 * read.
 */
size_t json_element_offset(const char *text, size_t offset, size_t index);

/* Line and column of an offset, from 1.  A column is a character, not a byte. */
unsigned json_line(const char *text, size_t offset);
unsigned json_column(const char *text, size_t offset);

/* ---- words --------------------------------------------------------------------------------------------- */

const char *json_word(const struct json_words *words, unsigned value);   /* NULL if there is none */
unsigned json_word_value(const struct json_words *words, const char *s); /* 0 if unknown */

/* The word, or the property name of TYPE, that was perhaps meant by S; NULL if none is near. */
const char *json_nearest_word(const struct json_words *words, const char *s, size_t len);
const char *json_nearest(const struct json_type *type, const char *s, size_t len);

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Text that grows.  Zeroed it is empty; v is NULL until something was put, then ends with NUL. */
struct json_text {
    char *v;
    size_t n, room;
    size_t limit; /* fail beyond that; 0: no limit */
    bool failed;  /* out of memory: all further puts do nothing */
};

void json_text_put(struct json_text *text, const char *s, size_t n);
void json_text_puts(struct json_text *text, const char *s);
void json_text_printf(struct json_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void json_text_put_string(struct json_text *text, const char *s, size_t n); /* as a JSON string, in quotes */
void json_text_free(struct json_text *text);

enum json_style {
    JSON_PRETTY,  /* 2 spaces a level, as Go's MarshalIndent; ends with a newline */
    JSON_COMPACT, /* one line, without a newline */
};

/*
 * Appends OBJECT, a struct whose node.type is set, to OUT; or prints it.  Only
 * the outermost object needs its type: the tables know the others.  Written are
 * members that are required, that json_mark() or the text gave, and those that
 * are not zero or empty.  0; -ENOMEM; -EINVAL if a required string, word or
 * object is missing; -EILSEQ if a string is not UTF-8; -EIO if OUT fails.
 */
int json_write_text(const void *object, enum json_style style, struct json_text *out);
int json_write(const void *object, enum json_style style, FILE *out);

/*
 * A zeroed object of TYPE, to be filled in C; NULL if out of memory.  Embedded
 * ones begin with `.node = { .type = &oci_state_type }`.
 */
void *json_new(struct arena *arena, const struct json_type *type);

/*
 * Counts property m of object o as given although it is zero or empty; or no longer.  node.type must be set.
 */
#define json_mark(o, m)   json_mark_member(&(o)->node, offsetof(__typeof__(*(o)), m), true)
#define json_unmark(o, m) json_mark_member(&(o)->node, offsetof(__typeof__(*(o)), m), false)
void json_mark_member(struct json_node *node, size_t offset, bool given);

#endif
