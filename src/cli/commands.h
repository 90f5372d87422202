/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commands.h - the list of commands, in the order of --help. Each is src/cli/NAME.c.
 */
#ifndef OCIRT_CLI_COMMANDS_H
#define OCIRT_CLI_COMMANDS_H

#include "cli/cli.h"

#define CLI_COMMANDS(X) \
    X(create) X(start) X(run) X(state) X(list) X(kill) X(delete) X(spec) X(features) X(version) X(help)

#define X(name) extern const struct cli_command cli_##name;
CLI_COMMANDS(X)
#undef X

#endif
