/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - the program ocirt: global options, a command, its options and arguments.
 */
#include <signal.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/file.h"

/* runc's words: "create" requires exactly 1 argument(s). */
static int wrong_number(struct cli *cli, const struct cli_command *command, int n)
{
    bool exact = command->min == command->max;
    const char *bound = exact ? "exactly" : n < command->min ? "a minimum of" : "a maximum of";
    autoout struct cli_out hint = { 0 };

    cli_out_add(&hint, "usage: ocirt %s [OPTION...] %s", command->name, command->arguments);
    cli_log_usage(&cli->log, hint.s, "\"%s\" requires %s %d argument(s)", command->name, bound,
                  n < command->min ? command->min : command->max);
    return 1;
}

static int run_parsed(struct cli *cli, const struct cli_command *command, void *values, char **args)
{
    if (command->alone)
        return command->run(cli, values, args);
    cli->timed = cli_option_is_set(command->tables, values, CLI_TIMING_NAME);
    if (cli_global_open(cli) < 0)
        return 1;
    int status = command->run(cli, values, args);
    cli_global_close(cli);
    return status;
}

static int run_command(struct cli *cli, const struct cli_command *command, char **words)
{
    autoout struct cli_out fault = { 0 };
    autoout struct cli_out hint = { 0 };
    struct cli_parsed parsed;
    int status = 1;
    void *values = calloc(1, command->size + 1);

    cli->command = command;
    cli->log.quiet = command->quiet;
    if (!values) {
        cli_log_failure(&cli->log, ENOMEM, "%s", command->name);
        return 1;
    }
    if (cli_option_parse(command->tables, values, words, command->in_order, &parsed, &fault) < 0) {
        cli_out_add(&hint, "see 'ocirt %s --help'", command->name);
        cli_log_usage(&cli->log, hint.s, "%s: %s", command->name, fault.s ? fault.s : "out of memory");
    } else if (parsed.help) {
        status = cli_print_help(cli, command);
    } else if (parsed.n < command->min || (command->max != CLI_ANY_NUMBER && parsed.n > command->max)) {
        status = wrong_number(cli, command, parsed.n);
    } else {
        status = run_parsed(cli, command, values, words);
    }
    cli_option_done(command->tables, values);
    free(values);
    return status;
}

static int run(struct cli *cli, char **words)
{
    static const struct cli_option *const tables[CLI_TABLES] = { cli_global_options };
    static const char hint[] = "see 'ocirt --help'";
    autoout struct cli_out fault = { 0 };
    struct cli_parsed parsed;

    int r = cli_option_parse(tables, &cli->global, words, CLI_ALWAYS, &parsed, &fault);
    if (cli_global_log(cli) < 0)
        return 1;
    if (r < 0) {
        cli_log_usage(&cli->log, hint, "%s", fault.s ? fault.s : "out of memory");
        return 1;
    }
    if (parsed.help)
        return cli_print_help(cli, NULL);
    if (cli->global.version)
        return cli_print_version(cli);
    if (parsed.n == 0) {
        cli_log_usage(&cli->log, hint, "no command is given");
        return 1;
    }
    const struct cli_command *command = cli_command_find(words[0]);
    if (!command) {
        cli_log_usage(&cli->log, hint, "unknown command: %s", words[0]);
        return 1;
    }
    return run_command(cli, command, words + 1);
}

int main(int argc, char **argv)
{
    struct cli cli = { 0 };

    (void) signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would hide how our children end (wait(2)) */
    cli_file_fill_standard();
    return run(&cli, argc > 0 ? argv + 1 : argv);
}
