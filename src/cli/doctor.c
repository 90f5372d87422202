/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.c - ocirt doctor: what this host can do for containers, and what it can't.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/colour.h"
#include "cli/commands.h"

#define COLUMN 24

struct doctor_values {
    const char *format;
};

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct doctor_values, format), 'f', "format", "text|json", "form of the report (default: "
                                                                          "text)" },
    CLI_END,
};
/* clang-format on */

struct report {
    struct cli_out out;
    char *area; /* of the last finding */
    bool colour;
};

static const struct {
    const char *word;
    enum cli_colour colour;
} verdicts[] = {
    [OCIRT_OK] = { "ok", CLI_GREEN },
    [OCIRT_LIMITED] = { "limited", CLI_YELLOW },
    [OCIRT_MISSING] = { "missing", CLI_RED },
};

static void add_area(struct report *report, const char *area)
{
    if (report->area && strcmp(report->area, area) == 0)
        return;
    cli_out_add(&report->out, "%s%s%s%s\n", report->area ? "\n" : "", cli_colour(report->colour, CLI_BOLD),
                area, cli_colour(report->colour, CLI_PLAIN));
    free(report->area);
    report->area = strdup(area);
}

static void add_text(struct cli_out *out, const char *what, const char *text)
{
    if (!text)
        return;
    cli_out_add(out, "           %s ", what);
    cli_out_wrapped(out, text, 17);
}

static int add_finding(void *context, const struct ocirt_finding *f)
{
    struct report *report = context;
    struct cli_out *out = &report->out;
    size_t n = strlen(f->name);

    add_area(report, f->area);
    cli_out_add(out, "  %s%-8s%s %s", cli_colour(report->colour, verdicts[f->verdict].colour),
                verdicts[f->verdict].word, cli_colour(report->colour, CLI_PLAIN), f->name);
    if (f->found) {
        cli_out_pad(out, n < COLUMN ? COLUMN - n : 1);
        cli_out_printable(out, f->found);
    }
    cli_out_word(out, "\n");
    add_text(out, "cost:", f->costs);
    add_text(out, "cure:", f->remedy);
    return out->failed ? -1 : 0;
}

static int print_text(struct cli *cli)
{
    struct report report = { .colour = cli_colour_wanted(STDOUT_FILENO) };
    struct ocirt_error *error = NULL;
    bool able = false;
    int r = ocirt_doctor(cli->ocirt, add_finding, &report, &able, &error);
    int status = r < 0 ? cli_result(cli, r, error) : 0;

    if (r >= 0) {
        cli_out_add(&report.out, "\n%s\n",
                    able ? "ocirt can run containers here." : "ocirt can run no containers here.");
        status = cli_print(cli, &report.out);
    }
    cli_out_done(&report.out);
    free(report.area);
    return status ? status : !able;
}

static int print_json(struct cli *cli)
{
    struct ocirt_error *error = NULL;
    bool able;
    char *json;
    int r = ocirt_doctor_json(cli->ocirt, &json, &able, &error);

    if (r < 0)
        return cli_result(cli, r, error);
    int status = cli_print_text(cli, json);
    return status ? status : !able;
}

static int doctor(struct cli *cli, void *values, char **args)
{
    const struct doctor_values *given = values;

    (void) args;
    return given->format && *given->format == 'j' ? print_json(cli) : print_text(cli);
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Tell what this host can do for containers, and what it can't; ends with 1 if it can run none",
    .tables = { options },
    .size = sizeof(struct doctor_values),
    .quiet = true,
    .run = doctor,
};
