/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bundle_options.c - the options that check and plan share: the first ones of create.
 */
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
