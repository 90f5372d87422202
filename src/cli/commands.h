/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commands.h - the list of commands, in the order of --help. Each is src/cli/NAME.c.
 */
#ifndef OCIRT_CLI_COMMANDS_H
#define OCIRT_CLI_COMMANDS_H

#include "cli/cli.h"

/* clang-format off */
#define CLI_COMMANDS(X)                                                       \
    X(create) X(start) X(run) X(exec) X(state) X(list) X(ps) X(kill)          \
    X(delete) X(wait) X(pause) X(resume) X(update) X(events) X(mounts)        \
    X(checkpoint) X(restore) X(spec) X(check) X(plan) X(doctor) X(features)   \
    X(explain) X(completion) X(version) X(help)
/* clang-format on */

#define X(name) extern const struct cli_command cli_##name;
CLI_COMMANDS(X)
#undef X

#endif
