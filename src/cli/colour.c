/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * colour.c - colours, on a terminal of somebody who has not said no.
 */
#include "cli/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cli_colour_wanted(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

const char *cli_colour(bool wanted, enum cli_colour colour)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "\033[0m",  [CLI_BOLD] = "\033[1m",     [CLI_DIM] = "\033[2m",
        [CLI_RED] = "\033[1;31m", [CLI_GREEN] = "\033[1;32m", [CLI_YELLOW] = "\033[1;33m",
    };

    return wanted ? codes[colour] : "";
}
