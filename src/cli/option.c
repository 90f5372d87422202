/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * option.c - parse the words of a command by its table.
 *
 * Callers differ in their spelling: --x v, --x=v, -x v, -xv, -x=v, and, as
 * go-runc writes it, a long name with one dash (-no-subreaper).
 */
#include "cli/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/value.h"

struct parse {
    const struct cli_option *const *tables;
    char *values;
    size_t most;              /* no option can be given more often */
    const char *order_option; /* the one that makes the first other word end the options; NULL: none does */
    bool in_order, help;
    struct cli_out *fault;
};

/* The name of an option with its dashes as it was given, for the fault. */
struct spelling {
    const char *dashes, *name;
    size_t length;
};

static const struct cli_option *find(const struct parse *p, const char *name, size_t length, char letter)
{
    for (size_t t = 0; t < CLI_TABLES && p->tables[t]; t++) {
        for (const struct cli_option *o = p->tables[t]; o->name; o++) {
            if (letter ? o->letter == letter : strncmp(o->name, name, length) == 0 && !o->name[length])
                return o;
        }
    }
    return NULL;
}

static int fault(struct parse *p, const char *what, const struct spelling *given)
{
    cli_out_add(p->fault, "%s: %s%.*s", what, given->dashes, (int) given->length, given->name);
    return -EINVAL;
}

/* "invalid log-format: xml ..." are runc's words. */
static int invalid(struct parse *p, const struct cli_option *o, const char *value, const char *wanted)
{
    cli_out_add(p->fault, "invalid %s: %s (%s)", o->name, *value ? value : "\"\"", wanted);
    return -EINVAL;
}

/* Is VALUE one of the words of "text|json"? */
static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *c = choices; n > 0; c++) {
        if (strncmp(c, value, n) == 0 && (c[n] == '|' || !c[n]))
            return true;
        c = strchr(c, '|');
        if (!c)
            break;
    }
    return false;
}

static int append(struct parse *p, char ***list, char *value)
{
    size_t n = 0;

    if (!*list)
        *list = calloc(p->most + 1, sizeof **list);
    if (!*list)
        return -ENOMEM;
    while ((*list)[n])
        n++;
    (*list)[n] = value;
    return 0;
}

static int join(char **joined, const char *value)
{
    struct cli_out text = { 0 };

    if (*joined)
        cli_out_add(&text, "%s,", *joined);
    cli_out_word(&text, value);
    if (text.failed) {
        cli_out_done(&text);
        return -ENOMEM;
    }
    free(*joined);
    *joined = text.s;
    return 0;
}

static int store_value(struct parse *p, const struct cli_option *o, char *value)
{
    void *to = p->values + o->offset;

    if (o->placeholder && strchr(o->placeholder, '|') && !is_choice(o->placeholder, value))
        return invalid(p, o, value, o->placeholder);
    switch (o->kind) {
    case CLI_NUMBER:
        return cli_value_unsigned(value, to) < 0 ? invalid(p, o, value, "a whole number is wanted") : 0;
    case CLI_DURATION:
        return cli_value_duration(value, to) < 0 ? invalid(p, o, value, "a time like 5s or 500ms is wanted")
                                                 : 0;
    case CLI_LIST: return append(p, to, value);
    case CLI_JOINED: return join(to, value);
    default: *(const char **) to = value; return 0;
    }
}

static int store_flag(struct parse *p, const struct cli_option *o, const char *value)
{
    bool *to = (bool *) (void *) (p->values + o->offset);

    if (!value)
        *to = true;
    else if (cli_value_bool(value, to) < 0)
        return invalid(p, o, value, "true|false");
    return 0;
}

/* VALUE: what stood behind "="; or else *NEXT is taken, and NEXT moved on. */
static int store(struct parse *p, const struct cli_option *o, const struct spelling *given, char *value,
                 char ***next)
{
    if (p->order_option && strcmp(p->order_option, o->name) == 0)
        p->in_order = true;
    if (o->kind == CLI_FLAG)
        return store_flag(p, o, value);
    if (!value && !**next)
        return fault(p, "flag needs an argument", given);
    if (!value)
        value = *(*next)++;
    return store_value(p, o, value);
}

static bool is_help(const char *name, size_t length)
{
    return (length == 4 && memcmp(name, "help", 4) == 0) || (length == 5 && memcmp(name, "usage", 5) == 0);
}

