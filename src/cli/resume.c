/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resume.c - ocirt resume: let a paused container go on.
 */
#include "cli/commands.h"

static int resume(struct cli *cli, void *values, char **args)
{
    struct ocirt_error *error = NULL;

    (void) values;
    int r = ocirt_resume(cli->ocirt, args[0], &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_resume = {
    .name = "resume",
    .arguments = "ID",
    .summary = "Let a paused container go on",
    .min = 1,
    .max = 1,
    .run = resume,
};
