/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variant.h - a value of D-Bus, and GVariant's text form of it ("uint64 100", "['a', 'b']", "@a(ss) []").
 *
 * https://docs.gtk.org/glib/gvariant-text-format.html; what D-Bus has no equal of ("just", "nothing") is no
 * value.
 */
#ifndef OCIRT_PLAN_VARIANT_H
#define OCIRT_PLAN_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "libocispec/arena.h"

struct plan_variant {
    const char *type;        /* one complete type: "t", "as", "a(st)", "{sv}", "v" */
    bool boolean;            /* b */
    int64_t integer;         /* n i x h */
    uint64_t natural;        /* y q u t */
    double real;             /* d */
    const char *string;      /* s o g */
    struct plan_variant **v; /* the elements of a ( { v */
    size_t n;
};

/*
 * Reads TEXT.  *RET lives in ARENA.  0, -ENOMEM, or -EINVAL with *RET_WHY: what is wrong, in words that go
 * behind the text.
 */
int plan_variant_parse(const char *text, struct arena *arena, struct plan_variant **ret,
                       const char **ret_why);

/* Simple ones; NULL if out of memory. */
struct plan_variant *plan_variant_bool(struct arena *arena, bool value);
struct plan_variant *plan_variant_natural(struct arena *arena, const char *type, uint64_t value);
struct plan_variant *plan_variant_string(struct arena *arena, const char *value);

/* An empty array, tuple, entry or variant of TYPE, and an element for it; -ENOMEM if either is NULL. */
struct plan_variant *plan_variant_container(struct arena *arena, const char *type);
int plan_variant_append(struct arena *arena, struct plan_variant *container, struct plan_variant *element);

/*
 * The length of the complete type that S begins with; 0 if there is none.  D-Bus allows 32 levels of each
 * kind.
 */
size_t plan_variant_type_length(const char *s);

/* As text, without the type. */
void plan_variant_print(const struct plan_variant *value, struct text *out);

#endif
