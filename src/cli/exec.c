/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.c - ocirt exec: one more process in a container.
 */
#include <string.h>

#include "cli/commands.h"

/* runc's, by which its callers tell that the process was never there. */
#define EXEC_FAILED 255

struct exec_values {
    struct ocirt_exec_options exec;
    const char *process_file;
    bool timing;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct exec_values, process_file), 'p', "process", "FILE",
      "take the process from a JSON file, as in config.json; - is standard input" },
    { CLI_INTO(struct exec_values, exec.terminal), 't', "tty", NULL, "give it a terminal" },
    { CLI_INTO(struct exec_values, exec.detach), 'd', "detach", NULL, "return as soon as the program runs" },
    { CLI_INTO(struct exec_values, exec.cwd), 0, "cwd", "DIR", "its working directory" },
    { CLI_INTO(struct exec_values, exec.env), 'e', "env", "NAME=VALUE",
      "set an environment variable; may be given again" },
    { CLI_INTO(struct exec_values, exec.user), 'u', "user", "UID[:GID]",
      "run as this user and group, by number" },
    { CLI_INTO_AS(struct exec_values, exec.additional_gids, CLI_JOINED), 'g', "additional-gids", "GID",
      "one more group; may be given again" },
    { CLI_INTO(struct exec_values, exec.caps), 'c', "cap", "CAPABILITY",
      "add a capability to those of the container; may be given again" },
    { CLI_INTO(struct exec_values, exec.no_new_privs), 0, "no-new-privs", NULL,
      "let set-user-id programs gain nothing" },
    { CLI_INTO(struct exec_values, exec.process_label), 0, "process-label", "LABEL", "its SELinux label" },
    { CLI_INTO(struct exec_values, exec.apparmor), 0, "apparmor", "PROFILE", "its AppArmor profile" },
    { CLI_INTO_AS(struct exec_values, exec.cgroup, CLI_JOINED), 0, "cgroup", "[CONTROLLER:]PATH",
      "a cgroup that exists below the container's; may be given again with cgroup v1" },
    { CLI_INTO(struct exec_values, exec.ignore_paused), 0, "ignore-paused", NULL,
      "do not refuse a paused container; the process waits until it is resumed" },
    { CLI_INTO(struct exec_values, exec.console_socket), 0, "console-socket", "SOCKET",
      "send the terminal's master to this UNIX socket" },
    { CLI_INTO(struct exec_values, exec.pidfd_socket), 0, "pidfd-socket", "SOCKET",
      "send a pidfd of the process to this UNIX socket" },
    { CLI_INTO(struct exec_values, exec.pid_file), 0, "pid-file", "FILE",
      "write the pid of the process to a file" },
    { CLI_INTO(struct exec_values, exec.preserve_fds), 0, "preserve-fds", "N",
      "pass N descriptors, from 3 on, to the program" },
    CLI_TIMING(struct exec_values, timing),
    CLI_END,
};
/* clang-format on */

/* Finds what is to be executed: the words behind the id, or the file. */
static int find_process(struct cli *cli, struct exec_values *given, char **words, struct cli_out *text)
{
    if (words[0] && strcmp(words[0], "--") == 0)
        words++;
    if (given->process_file && words[0]) {
        cli_log_usage(&cli->log, NULL, "exec: --process does not go with a program: %s", words[0]);
        return -1;
    }
    if (!given->process_file && !words[0]) {
        cli_log_usage(&cli->log, "usage: ocirt exec [OPTION...] ID PROGRAM [ARGUMENT...]",
                      "exec: no program is given, and no --process");
        return -1;
    }
    if (!given->process_file) {
        given->exec.args = words;
        return 0;
    }
    if (cli_read(cli, given->process_file, text) < 0)
        return -1;
    given->exec.process = text->s;
    return 0;
}

static int exec(struct cli *cli, void *values, char **args)
{
    struct exec_values *given = values;
    autoout struct cli_out process = { 0 };
    struct ocirt_error *error = NULL;
    int status = 0;

    given->exec.size = sizeof given->exec;
    if (find_process(cli, given, args + 1, &process) < 0)
        return EXEC_FAILED;
    int r = ocirt_exec(cli->ocirt, args[0], &given->exec, &status, &error);
    return cli_result_status(cli, r, error, status, EXEC_FAILED);
}

const struct cli_command cli_exec = {
    .name = "exec",
    .arguments = "ID [PROGRAM [ARGUMENT...]]",
    .summary = "Execute one more program in a container; ends with its exit status, or with 255",
    .tables = { options },
    .size = sizeof(struct exec_values),
    .min = 1,
    .max = CLI_ANY_NUMBER,
    .in_order = CLI_ALWAYS,
    .run = exec,
};
