/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timing.h - --timing: the trace of one command, as a table on standard error at its end.
 */
#ifndef OCIRT_CLI_TIMING_H
#define OCIRT_CLI_TIMING_H

#include <stdint.h>

#include "cli/out.h"

struct cli_timing {
    int fd;        /* where the trace goes meanwhile: a file in memory */
    int64_t begin; /* CLOCK_MONOTONIC, in nanoseconds */
};

/* Begins.  0 or -errno. */
int cli_timing_open(struct cli_timing *ret);

/*
 * Reads the events, in nanoseconds from the beginning, and appends the table to TABLE; the events as they are
 * to TRACE (NULL: nobody wants them).  Closes the file.  0 or -errno.
 */
int cli_timing_close(struct cli_timing *timing, struct cli_out *table, struct cli_out *trace);

#endif
