/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan.c - ocirt plan: what would be done to make a container.
 */
#include "cli/commands.h"

static int plan(struct cli *cli, void *values, char **args)
{
    struct ocirt_create_options *create = values;
    struct ocirt_error *error = NULL;
    char *text;

    (void) args;
    cli_create_environment(create);
    int r = ocirt_plan(cli->ocirt, create, &text, &error);
    return r < 0 ? cli_result(cli, r, error) : cli_print_text(cli, text);
}

const struct cli_command cli_plan = {
    .name = "plan",
    .arguments = "",
    .summary = "Print what would be done to create a container, a line a step, and touch nothing",
    .tables = { cli_bundle_options },
    .size = sizeof(struct ocirt_create_options),
    .run = plan,
};
