/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * err.c - errors and warnings as sentences with their place in config.json.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errno_text.h"
#include "base/fd.h"
#include "base/text.h"

static const char *const code_names[] = {
#define X(name) [ERR_##name] = "E_" #name,
    ERR_CODES(X)
#undef X
};

const char *err_code_name(enum err_code code)
{
    return code_names[code];
}

enum err_code err_code_of(const char *name)
{
    for (size_t i = 1; i < sizeof code_names / sizeof *code_names; i++)
        if (!strcmp(code_names[i], name))
            return (enum err_code) i;
    return ERR_NONE;
}

/* The place for one more error; NULL if this one is not wanted because there is one already. */
static struct err *slot(struct err *err)
{
    if (!err_is_set(err))
        return err;
    if (!err->collect)
        return NULL;
    while (err->next)
        err = err->next;
    err->next = calloc(1, sizeof *err->next);
    return err->next;
}

/* The name of entry INDEX, if the member is a map of strings; NULL if it is a list. */
static const char *key_of(const struct json_node *node, size_t member, size_t index)
{
    for (size_t i = 0; i < node->type->n_fields; i++)
        if (node->type->fields[i].offset == member && node->type->fields[i].kind == JSON_MAP) {
            const struct json_map *map =
                (const struct json_map *) (const void *) ((const char *) node + member);

            return index < map->n ? map->v[index].key : NULL;
        }
    return NULL;
}

static char *path_of(const struct json_node *node, size_t member, size_t index)
{
    autotext struct text path = { 0 };
    size_t n = json_member_path(NULL, 0, node, member);
    autofree char *plain = malloc(n + 1);

    if (!plain)
        return NULL;
    (void) json_member_path(plain, n + 1, node, member);
    text_add(&path, "%s", plain);
    if (index != ERR_NO_MEMBER) {
        const char *key = key_of(node, member, index);

        if (key)
            text_add(&path, "[\"%s\"]", key);
        else
            text_add(&path, "[%zu]", index);
    }
    return take_ptr(&path.s);
}

/* An absent member is where its object begins. */
static unsigned line_of(const struct err_source *source, const struct json_node *node, size_t member,
                        size_t index)
{
    size_t offset = member == ERR_NO_MEMBER ? 0 : json_member_offset(node, member);

    if (!source || !source->text || source->origin)
        return 0;
    if (offset && index != ERR_NO_MEMBER)
        offset = json_element_offset(source->text, offset, index);
    return json_line(source->text, offset ? offset : node->start);
}

/*
 * An error is one line, whatever a configuration's strings hold: nobody forges a second one, or colours a
 * terminal.
 */
static void keep_to_one_line(char *s)
{
    for (; s && *s; s++)
        if ((unsigned char) *s < ' ' || *s == 0x7f)
            *s = *s == '\n' || *s == '\t' ? ' ' : '?';
}

static void write_text(struct err *e, const struct err_source *source, int number, const char *fmt,
                       va_list ap)
{
    autotext struct text text = { 0 };
    autofree char *origin =
        e->property && source && source->origin ? source->origin(source->context, e->property) : NULL;
    const char *place = origin ? origin : e->property;

    if (e->line)
        text_add(&text, "%s:%u: ", source->name, e->line);
    if (place && *place)
        text_add(&text, "%s: ", place);
    text_vadd(&text, fmt, ap);
    if (number)
        text_add(&text, ": %s", errno_text(number));
    keep_to_one_line(text.s);
    e->text = take_ptr(&text.s);
}

static int set(struct err *err, const struct json_node *node, size_t member, size_t index, enum err_code code,
               int number, const char *fmt, va_list ap)
{
    struct err *e = slot(err);

    number = number < 0 ? -number : number;
    if (!e)
        return number ? -number : -EINVAL;
    e->code = code;
    e->number = number;
    if (node) {
        e->property = path_of(node, member, index);
        e->line = line_of(err->source, node, member, index);
    }
    write_text(e, err->source, number, fmt, ap);
    return number ? -number : -EINVAL;
}

int err_set(struct err *err, enum err_code code, int number, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int r = set(err, NULL, 0, 0, code, number, fmt, ap);
    va_end(ap);
    return r;
}

int err_at(struct err *err, const struct json_node *node, size_t member, enum err_code code, int number,
           const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int r = set(err, node, member, ERR_NO_MEMBER, code, number, fmt, ap);
    va_end(ap);
    return r;
}

int err_at_index(struct err *err, const struct json_node *node, size_t member, size_t index,
                 enum err_code code, int number, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int r = set(err, node, member, index, code, number, fmt, ap);
    va_end(ap);
    return r;
}

static struct err *last(struct err *err)
{
    while (err->next)
        err = err->next;
    return err;
}

void err_hint(struct err *err, const char *fmt, ...)
{
    struct err *e = last(err);
    char *hint = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&hint, fmt, ap) < 0) /* the old one may be part of the new one */
        hint = NULL;
    va_end(ap);
    free(e->hint);
    e->hint = hint;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
    autotext struct text text = { 0 };
    va_list ap;

    va_start(ap, fmt);
    text_vadd(&text, fmt, ap);
    va_end(ap);
    text_add(&text, ": %s", err->text ? err->text : "out of memory");
    if (text_result(&text) < 0)
        return;
    free(err->text);
    err->text = take_ptr(&text.s);
}

static void warn(struct err *err, const struct json_node *node, size_t member, const char *fmt, va_list ap)
{
    struct err e = { 0 };

    if (!err->warn)
        return;
    if (node) {
        e.property = path_of(node, member, ERR_NO_MEMBER);
        e.line = line_of(err->source, node, member, ERR_NO_MEMBER);
    }
    write_text(&e, err->source, 0, fmt, ap);
    if (e.text)
        err->warn(err->context, e.text);
    free(e.text);
    free(e.property);
}

void err_warn(struct err *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    warn(err, NULL, 0, fmt, ap);
    va_end(ap);
}

void err_warn_at(struct err *err, const struct json_node *node, size_t member, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    warn(err, node, member, fmt, ap);
    va_end(ap);
}

int err_nomem(struct err *err)
{
    return err_set(err, ERR_MEMORY, ENOMEM, "out of memory");
}

static void free_one(struct err *err)
{
    free(err->text);
    free(err->property);
    free(err->hint);
}

void err_done(struct err *err)
{
    for (struct err *e = err->next, *next; e; e = next) {
        next = e->next;
        free_one(e);
        free(e);
    }
    free_one(err);
    *err = (struct err){
        .source = err->source,
        .warn = err->warn,
        .context = err->context,
        .collect = err->collect,
    };
}

void err_move(struct err *to, struct err *from)
{
    struct err kept = *to;

    err_done(to);
    *to = *from;
    to->source = kept.source;
    to->warn = kept.warn;
    to->context = kept.context;
    to->collect = kept.collect;
    from->code = ERR_NONE;
    from->text = from->property = from->hint = NULL;
    from->next = NULL;
    err_done(from);
}
