/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match.h - kill --regex and delete --regex: the same to each container whose id matches.
 */
#ifndef OCIRT_CLI_MATCH_H
#define OCIRT_CLI_MATCH_H

#include "cli/cli.h"

/*
 * Calls DO_IT with the id of each container that PATTERN, an extended regular expression, matches and that
 * WANTED (NULL: all) takes.  One that fails does not keep the others: 0, or 1 if any failed.
 */
int cli_match_each(struct cli *cli, const char *pattern,
                   bool (*wanted)(const struct ocirt_container *container),
                   int (*do_it)(struct cli *cli, const char *id, const void *values), const void *values);

#endif
