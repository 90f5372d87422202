/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill.c - ocirt kill: send a signal to a container, or to several.
 */
#include "cli/commands.h"
#include "cli/match.h"

struct kill_values {
    bool all, regex;
    int signal;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct kill_values, all), 'a', "all", NULL, "signal all processes of the container" },
    { CLI_INTO(struct kill_values, regex), 'r', "regex", NULL,
      "ID is an extended regular expression: signal all running containers whose ids match" },
    CLI_END,
};
/* clang-format on */

static int kill_one(struct cli *cli, const char *id, const void *values)
{
    const struct kill_values *given = values;
    struct ocirt_error *error = NULL;
    int r = ocirt_kill(cli->ocirt, id, given->signal, given->all, &error);

    return cli_result(cli, r, error);
}

static bool can_be_killed(const struct ocirt_container *container)
{
    return container->status != OCIRT_STOPPED;
}

static int kill_command(struct cli *cli, void *values, char **args)
{
    struct kill_values *given = values;
    const char *name = args[1] ? args[1] : "TERM";

    given->signal = ocirt_signal_of(name);
    if (given->signal < 0) {
        cli_log_usage(&cli->log, "a number, or a name like TERM, SIGTERM or RTMIN+1", "unknown signal \"%s\"",
                      name);
        return 1;
    }
    return given->regex ? cli_match_each(cli, args[0], can_be_killed, kill_one, given)
                        : kill_one(cli, args[0], given);
}

const struct cli_command cli_kill = {
    .name = "kill",
    .arguments = "ID [SIGNAL]",
    .summary = "Send a signal to a container's process (default: TERM)",
    .tables = { options },
    .size = sizeof(struct kill_values),
    .min = 1,
    .max = 2,
    .run = kill_command,
};
