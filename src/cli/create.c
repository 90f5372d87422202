/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create.c - ocirt create: make a container that waits for start.
 */
#include "cli/commands.h"

struct create_values {
    struct ocirt_create_options create;
    bool timing;
};

/* clang-format off */
static const struct cli_option options[] = {
    /* go-runc may pass it: create never stays in the foreground anyway. */
    { CLI_INTO(struct create_values, create.detach), 'd', "detach", NULL, NULL },
    CLI_TIMING(struct create_values, timing),
    CLI_END,
};
/* clang-format on */

static int create(struct cli *cli, void *values, char **args)
{
    struct ocirt_create_options *create = &((struct create_values *) values)->create;
    struct ocirt_error *error = NULL;

    cli_create_environment(create);
    create->detach = false;
    int r = ocirt_create(cli->ocirt, args[0], create, &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_create = {
    .name = "create",
    .arguments = "ID",
    .summary = "Create a container; its program waits for start",
    .tables = { cli_bundle_options, cli_create_options, options },
    .size = sizeof(struct create_values),
    .min = 1,
    .max = 1,
    .run = create,
};
