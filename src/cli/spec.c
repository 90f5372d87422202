/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec.c - ocirt spec: write a config.json to begin with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file.h"
#include "cli/shape.h"

struct spec_values {
    struct cli_shape shape;
    const char *file;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct spec_values, shape.create.bundle), 'b', "bundle", "DIR",
      "write it into this directory (default: the working directory)" },
    { CLI_INTO(struct spec_values, file), 'f', "file", "FILE",
      "name of the file (default: config.json); - is standard output" },
    { CLI_INTO(struct spec_values, shape.spec.rootless), 'r', "rootless", NULL,
      "for a user who is not root: with a user namespace that maps the caller" },
    CLI_END,
};
/* clang-format on */

static int write_file(struct cli *cli, const struct spec_values *given, const char *json)
{
    const char *file = given->file ? given->file : "config.json", *dir = given->shape.create.bundle;
    autoout struct cli_out text = { 0 };

    cli_out_add(&text, "%s\n", json);
    if (strcmp(file, "-") == 0)
        return cli_print(cli, &text);
    int r = cli_file_create(dir, file, &text);
    if (r == -EEXIST)
        cli_log_failure(&cli->log, 0, "spec: file %s exists; remove it first", file);
    else if (r < 0)
        cli_log_failure(&cli->log, r, "spec: %s%s%s", dir ? dir : "", dir ? "/" : "", file);
    return r < 0;
}

static int spec(struct cli *cli, void *values, char **args)
{
    struct spec_values *given = values;
    struct ocirt_error *error = NULL;
    char *json;

    given->shape.spec.size = sizeof given->shape.spec;
    if (cli_shape_finish(cli, &given->shape, args) < 0)
        return 1;
    int r = ocirt_spec_with(&given->shape.spec, &json, &error);
    if (r < 0)
        return cli_result(cli, r, error);
    for (size_t n = strlen(json); n > 0 && json[n - 1] == '\n'; n--)
        json[n - 1] = '\0';
    int status = write_file(cli, given, json);
    free(json);
    return status;
}

const struct cli_command cli_spec = {
    .name = "spec",
    .arguments = "[PROGRAM [ARGUMENT...]]",
    .summary = "Write a config.json to begin with, or one that says what the options ask for",
    .tables = { options, cli_shape_options },
    .size = sizeof(struct spec_values),
    .max = CLI_ANY_NUMBER,
    .in_order = CLI_ALWAYS,
    .alone = true,
    .run = spec,
};
