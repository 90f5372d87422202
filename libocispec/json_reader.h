/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_reader.h - the state of the reader: what json_read.c moves, and json_fail.c tells of.
 */
#ifndef OCIRT_JSON_READER_H
#define OCIRT_JSON_READER_H

#include <setjmp.h>
#include <string.h>

#include "json_internal.h"

enum {
    FRAMES_MAX = 24, /* the tables are nested less than that */
    NO_FIELD = -1,
    SHOWN_MAX = 80, /* bytes of a wrong value that an error repeats */
};

struct frame {
    struct json_node *object; /* the open object, or NULL inside a list, map or dict */
    int field;                /* member whose value comes next, or whose list this is */
    uint64_t seen;            /* bit i: field i was given, be it null */
    char *key;                /* last key seen in a map or dict */
    size_t room;              /* capacity of the list */
    size_t start;             /* text offset of the opening bracket */
};

/* A place in the text: the lines before it, and the characters before it in its line. */
struct place {
    size_t offset;
    unsigned lines, columns;
};

struct reader {
    const char *name, *text;
    size_t len;
    size_t bad; /* where the text stops being Unicode; len if nowhere */
    const char *why_bad;
    bool at_end; /* yajl has all of the text */
    const struct json_type *root;
    void *out;
    struct arena *arena;
    const struct json_watch *watch;
    struct place watched; /* where the last skipped property stood */
    struct json_error *err;
    int code; /* what json_read() returns */
    void *yajl;
    jmp_buf no_memory;
    unsigned depth, skip; /* open frames; open containers of an unknown property */
    struct frame stack[FRAMES_MAX];
};

/* ---- where we are -------------------------------------------------------------------------------------- */

static inline struct frame *top(struct reader *r)
{
    return &r->stack[r->depth - 1];
}

/* The object that owns the list, map or member being filled. */
static inline struct frame *owner(struct reader *r)
{
    return top(r)->object ? top(r) : top(r) - 1;
}

static inline bool in_list(struct reader *r)
{
    return !top(r)->object;
}

static inline const struct json_field *current(struct reader *r)
{
    struct frame *o = owner(r);

    return &o->object->type->fields[o->field];
}

static inline void *slot(struct reader *r)
{
    return (char *) owner(r)->object + current(r)->offset;
}

static inline struct json_list open_list(struct reader *r)
{
    struct json_list l;

    memcpy(&l, slot(r), sizeof l);
    return l;
}

/* Is the value that comes part of an unknown property? */
static inline bool skipping(struct reader *r)
{
    return r->skip || (r->depth && !in_list(r) && top(r)->field == NO_FIELD);
}

/* Where the token that has just been read ends, and where it begins. */
size_t json_token_end(struct reader *r);
size_t json_token_here(struct reader *r);

/* ---- json_fail.c: all but the last fill *r->err and r->code, and return 0, which makes yajl stop ------- */

/* How far from zero, either way. */
struct range {
    uint64_t below, above;
};

/* RANGE is what the number S is out of, or NULL if it is not a plain integer; WHY is in yajl's words. */
int json_fail_no_memory(struct reader *r);
int json_fail_at(struct reader *r, size_t offset, const char *message);
int json_fail_kind(struct reader *r, const char *got); /* GOT: "a number" */
int json_fail_missing(struct reader *r, const struct json_node *object, const char *name);
int json_fail_number(struct reader *r, const char *s, size_t len, const struct range *range);
int json_fail_choice(struct reader *r, const struct json_words *words, const char *s, size_t len);
int json_fail_syntax(struct reader *r, const char *why);

/* Tells the watcher of the property S, which is skipped.  1, or 0 as above. */
int json_report_unknown(struct reader *r, const char *s, size_t len, bool elsewhere);

#endif
