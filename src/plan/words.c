/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words.c - words of open lists (flags, rlimits, architectures): found, or refused with a suggestion.
 */
#include "plan/compile.h"

#include <string.h>

void plan_hint_nearest(struct err *err, const char *nearest)
{
    if (nearest)
        err_hint(err, "did you mean \"%s\"?", nearest);
}

unsigned plan_word(const struct json_words *words, const char *s, const char *what, const struct json_node *node,
                   size_t member, size_t index, enum err_code code, struct err *err)
{
    unsigned value = json_word_value(words, s);

    if (value)
        return value;
    if (index == ERR_NO_MEMBER)
        (void) err_at(err, node, member, code, 0, "unknown %s \"%s\"", what, s);
    else
        (void) err_at_index(err, node, member, index, code, 0, "unknown %s \"%s\"", what, s);
    plan_hint_nearest(err, json_nearest_word(words, s, strlen(s)));
    return 0;
}
