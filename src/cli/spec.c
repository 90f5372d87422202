/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec.c - ocirt spec: write a config.json to begin with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file.h"

struct spec_values {
    const char *bundle, *file;
    bool rootless;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct spec_values, bundle), 'b', "bundle", "DIR",
      "write it into this directory (default: the working directory)" },
    { CLI_INTO(struct spec_values, file), 'f', "file", "FILE",
      "name of the file (default: config.json); - is standard output" },
    { CLI_INTO(struct spec_values, rootless), 'r', "rootless", NULL,
      "for a user who is not root: with a user namespace that maps the caller" },
    CLI_END,
};
/* clang-format on */

static int write_file(struct cli *cli, const struct spec_values *given, const char *json)
{
    const char *file = given->file ? given->file : "config.json";
    autoout struct cli_out text = { 0 };

    cli_out_add(&text, "%s\n", json);
    if (strcmp(file, "-") == 0)
        return cli_print(cli, &text);
    int r = cli_file_create(given->bundle, file, &text);
    if (r == -EEXIST)
        cli_log_failure(&cli->log, 0, "spec: file %s exists; remove it first", file);
    else if (r < 0)
        cli_log_failure(&cli->log, r, "spec: %s%s%s", given->bundle ? given->bundle : "",
                        given->bundle ? "/" : "", file);
    return r < 0;
}

static int spec(struct cli *cli, void *values, char **args)
{
    const struct spec_values *given = values;
    struct ocirt_error *error = NULL;
    char *json;

    (void) args;
    int r = ocirt_spec(given->rootless, &json, &error);
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
    .arguments = "",
    .summary = "Write a config.json to begin with",
    .tables = { options },
    .size = sizeof(struct spec_values),
    .alone = true,
    .run = spec,
};
