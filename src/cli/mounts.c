/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.c - ocirt mounts: add mounts to a running container, or take them away.
 */
#include <string.h>

#include "cli/commands.h"

static int mounts(struct cli *cli, void *values, char **args)
{
    autoout struct cli_out text = { 0 };
    struct ocirt_error *error = NULL;
    bool add = strcmp(args[0], "add") == 0;

    (void) values;
    if (!add && strcmp(args[0], "remove") != 0) {
        cli_log_usage(&cli->log, NULL, "mounts: add or remove is wanted, not %s", args[0]);
        return 1;
    }
    if (cli_read(cli, args[2], &text) < 0)
        return 1;
    int r = add ? ocirt_mounts_add(cli->ocirt, args[1], text.s, &error)
                : ocirt_mounts_remove(cli->ocirt, args[1], text.s, &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_mounts = {
    .name = "mounts",
    .arguments = "add|remove ID FILE",
    .summary = "Add mounts to a running container, or remove them; FILE has them as config.json does",
    .min = 3,
    .max = 3,
    .run = mounts,
};
