/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt_schemata.c - do two texts of schemata mean the same?
 *
 * The kernel prints "    L3:0=00fff;1=0f0" for what was written as "L3:1=f0;0=0xfff".
 */
#include "host/rdt_schemata.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* One "DOMAIN=VALUE" of a line "RESOURCE:DOMAIN=VALUE;DOMAIN=VALUE". */
struct entry {
    const char *resource, *domain, *value;
    size_t resource_n, domain_n, value_n;
};

static void trim(const char **s, size_t *n)
{
    while (*n && isspace((unsigned char) **s))
        ++*s, --*n;
    while (*n && isspace((unsigned char) (*s)[*n - 1]))
        --*n;
}

/* The next entry of the line; *AT is NULL before the first. False: there is none. */
static bool next_entry(const char *line, const char **at, struct entry *entry)
{
    size_t n = strcspn(line, "\n"), head = strcspn(line, ":"), length;
    const char *end = line + n, *equal;

    if (head >= n)
        return false;
    entry->resource = line;
    entry->resource_n = head;
    trim(&entry->resource, &entry->resource_n);
    *at = *at ? *at : line + head + 1;
    if (*at >= end)
        return false;
    length = strcspn(*at, ";\n");
    entry->domain = *at;
    *at += length < (size_t) (end - *at) ? length + 1 : length;
    equal = memchr(entry->domain, '=', length);
    entry->value = equal ? equal + 1 : entry->domain + length;
    entry->value_n = (size_t) (entry->domain + length - entry->value);
    entry->domain_n = equal ? (size_t) (equal - entry->domain) : length;
    trim(&entry->domain, &entry->domain_n);
    trim(&entry->value, &entry->value_n);
    return true;
}

/* "0x0F0" and "f0" are the same mask. */
static bool values_equal(const char *a, size_t a_n, const char *b, size_t b_n)
{
    const char **s[] = { &a, &b };
    size_t *n[] = { &a_n, &b_n };

    for (int i = 0; i < 2; i++) {
        if (*n[i] > 2 && (*s[i])[0] == '0' && tolower((unsigned char) (*s[i])[1]) == 'x')
            *s[i] += 2, *n[i] -= 2;
        while (*n[i] > 1 && **s[i] == '0')
            ++*s[i], --*n[i];
    }
    return a_n == b_n && !strncasecmp(a, b, a_n);
}

/* Takes the value of the entry that LINE has for the same resource and domain. */
static bool find_in_line(const char *line, const struct entry *wanted, struct entry *ret)
{
    const char *at = NULL;
    struct entry entry;
    bool found = false;

    while (next_entry(line, &at, &entry))
        if (entry.resource_n == wanted->resource_n && entry.domain_n == wanted->domain_n &&
            !memcmp(entry.resource, wanted->resource, entry.resource_n) &&
            !memcmp(entry.domain, wanted->domain, entry.domain_n)) {
            *ret = entry;
            found = true;
        }
    return found;
}

static bool find_in_text(const char *text, const struct entry *wanted, struct entry *ret)
{
    for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
        if (find_in_line(text, wanted, ret))
            return true;
    return false;
}

/* Does the group have what the line asks for, where no later line asks otherwise? */
static bool line_matches(const char *have, const struct host_rdt_lines *lines, size_t i)
{
    const char *at = NULL;
    struct entry wanted, found;

    while (next_entry(lines->v[i], &at, &wanted)) {
        bool later = false;

        for (size_t k = i + 1; k < lines->n && !later; k++)
            later = find_in_line(lines->v[k], &wanted, &found);
        if (later)
            continue;
        if (!find_in_text(have, &wanted, &found) ||
            !values_equal(wanted.value, wanted.value_n, found.value, found.value_n))
            return false;
    }
    return true;
}

const char *host_rdt_first_difference(const char *have, const struct host_rdt_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        if (!line_matches(have, lines, i))
            return lines->v[i];
    return NULL;
}
