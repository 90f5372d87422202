/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete.h - completion for the shells, made from the tables of options.
 */
#ifndef OCIRT_CLI_COMPLETE_H
#define OCIRT_CLI_COMPLETE_H

#include "cli/cli.h"

/* Each adds a whole script. */
void cli_complete_bash(struct cli_out *out);
void cli_complete_zsh(struct cli_out *out);
void cli_complete_fish(struct cli_out *out);

/* What completes an option's value or a command's arguments; the placeholder tells. */
enum cli_complete {
    CLI_COMPLETE_NOTHING,
    CLI_COMPLETE_WORDS,
    CLI_COMPLETE_FILES,
    CLI_COMPLETE_DIRS,
    CLI_COMPLETE_IDS
};

enum cli_complete cli_complete_value(const struct cli_option *option);
enum cli_complete cli_complete_argument(const struct cli_command *command);

/* "text json" for "text|json", up to the first space. */
void cli_complete_words(struct cli_out *out, const char *choices);

/* TEXT as the inside of '...'; each of the characters in ESCAPED gets a backslash. */
void cli_complete_quoted(struct cli_out *out, const char *text, const char *escaped);

/* Calls ADD for every option that is shown. */
void cli_complete_each(struct cli_out *out, const struct cli_option *const tables[CLI_TABLES],
                       void (*add)(struct cli_out *out, const struct cli_option *option));

/* The names of all commands, with a space between. */
void cli_complete_commands(struct cli_out *out);

#endif
