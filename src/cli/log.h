/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.h - what went wrong, for the person at the terminal and for the engine that reads the log.
 *
 * An error is one line on standard error, and one record in the log if there
 * is one (--log).  Engines read both: conmon passes standard error on;
 * containerd takes the last object of level "error" from the JSON log; podman
 * wants nothing but one object in it.
 */
#ifndef OCIRT_CLI_LOG_H
#define OCIRT_CLI_LOG_H

#include <stdbool.h>

#include "libocirt.h"

enum cli_level { CLI_ERROR, CLI_WARNING, CLI_DEBUG };

struct cli_log {
    const char *target; /* of --log: a path, file:PATH, journald:NAME, syslog:NAME; NULL: standard error */
    enum cli_level level;
    bool json;
    bool quiet;  /* standard error is read together with the output: no warnings there */
    bool broken; /* the log could not be written, which was told once */
};

struct cli_record {
    enum cli_level level;
    const char *code, *text, *property, *hint; /* all but TEXT may be NULL */
    unsigned line;                             /* 0 if none */
};

/*
 * Makes the log if it is a file: that it can't be written must be known before anything is done. 0 or -errno.
 */
int cli_log_check(const struct cli_log *log);

void cli_log_record(struct cli_log *log, const struct cli_record *record);

/* Reports ERROR, with those that follow it. */
void cli_log_error(struct cli_log *log, const struct ocirt_error *error);

/* A mistake of the command line. HINT may be NULL. */
void cli_log_usage(struct cli_log *log, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What failed outside the library, with the text of errno NUMBER (0: none) behind it. */
void cli_log_failure(struct cli_log *log, int number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* For struct ocirt_options, with a struct cli_log as context. */
void cli_log_warning(void *log, const char *text);
void cli_log_debug(void *log, const char *text);

#endif
