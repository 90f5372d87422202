/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * global.c - the options before the command: where the state is, what is told to whom.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/file.h"

/* clang-format off */
const struct cli_option cli_global_options[] = {
    { CLI_INTO(struct cli_global, root), 0, "root", "DIR",
      "keep the state of the containers there (default: /run/ocirt, or $XDG_RUNTIME_DIR/ocirt)" },
    { CLI_INTO(struct cli_global, log), 0, "log", "TARGET",
      "append errors and warnings to a file; syslog:NAME and journald:NAME go to these" },
    { CLI_INTO(struct cli_global, log_format), 0, "log-format", "text|json",
      "form of the log (default: text)" },
    { CLI_INTO(struct cli_global, log_level), 0, "log-level", "error|warning|debug",
      "what is logged (default: warning)" },
    { CLI_INTO(struct cli_global, debug), 0, "debug", NULL, "the same as --log-level debug" },
    { CLI_INTO(struct cli_global, systemd_cgroup), 0, "systemd-cgroup", NULL,
      "let systemd make the cgroups; cgroupsPath is SLICE:PREFIX:NAME" },
    { CLI_INTO(struct cli_global, cgroup_manager), 0, "cgroup-manager", "cgroupfs|systemd|disabled",
      "who makes the cgroups (default: cgroupfs)" },
    { CLI_INTO(struct cli_global, rootless), 0, "rootless", "true|false|auto",
      "ignore what only root may do in cgroups (default: auto)" },
    { CLI_INTO(struct cli_global, trace), 0, "trace", "FILE",
      "append the phases of the work as Chrome trace events" },
    { CLI_INTO(struct cli_global, criu), 0, "criu", "PATH", NULL },
    { CLI_INTO(struct cli_global, version), 'v', "version", NULL, "print the version" },
    { CLI_INTO(struct cli_global, version), 'V', "version", NULL, NULL },
    CLI_END,
};
/* clang-format on */

int cli_global_log(struct cli *cli)
{
    const struct cli_global *global = &cli->global;
    const char *level = global->log_level ? global->log_level : "warning";

    cli->log.target = global->log;
    cli->log.json = global->log_format && strcmp(global->log_format, "json") == 0;
    cli->log.level = *level == 'e' ? CLI_ERROR : *level == 'w' ? CLI_WARNING : CLI_DEBUG;
    if (global->debug)
        cli->log.level = CLI_DEBUG;
    int r = cli_log_check(&cli->log);
    if (r < 0) {
        cli->log.target = NULL;
        cli_log_failure(&cli->log, r, "log %s", global->log);
    }
    return r;
}

/* --cgroup-manager says more than --systemd-cgroup, which conmon puts in front of it. */
static enum ocirt_manager manager(const struct cli_global *global)
{
    const char *name = global->cgroup_manager;

    if (!name)
        return global->systemd_cgroup ? OCIRT_MANAGER_SYSTEMD : OCIRT_MANAGER_CGROUPFS;
    return *name == 's'   ? OCIRT_MANAGER_SYSTEMD
           : *name == 'd' ? OCIRT_MANAGER_DISABLED
                          : OCIRT_MANAGER_CGROUPFS;
}

static enum ocirt_rootless rootless(const struct cli_global *global)
{
    const char *word = global->rootless ? global->rootless : "auto";

    return *word == 't' ? OCIRT_ROOTLESS_YES : *word == 'f' ? OCIRT_ROOTLESS_NO : OCIRT_ROOTLESS_AUTO;
}

static int open_trace(struct cli *cli)
{
    if (!cli->global.trace)
        return 0;
    int fd = cli_file_open_append(cli->global.trace);
    if (fd < 0) {
        cli_log_failure(&cli->log, fd, "trace file %s", cli->global.trace);
        return fd;
    }
    /* The array of a new file is opened; the format lets its end be missing. */
    if (lseek(fd, 0, SEEK_END) == 0 && write(fd, "[\n", 2) != 2) {
        cli_log_failure(&cli->log, -errno, "trace file %s", cli->global.trace);
        (void) close(fd);
        return -EIO;
    }
    cli->trace_fd = fd;
    return 0;
}

static int open_timing(struct cli *cli)
{
    int r = cli_timing_open(&cli->timing);

    if (r < 0)
        cli_log_failure(&cli->log, r, "--timing");
    return r;
}

static void print_timing(struct cli *cli)
{
    autoout struct cli_out table = { 0 }, trace = { 0 };
    int r = cli_timing_close(&cli->timing, &table, cli->trace_fd ? &trace : NULL);

    if (r == 0)
        r = cli_out_send(&table, STDERR_FILENO);
    if (r == 0 && cli->trace_fd)
        r = cli_out_send(&trace, cli->trace_fd);
    if (r < 0)
        cli_log_failure(&cli->log, r, "--timing");
}

void cli_global_close(struct cli *cli)
{
    ocirt_free(cli->ocirt);
    cli->ocirt = NULL;
    if (cli->timed)
        print_timing(cli);
}

int cli_global_open(struct cli *cli)
{
    struct ocirt_error *error = NULL;
    int r = open_trace(cli);

    if (r == 0 && cli->timed)
        r = open_timing(cli);
    if (r < 0)
        return r;
    if (cli->global.criu)
        cli_log_debug(&cli->log, "--criu is ignored: libcriu finds the program criu in $PATH");
    struct ocirt_options options = { .size = sizeof options,
                                     .root = cli->global.root,
                                     .manager = manager(&cli->global),
                                     .rootless = rootless(&cli->global),
                                     .context = &cli->log,
                                     .trace_fd = cli->timed ? cli->timing.fd : cli->trace_fd,
                                     .traceparent = getenv("TRACEPARENT"),
                                     .notify_socket = getenv("NOTIFY_SOCKET") };
    if (cli->log.level >= CLI_WARNING)
        options.warn = cli_log_warning;
    if (cli->log.level >= CLI_DEBUG)
        options.debug = cli_log_debug;
    r = ocirt_new(&options, &cli->ocirt, &error);
    (void) cli_result(cli, r, error);
    return r;
}
