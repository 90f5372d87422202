/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bundle_options.c - the options that check and plan share: the first ones of create.
 */
#include <errno.h>

#include "cli/cli.h"

/* clang-format off */
const struct cli_option cli_bundle_options[] = {
    { CLI_INTO(struct ocirt_create_options, bundle), 'b', "bundle", "DIR",
      "directory of the bundle (default: the working directory)" },
    { CLI_INTO(struct ocirt_create_options, config), 'f', "config", "FILE",
      "the configuration (default: config.json in the bundle)" },
    CLI_END,
};
/* clang-format on */

int cli_bundle_argument(struct cli *cli, struct ocirt_create_options *create, char **args)
{
    if (!args[0])
        return 0;
    if (create->bundle) {
        cli_log_usage(&cli->log, NULL, "%s: the bundle is given twice: --bundle %s, and %s",
                      cli->command->name, create->bundle, args[0]);
        return -EINVAL;
    }
    create->bundle = args[0];
    return 0;
}
