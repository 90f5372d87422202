/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ps_table.h - the lines of ps(1) that belong to some processes.
 */
#ifndef OCIRT_CLI_PS_TABLE_H
#define OCIRT_CLI_PS_TABLE_H

#include "cli/cli.h"

/*
 * Runs ps with the WORDS (none: -ef) and adds to OUT its head and the lines of the N PIDS, which its column
 * PID tells.  0; or -1, reported.
 */
int cli_ps_table(struct cli *cli, char **words, const pid_t *pids, size_t n, struct cli_out *out);

#endif
