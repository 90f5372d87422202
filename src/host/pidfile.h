/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pidfile.h - the file by which an engine learns the container's pid.
 */
#ifndef OCIRT_HOST_PIDFILE_H
#define OCIRT_HOST_PIDFILE_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Writes PID in decimal, without a newline (containerd and conmon parse all of it), under a temporary name
 * in the same directory, and renames it: nobody reads half a number.
 */
int host_pidfile_write(const char *path, pid_t pid, struct err *err);

/* Takes it away again: conmon knows by the file that is missing that the process was never there. */
void host_pidfile_remove(const char *path);

#endif
