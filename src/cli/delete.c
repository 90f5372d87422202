/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delete.c - ocirt delete: delete a container that has stopped, or several.
 */
#include "cli/commands.h"
#include "cli/match.h"

struct delete_values {
    bool force, regex;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct delete_values, force), 'f', "force", NULL,
      "kill it first if it runs; an id that does not exist is no error" },
    { CLI_INTO(struct delete_values, regex), 'r', "regex", NULL,
      "ID is an extended regular expression: delete all containers whose ids match" },
    CLI_END,
};
/* clang-format on */

static int delete_one(struct cli *cli, const char *id, const void *values)
{
    const struct delete_values *given = values;
    struct ocirt_error *error = NULL;
    int r = ocirt_delete(cli->ocirt, id, given->force, &error);

    return cli_result(cli, r, error);
}

static int delete (struct cli *cli, void *values, char **args)
{
    const struct delete_values *given = values;

    return given->regex ? cli_match_each(cli, args[0], NULL, delete_one, given)
                        : delete_one(cli, args[0], given);
}

const struct cli_command cli_delete = {
    .name = "delete",
    .arguments = "ID",
    .summary = "Delete a container that has stopped, and what is left of it on the host",
    .tables = { options },
    .size = sizeof(struct delete_values),
    .min = 1,
    .max = 1,
    .run = delete,
};
