/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * summary.h - how a container ended and what it used, for a person.
 */
#ifndef OCIRT_CLI_SUMMARY_H
#define OCIRT_CLI_SUMMARY_H

#include "cli/cli.h"

/* Writes it to standard error.  STATUS as ocirt_run() has it. */
void cli_summary(const char *id, int status, const struct ocirt_usage *usage);

#endif
