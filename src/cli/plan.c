/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan.c - ocirt plan: what would be done to make a container.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

struct plan_values {
    struct ocirt_create_options create;
    const char *format;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct plan_values, format), 0, "format", "text|json",
      "a line a step, or a list of objects (default: text)" },
    CLI_END,
};
/* clang-format on */

/* "mount    proc on /proc" */
static void add_step(struct cli_out *out, char *line)
{
    char *rest = line + strcspn(line, " ");

    if (*rest)
        *rest++ = '\0';
    cli_out_word(out, "{\"step\":");
    cli_out_json(out, line);
    cli_out_word(out, ",\"what\":");
    cli_out_json(out, rest + strspn(rest, " "));
    cli_out_word(out, "}");
}

static int print_json(struct cli *cli, char *text)
{
    autoout struct cli_out out = { 0 };
    const char *before = "[\n  ";
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        cli_out_word(&out, before);
        add_step(&out, line);
        before = ",\n  ";
    }
    cli_out_word(&out, "\n]\n");
    free(text);
    return cli_print(cli, &out);
}

static int plan(struct cli *cli, void *values, char **args)
{
    struct plan_values *given = values;
    struct ocirt_error *error = NULL;
    char *text;

    if (cli_bundle_argument(cli, &given->create, args) < 0)
        return 1;
    cli_create_environment(&given->create);
    int r = ocirt_plan(cli->ocirt, &given->create, &text, &error);
    if (r < 0)
        return cli_result(cli, r, error);
    return given->format && *given->format == 'j' ? print_json(cli, text) : cli_print_text(cli, text);
}

const struct cli_command cli_plan = {
    .name = "plan",
    .arguments = "[BUNDLE]",
    .summary = "Print what would be done to create a container, a line a step, and touch nothing",
    .tables = { cli_bundle_options, options },
    .size = sizeof(struct plan_values),
    .max = 1,
    .run = plan,
};
