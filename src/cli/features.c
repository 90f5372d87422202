/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features.c - ocirt features: print what this program supports as JSON.
 */
#include "cli/commands.h"

static int features(struct cli *cli, void *values, char **args)
{
    struct ocirt_error *error = NULL;
    char *json;

    (void) values;
    (void) args;
    int r = ocirt_features(&json, &error);
    return r < 0 ? cli_result(cli, r, error) : cli_print_text(cli, json);
}

const struct cli_command cli_features = {
    .name = "features",
    .arguments = "",
    .summary = "Print what this program supports as JSON, as the specification's features.md says",
    .alone = true,
    .quiet = true,
    .run = features,
};