/* -abc: flags a and b, and c, which may want what follows. */
static int parse_letters(struct parse *p, char *letters, char ***next)
{
    for (char *at = letters; *at; at++) {
        struct spelling given = { "-", at, 1 };
        const struct cli_option *o = find(p, NULL, 0, *at);
        char *behind = at[1] == '=' ? at + 2 : at + 1;

        if (!o && (*at == 'h' || *at == '?')) {
            p->help = true;
            continue;
        }
        if (!o) {
            given = at == letters ? (struct spelling){ "-", letters, strcspn(letters, "=") } : given;
            return fault(p, "unknown option", &given);
        }
        if (o->kind != CLI_FLAG)
            return store(p, o, &given, *behind || at[1] == '=' ? behind : NULL, next);
        if (at[1] == '=')
            return store_flag(p, o, behind);
        *(bool *) (void *) (p->values + o->offset) = true;
    }
    return 0;
}

static int parse_word(struct parse *p, char *word, char ***next)
{
    bool two = word[1] == '-';
    char *name = word + 1 + two;
    struct spelling given = { two ? "--" : "-", name, strcspn(name, "=") };
    const struct cli_option *o = find(p, name, given.length, 0);
    char *value = name[given.length] ? name + given.length + 1 : NULL;

    if (o)
        return store(p, o, &given, value, next);
    if (is_help(name, given.length)) {
        p->help = true;
        return 0;
    }
    return two ? fault(p, "unknown option", &given) : parse_letters(p, name, next);
}

static size_t count(char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return n;
}

int cli_option_parse(const struct cli_option *const tables[CLI_TABLES], void *values, char **words,
                     const char *in_order, struct cli_parsed *ret_parsed, struct cli_out *fault_text)
{
    struct parse p = { .tables = tables, .values = values, .most = count(words), .fault = fault_text };
    char **next = words;
    int n = 0;

    p.in_order = in_order && !*in_order;
    p.order_option = in_order && *in_order ? in_order : NULL;
    while (*next) {
        char *word = *next;

        if (word[0] == '-' && word[1]) {
            next++;
            if (strcmp(word, "--") == 0)
                break;
            int r = parse_word(&p, word, &next);
            if (r == -ENOMEM)
                cli_out_word(fault_text, "out of memory");
            if (r < 0)
                return r;
            if (p.order_option && p.in_order && n > 0) {
                cli_out_add(fault_text, "--%s must stand before %s", in_order, words[0]);
                return -EINVAL;
            }
            continue;
        }
        if (p.in_order)
            break;
        words[n++] = *next++;
    }
    while (*next)
        words[n++] = *next++;
    words[n] = NULL;
    *ret_parsed = (struct cli_parsed){ .n = n, .help = p.help };
    return 0;
}

void cli_option_done(const struct cli_option *const tables[CLI_TABLES], void *values)
{
    for (size_t t = 0; t < CLI_TABLES && tables[t]; t++) {
        for (const struct cli_option *o = tables[t]; o->name; o++) {
            if (o->kind == CLI_LIST || o->kind == CLI_JOINED) {
                free(*(void **) (void *) ((char *) values + o->offset));
                *(void **) (void *) ((char *) values + o->offset) = NULL;
            }
        }
    }
}

static bool is_given(const struct cli_option *o, const void *values)
{
    const void *at = (const char *) values + o->offset;

    switch (o->kind) {
    case CLI_FLAG: return *(const bool *) at;
    case CLI_NUMBER:
    case CLI_DURATION: return *(const unsigned *) at != 0;
    default: return *(const void *const *) at != NULL;
    }
}

const struct cli_option *cli_option_given(const struct cli_option *table, const void *values)
{
    for (; table->name; table++)
        if (is_given(table, values))
            return table;
    return NULL;
}

bool cli_option_is_set(const struct cli_option *const tables[CLI_TABLES], const void *values,
                       const char *name)
{
    for (size_t i = 0; i < CLI_TABLES && tables[i]; i++)
        for (const struct cli_option *o = tables[i]; o->name; o++)
            if (o->kind == CLI_FLAG && strcmp(o->name, name) == 0)
                return *(const bool *) ((const char *) values + o->offset);
    return false;
}
