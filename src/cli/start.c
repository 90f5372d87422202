/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start.c - ocirt start: let the program of a created container run.
 */
#include "cli/commands.h"

struct start_values {
    bool timing;
};

/* clang-format off */
static const struct cli_option options[] = {
    CLI_TIMING(struct start_values, timing),
    CLI_END,
};
/* clang-format on */

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
    .tables = { options },
    .size = sizeof(struct start_values),
    .min = 1,
    .max = 1,
    .run = start,
};
