/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_words.c - closed sets of words, and the word that a misspelt one was perhaps meant to be. */
#include "json_internal.h"

#include <string.h>
#include <strings.h>

const char *json_word(const struct json_words *words, unsigned value)
{
    return value < words->n ? words->v[value] : NULL;
}

unsigned json_word_value(const struct json_words *words, const char *s)
{
    for (unsigned i = 1; i < words->n; i++)
        if (words->v[i] && !strcmp(words->v[i], s))
            return i;
    return 0;
}

int json_field_find(const struct json_type *type, const char *s, size_t len)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].length == len && !memcmp(type->fields[i].name, s, len))
            return (int) i;
    return -1;
}

/* ---- nearness ------------------------------------------------------------------------------------------ */

enum { LONGEST = 63 }; /* words of more letters are near to none */

static unsigned char lower(char c)
{
    return (unsigned char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added, left out or swapped with the next; case costs nothing. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];

    for (unsigned j = 0; j <= n_b; j++)
        last[j] = before[j] = j;
    for (unsigned i = 1; i <= n_a; i++) {
        row[0] = i;
        for (unsigned j = 1; j <= n_b; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);

            row[j] = least(last[j - 1] + !same, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }

        unsigned *oldest = before;

        before = last;
        last = row;
        row = oldest;
    }
    return last[n_b];
}

struct guess {
    const char *word;
    unsigned distance;
};

/* One letter in three may be wrong; and an abbreviation of three letters or more is always near. */
static void consider(struct guess *best, const char *word, const char *s, size_t len)
{
    size_t n = strlen(word);

    if (!len || len > LONGEST || n > LONGEST)
        return;

    unsigned d = distance(s, len, word, n);
    unsigned allowed = (unsigned) ((n > len ? n : len) + 2) / 3;

    if (d > allowed && len >= 3 && n > len && !strncasecmp(word, s, len))
        d = allowed;
    if (d <= allowed && d < n && (!best->word || d < best->distance))
        *best = (struct guess){ word, d };
}

const char *json_nearest_word(const struct json_words *words, const char *s, size_t len)
{
    struct guess best = { 0 };

    for (size_t i = 1; i < words->n; i++)
        if (words->v[i])
            consider(&best, words->v[i], s, len);
    return best.word;
}

const char *json_nearest(const struct json_type *type, const char *s, size_t len)
{
    struct guess best = { 0 };

    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].kind != JSON_ELSEWHERE)
            consider(&best, type->fields[i].name, s, len);
    return best.word;
}
