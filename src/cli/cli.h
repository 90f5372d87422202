/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli.h - what a command is, and what it works with.
 *
 * A command is a file: its options as a table, and a function.  It knows
 * libocirt.h and nothing else of what lies below the command line.
 */
#ifndef OCIRT_CLI_CLI_H
#define OCIRT_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "libocirt.h"

#include "cli/log.h"
#include "cli/option.h"
#include "cli/out.h"
#include "cli/timing.h"

/* The options before the command. */
struct cli_global {
    const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *criu, *trace;
    bool debug, systemd_cgroup, version;
};

struct cli_command;

struct cli {
    struct cli_global global;
    struct cli_log log;
    const struct cli_command *command; /* that runs; NULL while there is none */
    struct ocirt *ocirt;               /* NULL for a command that is `alone` */
    int trace_fd;                      /* --trace; 0: none */
    bool timed;                        /* --timing */
    struct cli_timing timing;
};

#define CLI_ANY_NUMBER 255

struct cli_command {
    const char *name;
    const char *arguments;                       /* "ID [SIGNAL]"; "" if none */
    const char *summary;                         /* a sentence */
    const struct cli_option *tables[CLI_TABLES]; /* NULL ends */
    size_t size;                                 /* of the struct that the options are stored in; 0 if none */
    unsigned char min, max;                      /* how many arguments */
    const char *in_order; /* when what follows the first argument is not ours: option.h */
    bool alone;           /* works without state directory and context */
    bool quiet;           /* callers read standard error together with the output: no warnings there */

    /* VALUES: a struct of SIZE, filled. ARGS: NULL-terminated. Returns the exit status of the program. */
    int (*run)(struct cli *cli, void *values, char **args);
};

/* All commands, in the order of --help; NULL ends. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_option cli_global_options[];

/* The command of that name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

/* Tables that commands share: the values begin with a struct ocirt_create_options, those of the last with a
 * struct ocirt_checkpoint_options. */
extern const struct cli_option cli_bundle_options[];
extern const struct cli_option cli_create_options[];
extern const struct cli_option cli_checkpoint_options[];

/* Sets the size, and what the environment of engines and systemd says. */
void cli_create_environment(struct ocirt_create_options *create);

/* Makes cli->log as the global options say. 0; or -errno, reported. */
int cli_global_log(struct cli *cli);

/* Opens the trace and the context. 0; or -errno, reported. */
int cli_global_open(struct cli *cli);

/* Closes them, and prints the times if they were asked for. */
void cli_global_close(struct cli *cli);

/* The row of --timing, whose value is MEMBER of TYPE. */
#define CLI_TIMING(type, member) \
    { \
        CLI_INTO(type, member), 0, CLI_TIMING_NAME, NULL, "print at the end where the time went" \
    }
#define CLI_TIMING_NAME "timing"

/* Of check and plan: their argument is the bundle, as --bundle is.  0 or -EINVAL, told. */
int cli_bundle_argument(struct cli *cli, struct ocirt_create_options *create, char **args);

/* Ends a command: reports ERROR (which it frees) if R is negative. Returns the exit status: 0 or 1. */
int cli_result(struct cli *cli, int r, struct ocirt_error *error);

/* The same for a command that ends as its program did: STATUS, or FAILED if R is negative. */
int cli_result_status(struct cli *cli, int r, struct ocirt_error *error, int status, int failed);

/* Writes OUT to standard output. Returns the exit status. */
int cli_print(struct cli *cli, const struct cli_out *out);

/* The same for a text of the library, which it frees; it ends with one newline. */
int cli_print_text(struct cli *cli, char *text);

/* Reads a file or "-" that an argument of the command names. 0, or -errno, reported. */
int cli_read(struct cli *cli, const char *path, struct cli_out *text);

/* --help, of the program (NULL) or of a command. */
int cli_print_help(struct cli *cli, const struct cli_command *command);
int cli_print_version(struct cli *cli);

#endif
