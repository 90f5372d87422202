/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * help.c - --help, made from the tables.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

/* Where the explanations begin; longer options have theirs on the next line. */
#define COLUMN 30

/* A row: what it is in NAME (a whole line before it), and its explanation. */
static void add_row(struct cli_out *out, const struct cli_out *name, const char *text)
{
    cli_out_put(out, name->s, name->n);
    if (name->n + 2 > COLUMN) {
        cli_out_word(out, "\n");
        cli_out_pad(out, COLUMN);
    } else {
        cli_out_pad(out, COLUMN - name->n);
    }
    cli_out_wrapped(out, text, COLUMN);
}

static void add_option(struct cli_out *out, char letter, const char *name, const char *placeholder,
                       const char *help)
{
    autoout struct cli_out left = { 0 };

    if (letter)
        cli_out_add(&left, "  -%c, --%s", letter, name);
    else
        cli_out_add(&left, "      --%s", name);
    if (placeholder)
        cli_out_add(&left, " %s", placeholder);
    if (left.failed)
        out->failed = true;
    else
        add_row(out, &left, help);
}

static void add_options(struct cli_out *out, const struct cli_option *const tables[CLI_TABLES])
{
    cli_out_word(out, "\nOptions:\n");
    for (size_t t = 0; t < CLI_TABLES && tables[t]; t++) {
        for (const struct cli_option *o = tables[t]; o->name; o++) {
            if (o->help)
                add_option(out, o->letter, o->name, o->placeholder, o->help);
        }
    }
    add_option(out, 'h', "help", NULL, "print this help");
}

static void add_commands(struct cli_out *out)
{
    cli_out_word(out, "\nCommands:\n");
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        autoout struct cli_out left = { 0 };

        cli_out_add(&left, "  %s%s%s", (*c)->name, *(*c)->arguments ? " " : "", (*c)->arguments);
        if (left.failed)
            out->failed = true;
        else
            add_row(out, &left, (*c)->summary);
    }
}

int cli_print_help(struct cli *cli, const struct cli_command *command)
{
    static const struct cli_option *const global[CLI_TABLES] = { cli_global_options };
    autoout struct cli_out out = { 0 };

    if (command) {
        cli_out_add(&out, "Usage: ocirt [GLOBAL OPTION...] %s [OPTION...] %s\n\n%s.\n", command->name,
                    command->arguments, command->summary);
        add_options(&out, command->tables);
        cli_out_add(&out, "\nMore: man ocirt-%s\n", command->name);
    } else {
        cli_out_word(&out, "Usage: ocirt [OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\n"
                           "Runs containers as the OCI runtime specification describes them.\n");
        add_commands(&out);
        add_options(&out, global);
        cli_out_word(&out, "\nOptions of a command: ocirt COMMAND --help. More: man ocirt\n");
    }
    return cli_print(cli, &out);
}

static int help(struct cli *cli, void *values, char **args)
{
    const struct cli_command *command = args[0] ? cli_command_find(args[0]) : NULL;

    (void) values;
    if (args[0] && !command) {
        cli_log_usage(&cli->log, "see 'ocirt --help'", "unknown command: %s", args[0]);
        return 1;
    }
    return cli_print_help(cli, command);
}

const struct cli_command cli_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Tell of the program, or of a command",
    .max = 1,
    .alone = true,
    .run = help,
};
