/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wait.c - ocirt wait: wait until a container has ended.
 */
#include "cli/commands.h"

static int wait(struct cli *cli, void *values, char **args)
{
    autoout struct cli_out out = { 0 };
    struct ocirt_error *error = NULL;
    int status = 0;

    (void) values;
    int r = ocirt_wait(cli->ocirt, args[0], &status, &error);
    if (r < 0)
        return cli_result(cli, r, error);
    cli_out_add(&out, "%d\n", status);
    return cli_print(cli, &out);
}

const struct cli_command cli_wait = {
    .name = "wait",
    .arguments = "ID",
    .summary =
        "Wait for the end of a container and print its exit status, or -1 if the kernel does not tell it",
    .min = 1,
    .max = 1,
    .run = wait,
};
