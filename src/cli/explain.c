/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain.c - ocirt explain: what a code of an error means, and what to do.
 */
#include "cli/explain.h"

#include <string.h>
#include <strings.h>

#include "cli/commands.h"

#define COLUMN 20

static void add_list(struct cli_out *out, const char *title, const char *lines)
{
    cli_out_add(out, "\n%s:\n\n- ", title);
    for (; *lines; lines++) {
        cli_out_put(out, lines, 1);
        if (*lines == '\n')
            cli_out_word(out, "- ");
    }
    cli_out_word(out, "\n");
}

static const struct cli_explanation *find(const char *code)
{
    for (const struct cli_explanation *e = cli_explanations; e->code; e++) {
        if (strcasecmp(e->code, code) == 0 || strcasecmp(e->code + strlen("E_"), code) == 0)
            return e;
    }
    return NULL;
}

static int explain_all(struct cli *cli)
{
    autoout struct cli_out out = { 0 };

    for (const struct cli_explanation *e = cli_explanations; e->code; e++) {
        cli_out_word(&out, e->code);
        cli_out_pad(&out, COLUMN - strlen(e->code));
        cli_out_add(&out, "%s\n", e->meaning);
    }
    return cli_print(cli, &out);
}

static int explain(struct cli *cli, void *values, char **args)
{
    const struct cli_explanation *e = args[0] ? find(args[0]) : NULL;
    autoout struct cli_out out = { 0 };

    (void) values;
    if (!args[0])
        return explain_all(cli);
    if (!e) {
        cli_log_usage(&cli->log, "'ocirt explain' lists them", "no error has the code %s", args[0]);
        return 1;
    }
    cli_out_add(&out, "%s: %s.\n", e->code, e->meaning);
    add_list(&out, "Causes", e->causes);
    add_list(&out, "What to do", e->remedies);
    return cli_print(cli, &out);
}

const struct cli_command cli_explain = {
    .name = "explain",
    .arguments = "[CODE]",
    .summary =
        "Tell what the code of an error means, its usual causes and what to do; without a code, list all",
    .max = 1,
    .alone = true,
    .run = explain,
};
