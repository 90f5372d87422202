/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.c - all commands, and what they have in common: how they print and how they end.
 */
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/file.h"

const struct cli_command *const cli_commands[] = {
#define X(name) &cli_##name,
    CLI_COMMANDS(X)
#undef X
        NULL,
};

const struct cli_command *cli_command_find(const char *name)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        if (strcmp((*c)->name, name) == 0)
            return *c;
    }
    return NULL;
}

int cli_result(struct cli *cli, int r, struct ocirt_error *error)
{
    return cli_result_status(cli, r, error, 0, 1);
}

int cli_result_status(struct cli *cli, int r, struct ocirt_error *error, int status, int failed)
{
    if (r >= 0)
        return status;
    if (error)
        cli_log_error(&cli->log, error);
    else
        cli_log_failure(&cli->log, r, "%s", cli->command ? cli->command->name : "ocirt");
    ocirt_error_free(error);
    return failed;
}

int cli_print(struct cli *cli, const struct cli_out *out)
{
    int r = cli_out_send(out, STDOUT_FILENO);

    if (r < 0) {
        cli_log_failure(&cli->log, r, "standard output");
        return 1;
    }
    return 0;
}

int cli_print_text(struct cli *cli, char *text)
{
    autoout struct cli_out out = { 0 };
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        n--;
    cli_out_put(&out, text, n);
    cli_out_word(&out, "\n");
    free(text);
    return cli_print(cli, &out);
}

int cli_read(struct cli *cli, const char *path, struct cli_out *text)
{
    int r = cli_file_read(path, text);

    if (r < 0)
        cli_log_failure(&cli->log, r, "%s: %s", cli->command->name,
                        strcmp(path, "-") == 0 ? "standard input" : path);
    return r;
}
