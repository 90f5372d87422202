/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - ocirt check: all mistakes of a configuration.
 */
#include "cli/commands.h"

struct check_values {
    struct ocirt_create_options create;
    const char *format;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct check_values, format), 0, "format", "text|json",
      "how the mistakes are told (default: text, on standard error)" },
    CLI_END,
};
/* clang-format on */

static void add_member(struct cli_out *out, const char *name, const char *value)
{
    if (!value)
        return;
    cli_out_add(out, ",\"%s\":", name);
    cli_out_json(out, value);
}

static void add_mistake(struct cli_out *out, const struct ocirt_error *error)
{
    unsigned line = ocirt_error_line(error);

    cli_out_word(out, "{\"code\":");
    cli_out_json(out, ocirt_error_code(error));
    add_member(out, "msg", ocirt_error_text(error));
    add_member(out, "property", ocirt_error_property(error));
    if (line > 0)
        cli_out_add(out, ",\"line\":%u", line);
    add_member(out, "hint", ocirt_error_hint(error));
    cli_out_word(out, "}");
}

/* A list, on standard output: it is what was asked for, and empty where there is no mistake. */
static int print_json(struct cli *cli, int r, struct ocirt_error *error)
{
    autoout struct cli_out out = { 0 };

    cli_out_word(&out, "[");
    for (const struct ocirt_error *e = r < 0 ? error : NULL; e; e = ocirt_error_next(e)) {
        cli_out_word(&out, e == error ? "\n  " : ",\n  ");
        add_mistake(&out, e);
    }
    cli_out_word(&out, r < 0 ? "\n]\n" : "]\n");
    ocirt_error_free(error);
    int status = cli_print(cli, &out);
    return status ? status : r < 0;
}

static int check(struct cli *cli, void *values, char **args)
{
    struct check_values *given = values;
    struct ocirt_error *error = NULL;

    if (cli_bundle_argument(cli, &given->create, args) < 0)
        return 1;
    cli_create_environment(&given->create);
    int r = ocirt_check(cli->ocirt, &given->create, &error);
    if (given->format && *given->format == 'j')
        return print_json(cli, r, error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_check = {
    .name = "check",
    .arguments = "[BUNDLE]",
    .summary =
        "Report all mistakes of a config.json and touch nothing; the exit status is 1 if there are any",
    .tables = { cli_bundle_options, options },
    .size = sizeof(struct check_values),
    .max = 1,
    .run = check,
};
