/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state.c - ocirt state: print the state of a container as JSON.
 */
#include "cli/commands.h"

static int state(struct cli *cli, void *values, char **args)
{
    struct ocirt_error *error = NULL;
    char *json;

    (void) values;
    int r = ocirt_state(cli->ocirt, args[0], &json, &error);
    return r < 0 ? cli_result(cli, r, error) : cli_print_text(cli, json);
}

const struct cli_command cli_state = {
    .name = "state",
    .arguments = "ID",
    .summary = "Print the state of a container as JSON",
    .min = 1,
    .max = 1,
    .quiet = true,
    .run = state,
};
