/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events.c - ocirt events: what a container uses, once or again and again, and out-of-memory kills.
 */
#include <errno.h>
#include <unistd.h>

#include "cli/commands.h"

struct events_values {
    unsigned interval;
    bool stats;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO_AS(struct events_values, interval, CLI_DURATION), 0, "interval", "TIME",
      "print them as often as this, like 500ms or 1m30s (default: 5s)" },
    { CLI_INTO(struct events_values, stats), 0, "stats", NULL, "print them once and end" },
    CLI_END,
};
/* clang-format on */

/* Each line is written when it is there: who reads it waits for it. */
static int print_line(void *context, const char *json)
{
    autoout struct cli_out out = { 0 };
    struct cli *cli = context;

    cli_out_add(&out, "%s\n", json);
    return cli_print(cli, &out);
}

static int print_stats(struct cli *cli, const char *id)
{
    struct ocirt_error *error = NULL;
    char *json;
    int r = ocirt_stats(cli->ocirt, id, &json, &error);

    return r < 0 ? cli_result(cli, r, error) : cli_print_text(cli, json);
}

static int events(struct cli *cli, void *values, char **args)
{
    const struct events_values *given = values;
    struct ocirt_error *error = NULL;

    if (given->stats)
        return print_stats(cli, args[0]);
    int r =
        ocirt_events(cli->ocirt, args[0], given->interval ? given->interval : 5000, print_line, cli, &error);
    return r > 0 ? r : cli_result(cli, r, error);
}

const struct cli_command cli_events = {
    .name = "events",
    .arguments = "ID",
    .summary = "Print what a container uses, and its out-of-memory kills, as lines of JSON",
    .tables = { options },
    .size = sizeof(struct events_values),
    .min = 1,
    .max = 1,
    .quiet = true,
    .run = events,
};
