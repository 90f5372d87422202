/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.c - ocirt run: create, start, wait for the end, delete.
 */
#include "cli/commands.h"

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct ocirt_create_options, detach), 'd', "detach", NULL,
      "return as soon as the program runs" },
    { CLI_INTO(struct ocirt_create_options, keep), 0, "keep", NULL,
      "do not delete the container when it ends" },
    CLI_END,
};
/* clang-format on */

static int run(struct cli *cli, void *values, char **args)
{
    struct ocirt_create_options *create = values;
    struct ocirt_error *error = NULL;
    int status = 0;

    cli_create_environment(create);
    int r = ocirt_run(cli->ocirt, args[0], create, &status, &error);
    return cli_result_status(cli, r, error, status, 1);
}

const struct cli_command cli_run = {
    .name = "run",
    .arguments = "ID",
    .summary = "Create and start a container, wait for its end and delete it; ends with its exit status",
    .tables = { cli_bundle_options, cli_create_options, options },
    .size = sizeof(struct ocirt_create_options),
    .min = 1,
    .max = 1,
    .run = run,
};
