/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ps.c - ocirt ps: the processes of a container, by their pids or as ps(1) shows them.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/ps_table.h"

struct ps_values {
    const char *format;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct ps_values, format), 'f', "format", "table|json",
      "what ps(1) prints, or the pids (default: table)" },
    CLI_END,
};
/* clang-format on */

static void add_json(struct cli_out *out, const pid_t *pids, size_t n)
{
    cli_out_word(out, "[");
    for (size_t i = 0; i < n; i++)
        cli_out_add(out, "%s%d", i ? "," : "", pids[i]);
    cli_out_word(out, "]\n");
}

static int ps(struct cli *cli, void *values, char **args)
{
    const struct ps_values *given = values;
    autoout struct cli_out out = { 0 };
    struct ocirt_error *error = NULL;
    pid_t *pids;
    size_t n;

    int r = ocirt_ps(cli->ocirt, args[0], &pids, &n, &error);
    if (r < 0)
        return cli_result(cli, r, error);
    if (given->format && strcmp(given->format, "json") == 0)
        add_json(&out, pids, n);
    else
        r = cli_ps_table(cli, args + 1, pids, n, &out);
    free(pids);
    return r < 0 ? 1 : cli_print(cli, &out);
}

const struct cli_command cli_ps = {
    .name = "ps",
    .arguments = "ID [PS OPTION...]",
    .summary = "Print the processes of a container as ps(1) does (default: ps -ef)",
    .tables = { options },
    .size = sizeof(struct ps_values),
    .min = 1,
    .max = CLI_ANY_NUMBER,
    .in_order = CLI_ALWAYS,
    .quiet = true,
    .run = ps,
};
