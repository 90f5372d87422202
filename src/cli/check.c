/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - ocirt check: all mistakes of a configuration.
 */
#include "cli/commands.h"

static int check(struct cli *cli, void *values, char **args)
{
    struct ocirt_create_options *create = values;
    struct ocirt_error *error = NULL;

    (void) args;
    cli_create_environment(create);
    int r = ocirt_check(cli->ocirt, create, &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_check = {
    .name = "check",
    .arguments = "",
    .summary =
        "Report all mistakes of a config.json and touch nothing; the exit status is 1 if there are any",
    .tables = { cli_bundle_options },
    .size = sizeof(struct ocirt_create_options),
    .run = check,
};
