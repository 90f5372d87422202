/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variant.c - values of D-Bus: made, and printed as text.  variant_parse.c reads text.
 */
#include "plan/variant.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- types --------------------------------------------------------------------------------------------- */

enum { DEPTH_MAX = 32 };

static size_t type_length(const char *s, unsigned depth);

static size_t struct_length(const char *s, unsigned depth)
{
    size_t n = 1;

    while (s[n] && s[n] != ')') {
        size_t one = type_length(s + n, depth);

        if (one == 0)
            return 0;
        n += one;
    }
    return s[n] == ')' && n > 1 ? n + 1 : 0;
}

static size_t entry_length(const char *s, unsigned depth)
{
    size_t key = s[1] && strchr("bynqiuxthdsog", s[1]) ? 1 : 0;
    size_t value = key ? type_length(s + 2, depth) : 0;

    return value && s[2 + value] == '}' ? value + 3 : 0;
}

static size_t type_length(const char *s, unsigned depth)
{
    size_t n;

    if (!*s || depth >= DEPTH_MAX)
        return 0;
    if (strchr("bynqiuxthdsogv", *s))
        return 1;
    if (*s == '(')
        return struct_length(s, depth + 1);
    if (*s != 'a')
        return 0;
    n = s[1] == '{' ? entry_length(s + 1, depth + 1) : type_length(s + 1, depth + 1);
    return n ? n + 1 : 0;
}

size_t plan_variant_type_length(const char *s)
{
    return type_length(s, 0);
}

/* ---- making -------------------------------------------------------------------------------------------- */

struct plan_variant *plan_variant_container(struct arena *arena, const char *type)
{
    struct plan_variant *value = arena_alloc(arena, sizeof *value);

    if (value)
        value->type = type;
    return value;
}

struct plan_variant *plan_variant_bool(struct arena *arena, bool boolean)
{
    struct plan_variant *value = plan_variant_container(arena, "b");

    if (value)
        value->boolean = boolean;
    return value;
}

struct plan_variant *plan_variant_natural(struct arena *arena, const char *type, uint64_t natural)
{
    struct plan_variant *value = plan_variant_container(arena, type);

    if (value)
        value->natural = natural;
    return value;
}

struct plan_variant *plan_variant_string(struct arena *arena, const char *string)
{
    struct plan_variant *value = string ? plan_variant_container(arena, "s") : NULL;

    if (value)
        value->string = arena_strdup(arena, string);
    return value && value->string ? value : NULL;
}

/* The room doubles: it is full where the number is 0 or a power of two. */
int plan_variant_append(struct arena *arena, struct plan_variant *container, struct plan_variant *element)
{
    if (!container || !element)
        return -ENOMEM;
    if ((container->n & (container->n - 1)) == 0) {
        struct plan_variant **v =
            arena_array(arena, container->n ? container->n * 2 : 1, sizeof(struct plan_variant *));

        if (!v)
            return -ENOMEM;
        if (container->n)
            memcpy(v, container->v, container->n * sizeof *v);
        container->v = v;
    }
    container->v[container->n++] = element;
    return 0;
}

/* ---- printing ------------------------------------------------------------------------------------------ */

static void print_string(const char *s, struct text *out)
{
    text_add(out, "'");
    for (; *s; s++) {
        if (*s == '\'' || *s == '\\')
            text_add(out, "\\%c", *s);
        else if (*s == '\n')
            text_add(out, "\\n");
        else
            text_put(out, s, 1);
    }
    text_add(out, "'");
}

static void print_elements(const struct plan_variant *value, struct text *out)
{
    char open = value->type[0] == 'a' ? '[' : value->type[0] == 'v' ? '<' : value->type[0];
    char close = open == '[' ? ']' : open == '<' ? '>' : open == '(' ? ')' : '}';

    text_put(out, &open, 1);
    for (size_t i = 0; i < value->n; i++) {
        text_add(out, "%s", i == 0 ? "" : open == '{' ? ": " : ", ");
        plan_variant_print(value->v[i], out);
    }
    text_put(out, &close, 1);
}

void plan_variant_print(const struct plan_variant *value, struct text *out)
{
    switch (value->type[0]) {
    case 'b': text_add(out, "%s", value->boolean ? "true" : "false"); break;
    case 'n':
    case 'i':
    case 'x':
    case 'h': text_add(out, "%" PRIi64, value->integer); break;
    case 'y':
    case 'q':
    case 'u':
    case 't': text_add(out, "%" PRIu64, value->natural); break;
    case 'd': text_add(out, "%.17g", value->real); break;
    case 's':
    case 'o':
    case 'g': print_string(value->string, out); break;
    default: print_elements(value, out);
    }
}
