/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.h - where the time goes: phases of runtime, init and stub as Chrome trace events.
 *
 * One event a line in the "JSON array format", whose closing bracket may be missing; each is one write(2) to
 * a descriptor opened for appending, so that several processes share a file.  No allocation, no stdio: init
 * uses it.  With FD 0 or less nothing is done and no clock is read.
 */
#ifndef OCIRT_BASE_TRACE_H
#define OCIRT_BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Is TEXT a traceparent (W3C Trace Context, "Traceparent Header")?  It has hexadecimal digits and hyphens
 * only; what a later version of it has behind that, not more than 256 characters of letters, digits and
 * these.
 */
bool trace_is_parent(const char *text);

/* Writes TRACEPARENT, of which trace_is_parent() is true, as an event of the process that calls. */
void trace_parent(int fd, const char *traceparent);

/* CLOCK_MONOTONIC in nanoseconds; 0 if FD means "off". */
int64_t trace_begin(int fd);

/*
 * Writes the event NAME (plain ASCII) of process PID, in part WHO ("runtime", "init", "stub"), from BEGIN
 * until now.  PID 0: the caller.
 */
void trace_end(int fd, const char *who, const char *name, pid_t pid, int64_t begin);

#endif
