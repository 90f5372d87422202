/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete_fish.c - completion for fish: a `complete` command for each option.
 */
#include "cli/complete.h"

static void add_text(struct cli_out *out, const char *text)
{
    cli_out_word(out, " -d '");
    cli_complete_quoted(out, text, "\\");
    cli_out_word(out, "'");
}

static void add_option(struct cli_out *out, const struct cli_option *option)
{
    cli_out_word(out, "complete -c ocirt -n $when");
    if (option->letter)
        cli_out_add(out, " -s %c", option->letter);
    cli_out_add(out, " -l %s", option->name);
    switch (cli_complete_value(option)) {
    case CLI_COMPLETE_WORDS:
        cli_out_word(out, " -x -a '");
        cli_complete_words(out, option->placeholder);
        cli_out_word(out, "'");
        break;
    case CLI_COMPLETE_DIRS: cli_out_word(out, " -x -a '(__fish_complete_directories)'"); break;
    case CLI_COMPLETE_FILES: cli_out_word(out, " -r -F"); break;
    default: cli_out_word(out, option->placeholder ? " -x" : "");
    }
    add_text(out, option->help);
    cli_out_word(out, "\n");
}

static void add_arguments(struct cli_out *out, const struct cli_command *command)
{
    switch (cli_complete_argument(command)) {
    case CLI_COMPLETE_IDS:
        cli_out_word(out, "complete -c ocirt -n $when -a '(ocirt list -q 2>/dev/null)'\n");
        break;
    case CLI_COMPLETE_WORDS:
        cli_out_word(out, "complete -c ocirt -n $when -a '");
        cli_complete_words(out, command->arguments);
        cli_out_word(out, "'\n");
        break;
    default: break;
    }
}

void cli_complete_fish(struct cli_out *out)
{
    static const struct cli_option *const global[CLI_TABLES] = { cli_global_options };

    cli_out_word(out, "# fish completion of ocirt, made by: ocirt completion fish\ncomplete -c ocirt -f\n\n"
                      "set -l when 'not __fish_seen_subcommand_from ");
    cli_complete_commands(out);
    cli_out_word(out, "'\n");
    cli_complete_each(out, global, add_option);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        cli_out_add(out, "complete -c ocirt -n $when -a %s", (*c)->name);
        add_text(out, (*c)->summary);
        cli_out_word(out, "\n");
    }
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        cli_out_add(out, "\nset -l when '__fish_seen_subcommand_from %s'\n", (*c)->name);
        cli_complete_each(out, (*c)->tables, add_option);
        add_arguments(out, *c);
    }
}
