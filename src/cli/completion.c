/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion.c - ocirt completion: a script for a shell, and what the scripts have in common.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/complete.h"

enum cli_complete cli_complete_value(const struct cli_option *option)
{
    static const char *const files[] = { "FILE", "SOCKET", "PATH", "TARGET" };

    if (!option->placeholder)
        return CLI_COMPLETE_NOTHING;
    if (strchr(option->placeholder, '|'))
        return CLI_COMPLETE_WORDS;
    if (strcmp(option->placeholder, "DIR") == 0)
        return CLI_COMPLETE_DIRS;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(option->placeholder, files[i]) == 0)
            return CLI_COMPLETE_FILES;
    }
    return CLI_COMPLETE_NOTHING;
}

enum cli_complete cli_complete_argument(const struct cli_command *command)
{
    if (strcspn(command->arguments, "|") < strcspn(command->arguments, " "))
        return CLI_COMPLETE_WORDS;
    /* A new container has a new id. */
    if (command == &cli_create || command == &cli_run || command == &cli_restore)
        return CLI_COMPLETE_NOTHING;
    return strncmp(command->arguments, "ID", 2) == 0 ? CLI_COMPLETE_IDS : CLI_COMPLETE_NOTHING;
}

void cli_complete_words(struct cli_out *out, const char *choices)
{
    for (const char *c = choices; *c && *c != ' '; c++)
        cli_out_put(out, *c == '|' ? " " : c, 1);
}

void cli_complete_quoted(struct cli_out *out, const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            cli_out_word(out, "'\\''");
        else
            cli_out_add(out, "%s%c", strchr(escaped, *text) ? "\\" : "", *text);
    }
}

void cli_complete_each(struct cli_out *out, const struct cli_option *const tables[CLI_TABLES],
                       void (*add)(struct cli_out *out, const struct cli_option *option))
{
    static const struct cli_option help = { 0, CLI_FLAG, 'h', "help", NULL, "print this help" };

    for (size_t t = 0; t < CLI_TABLES && tables[t]; t++) {
        for (const struct cli_option *o = tables[t]; o->name; o++) {
            if (o->help)
                add(out, o);
        }
    }
    add(out, &help);
}

void cli_complete_commands(struct cli_out *out)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        cli_out_add(out, "%s%s", c == cli_commands ? "" : " ", (*c)->name);
}

static int completion(struct cli *cli, void *values, char **args)
{
    static const struct {
        const char *shell;
        void (*add)(struct cli_out *out);
    } shells[] = { { "bash", cli_complete_bash },
                   { "zsh", cli_complete_zsh },
                   { "fish", cli_complete_fish } };
    autoout struct cli_out out = { 0 };

    (void) values;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(args[0], shells[i].shell) == 0) {
            shells[i].add(&out);
            return cli_print(cli, &out);
        }
    }
    cli_log_usage(&cli->log, "usage: ocirt completion bash|zsh|fish",
                  "there is no completion for the shell %s", args[0]);
    return 1;
}

const struct cli_command cli_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "Print a script that completes commands, options and ids in a shell",
    .min = 1,
    .max = 1,
    .alone = true,
    .run = completion,
};
