/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start.c - ocirt start: let the program of a created container run.
 */
#include "cli/commands.h"

static int start(struct cli *cli, void *values, char **args)
{
    struct ocirt_error *error = NULL;

    (void) values;
    int r = ocirt_start(cli->ocirt, args[0], &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_start = {
    .name = "start",
    .arguments = "ID",
    .summary = "Let the program of a created container run",
    .min = 1,
    .max = 1,
    .run = start,
};
