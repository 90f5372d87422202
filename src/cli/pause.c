/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pause.c - ocirt pause: freeze all processes of a container.
 */
#include "cli/commands.h"

static int pause(struct cli *cli, void *values, char **args)
{
    struct ocirt_error *error = NULL;

    (void) values;
    int r = ocirt_pause(cli->ocirt, args[0], &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_pause = {
    .name = "pause",
    .arguments = "ID",
    .summary = "Freeze all processes of a container",
    .min = 1,
    .max = 1,
    .run = pause,
};
