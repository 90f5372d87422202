/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words.c - words of open lists (flags, rlimits, architectures): found, or refused with a suggestion.
 */
#include "plan/compile.h"

#include <string.h>

enum { WORDS_MAX = 32 };

void plan_hint_nearest(struct err *err, const char *nearest)
{
    if (nearest)
        err_hint(err, "did you mean \"%s\"?", nearest);
}

/*
 * How much of all WORDS is the same at their beginning: "RLIMIT_" says nothing about which of them was meant.
 */
static size_t common_prefix(const struct json_words *words)
{
    const char *first = NULL;
    size_t n = 0;

    for (size_t i = 1; i < words->n; i++) {
        size_t same = 0;

        if (!words->v[i])
            continue;
        if (!first) {
            first = words->v[i];
            n = strlen(first);
        }
        while (same < n && words->v[i][same] == first[same])
            same++;
        n = same;
    }
    return n;
}

static const char *nearest(const struct json_words *words, const char *s)
{
    const char *rest[WORDS_MAX] = { NULL }, *found;
    size_t skip = common_prefix(words);

    if (words->n > WORDS_MAX || strlen(s) < skip || (skip && memcmp(words->v[words->n - 1], s, skip)))
        return json_nearest_word(words, s, strlen(s));
    for (size_t i = 1; i < words->n; i++)
        rest[i] = words->v[i] ? words->v[i] + skip : NULL;
    found = json_nearest_word(&(struct json_words){ rest, words->n }, s + skip, strlen(s + skip));
    return found ? found - skip : NULL;
}

unsigned plan_word(const struct json_words *words, const char *s, const char *what,
                   const struct json_node *node, size_t member, size_t index, enum err_code code,
                   struct err *err)
{
    unsigned value = json_word_value(words, s);

    if (value)
        return value;
    if (index == ERR_NO_MEMBER)
        (void) err_at(err, node, member, code, 0, "unknown %s \"%s\"", what, s);
    else
        (void) err_at_index(err, node, member, index, code, 0, "unknown %s \"%s\"", what, s);
    plan_hint_nearest(err, nearest(words, s));
    return 0;
}
