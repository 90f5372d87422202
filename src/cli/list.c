/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.c - ocirt list: the containers, as a table, as JSON or by their ids.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/table.h"

struct list_values {
    const char *format;
    bool quiet;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct list_values, format), 'f', "format", "table|json",
      "form of the list (default: table)" },
    { CLI_INTO(struct list_values, quiet), 'q', "quiet", NULL, "print the ids only" },
    CLI_END,
};
/* clang-format on */

static const char *status_name(enum ocirt_status status)
{
    static const char *const names[] = {
        [OCIRT_CREATING] = "creating", [OCIRT_CREATED] = "created", [OCIRT_RUNNING] = "running",
        [OCIRT_STOPPED] = "stopped",   [OCIRT_PAUSED] = "paused",
    };

    return status < sizeof names / sizeof *names && names[status] ? names[status] : "unknown";
}

static int add_id(void *context, const struct ocirt_container *container)
{
    cli_out_add(context, "%s\n", container->id);
    return 0;
}

static int add_row(void *context, const struct ocirt_container *container)
{
    struct cli_table *table = context;

    cli_table_cell(table, container->id);
    cli_table_number(table, container->pid);
    cli_table_cell(table, status_name(container->status));
    cli_table_cell(table, container->bundle);
    cli_table_cell(table, container->created);
    cli_table_cell(table, container->owner);
    return 0;
}

static int print_ids(struct cli *cli)
{
    autoout struct cli_out out = { 0 };
    struct ocirt_error *error = NULL;
    int r = ocirt_list(cli->ocirt, add_id, &out, &error);

    return r < 0 ? cli_result(cli, r, error) : cli_print(cli, &out);
}

static int print_table(struct cli *cli)
{
    static const char *const heads[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
    autotable struct cli_table table = { .columns = 6 };
    autoout struct cli_out out = { 0 };
    struct ocirt_error *error = NULL;

    for (size_t i = 0; i < 6; i++)
        cli_table_cell(&table, heads[i]);
    int r = ocirt_list(cli->ocirt, add_row, &table, &error);
    if (r < 0)
        return cli_result(cli, r, error);
    cli_table_print(&table, &out);
    return cli_print(cli, &out);
}

static int print_json(struct cli *cli)
{
    struct ocirt_error *error = NULL;
    char *json;
    int r = ocirt_list_json(cli->ocirt, &json, &error);

    return r < 0 ? cli_result(cli, r, error) : cli_print_text(cli, json);
}

static int list(struct cli *cli, void *values, char **args)
{
    const struct list_values *given = values;

    (void) args;
    if (given->quiet)
        return print_ids(cli);
    if (given->format && strcmp(given->format, "json") == 0)
        return print_json(cli);
    return print_table(cli);
}

const struct cli_command cli_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the containers",
    .tables = { options },
    .size = sizeof(struct list_values),
    .quiet = true,
    .run = list,
};
