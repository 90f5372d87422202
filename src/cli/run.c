/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.c - ocirt run: create, start, wait for the end, delete.
 *
 * With --rootfs there is no bundle: the library makes the configuration from the options.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/shape.h"
#include "cli/summary.h"

struct run_values {
    struct cli_shape shape;
    const char *name;
    bool summary, timing;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct run_values, shape.create.detach), 'd', "detach", NULL,
      "return as soon as the program runs" },
    { CLI_INTO(struct run_values, shape.create.keep), 0, "keep", NULL,
      "do not delete the container when it ends" },
    { CLI_INTO(struct run_values, summary), 0, "summary", NULL,
      "tell on standard error at the end how the program ended and what the container used" },
    { CLI_INTO(struct run_values, name), 0, "name", "ID",
      "with --rootfs: the container's id (default: one that is made up)" },
    CLI_TIMING(struct run_values, timing),
    CLI_END,
};
/* clang-format on */

static int run_container(struct cli *cli, const char *id, struct run_values *given)
{
    struct ocirt_create_options *create = &given->shape.create;
    struct ocirt_usage usage = { .size = sizeof usage };
    struct ocirt_error *error = NULL;
    int status = 0;

    cli_create_environment(create);
    if (given->summary && !create->detach)
        create->usage = &usage;
    int r = ocirt_run(cli->ocirt, id, create, &status, &error);
    if (r >= 0 && create->usage)
        cli_summary(id, status, &usage);
    return cli_result_status(cli, r, error, status, 1);
}

static int run_bundle(struct cli *cli, struct run_values *given, char **args)
{
    const struct cli_option *shaping = cli_option_given(cli_shape_options, given);

    if (shaping || given->name) {
        cli_log_usage(&cli->log, "with a bundle, config.json says it", "run: --%s needs --rootfs",
                      shaping ? shaping->name : "name");
        return 1;
    }
    if (!args[0] || args[1]) {
        cli_log_usage(&cli->log,
                      "usage: ocirt run [OPTION...] ID, or ocirt run --rootfs DIR [OPTION...] [PROGRAM...]",
                      "\"run\" requires exactly 1 argument(s)");
        return 1;
    }
    return run_container(cli, args[0], given);
}

/* ---- without a bundle ---------------------------------------------------------------------------------- */

/* What nobody else has: an id of 48 random bits. */
static int make_up_id(struct cli *cli, struct cli_out *id)
{
    unsigned char bytes[6];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        cli_log_failure(&cli->log, -EIO, "run: random numbers");
        return -EIO;
    }
    cli_out_word(id, "run-");
    for (size_t i = 0; i < sizeof bytes; i++)
        cli_out_add(id, "%02x", bytes[i]);
    return id->failed ? -ENOMEM : 0;
}

#ifdef HAVE_SECCOMP
static const bool has_seccomp = true;
#else
static const bool has_seccomp = false;
#endif

/* For a person at a prompt: closed where it can be, with a terminal where there is one. */
static void set_defaults(struct cli_shape *shape)
{
    struct ocirt_spec_options *spec = &shape->spec;

    spec->size = sizeof *spec;
    spec->rootless = geteuid() != 0;
    spec->ids = OCIRT_IDS_ANY;
    spec->network = OCIRT_NETWORK_NONE;
    spec->seccomp = has_seccomp;
    spec->scratch = true;
    spec->no_terminal = !shape->create.console_socket &&
                        (shape->create.detach || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO));
}

static int tell_id(struct cli *cli, const char *id)
{
    autoout struct cli_out out = { 0 };

    cli_out_add(&out, "%s\n", id);
    return cli_print(cli, &out);
}

static int run_directory(struct cli *cli, struct run_values *given, char **args)
{
    struct ocirt_create_options *create = &given->shape.create;
    autoout struct cli_out id = { 0 };

    if (create->bundle || create->config) {
        cli_log_usage(&cli->log, NULL, "run: --rootfs does not go with --%s",
                      create->bundle ? "bundle" : "config");
        return 1;
    }
    set_defaults(&given->shape);
    if (cli_shape_finish(cli, &given->shape, args) < 0)
        return 1;
    if (given->name)
        cli_out_word(&id, given->name);
    else if (make_up_id(cli, &id) < 0)
        return 1;
    create->spec_options = &given->shape.spec;
    bool detach = create->detach;
    int status = run_container(cli, id.s, given);
    return status == 0 && detach ? tell_id(cli, id.s) : status;
}

static int run(struct cli *cli, void *values, char **args)
{
    struct run_values *given = values;

    if (given->summary && given->shape.create.detach) {
        cli_log_usage(&cli->log, NULL, "run: --summary does not go with --detach: nobody stays to tell it");
        return 1;
    }
    given->shape.create.size = sizeof given->shape.create;
    return given->shape.spec.rootfs ? run_directory(cli, given, args) : run_bundle(cli, given, args);
}

const struct cli_command cli_run = {
    .name = "run",
    .arguments = "ID | --rootfs DIR [PROGRAM [ARGUMENT...]]",
    .summary = "Create and start a container, wait for its end and delete it; ends with its exit status",
    .tables = { cli_bundle_options, cli_create_options, options, cli_shape_options },
    .size = sizeof(struct run_values),
    .max = CLI_ANY_NUMBER,
    .in_order = "rootfs",
    .run = run,
};
