/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - run a program of the host, and keep what it says for an error.
 */
#ifndef OCIRT_HOST_COMMAND_H
#define OCIRT_HOST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct host_command {
    const char *path;                /* absolute: nothing is searched */
    char *const *argv, *const *envp; /* NULL-terminated; envp is all of its environment */
    const char *input;               /* its standard input; NULL: /dev/null */
    size_t input_size;
    const char *cwd;         /* NULL, or where it can't go: "/" */
    const char *stdout_path; /* appended to; NULL: /dev/null */
    const char *stderr_path; /* the same; NULL: kept in `words` */
    unsigned timeout;        /* seconds; 0: none */
};

struct host_command_end {
    int error;         /* it was not executed: negative errno */
    bool timed_out;    /* killed, with its process group */
    int status;        /* exit status, or 128 + n after signal n; -1: not known */
    int signal;        /* that ended it; 0: none */
    struct text words; /* the end of its standard error, as one line */
};

/*
 * Runs it and waits for it (not for what it leaves behind).  It gets descriptors 0 to 2 only, default
 * signal handlers, and a process group of its own.  -errno if it could not be tried; else 0, and *RET tells
 * how it ended: for host_command_end_done().
 */
int host_command_run(const struct host_command *command, struct host_command_end *ret);
void host_command_end_done(struct host_command_end *end);

/* It was executed, ended by itself, and with status 0. */
bool host_command_succeeded(const struct host_command_end *end);

/* How it ended, for an error: "exited with status 3: no such device". */
void host_command_describe(const struct host_command_end *end, unsigned timeout, struct text *out);

#endif
