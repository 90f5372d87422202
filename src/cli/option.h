/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * option.h - the options of a command as a table: parsing, --help and completion are made from it.
 *
 * A row tells where the value goes and, by the C type of that member, what it
 * is.  A PLACEHOLDER of the form "text|json" names the only words allowed.
 * HELP is NULL for what is accepted for old callers and not shown.
 */
#ifndef OCIRT_CLI_OPTION_H
#define OCIRT_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/out.h"

enum cli_kind {
    CLI_FLAG,     /* bool; --x, --x=false */
    CLI_TEXT,     /* const char *; the last one wins */
    CLI_NUMBER,   /* unsigned or int, never negative */
    CLI_LIST,     /* char *const *, NULL-terminated: one for each time it is given */
    CLI_JOINED,   /* const char *: each time it is given, with commas between; malloc'd */
    CLI_DURATION, /* unsigned, in milliseconds */
};

struct cli_option {
    uint16_t offset;
    uint8_t kind;
    char letter; /* 0 if none */
    const char *name;
    const char *placeholder; /* NULL for a flag */
    const char *help;
};

/* clang-format off */
/* The first two columns: the value goes to MEMBER of TYPE, as what it is, or as KIND. */
#define CLI_INTO(type, member)                                                                          \
    offsetof(type, member), _Generic(((type *) 0)->member, bool: CLI_FLAG, const char *: CLI_TEXT,      \
                                     unsigned: CLI_NUMBER, int: CLI_NUMBER, char *const *: CLI_LIST)
#define CLI_INTO_AS(type, member, kind) offsetof(type, member), kind
#define CLI_END { 0, 0, 0, NULL, NULL, NULL }
/* clang-format on */

/* Several tables for one command, so that commands can share them; NULL ends. */
#define CLI_TABLES 4

struct cli_parsed {
    int n;     /* words that are no options */
    bool help; /* --help was among them */
};

#define CLI_ALWAYS ""

/*
 * Stores the options among WORDS (NULL-terminated) in VALUES and moves the other words to its front, with a
 * NULL behind.  IN_ORDER: the first word that is no option ends the options: never (NULL), CLI_ALWAYS, or if
 * this option was given, which then must not stand behind a word.  0; or -EINVAL or -ENOMEM with a sentence
 * in FAULT.
 */
int cli_option_parse(const struct cli_option *const tables[CLI_TABLES], void *values, char **words,
                     const char *in_order, struct cli_parsed *ret_parsed, struct cli_out *fault);

/* The first option of TABLE that was given in VALUES; NULL if none was. */
const struct cli_option *cli_option_given(const struct cli_option *table, const void *values);

/* Is there a flag NAME in TABLES, and was it given in VALUES? */
bool cli_option_is_set(const struct cli_option *const tables[CLI_TABLES], const void *values,
                       const char *name);

/* Frees the lists in VALUES. */
void cli_option_done(const struct cli_option *const tables[CLI_TABLES], void *values);

#endif
