/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * colour.h - colours, on a terminal of somebody who has not said no (https://no-color.org).
 */
#ifndef OCIRT_CLI_COLOUR_H
#define OCIRT_CLI_COLOUR_H

#include <stdbool.h>

enum cli_colour { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW };

/* Is FD a terminal, $NO_COLOR empty or not set, and $TERM not "dumb"? */
bool cli_colour_wanted(int fd);

/* What to write for COLOUR; "" unless WANTED. */
const char *cli_colour(bool wanted, enum cli_colour colour);

#endif
