/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - writes one JSON value a line, without building it first.
 *
 * The writer keeps track of commas and of what is open; every value that is complete at depth 0 ends with
 * a newline and is flushed, so that a process which is killed later has already said what it knew.
 */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Sends the output to an open descriptor from now on; the default is standard output. */
void json_to_fd(int fd);

void json_object(void); /* begins an object; json_end() closes it */
void json_array(void);  /* begins an array; json_end() closes it */
void json_end(void);
void json_key(const char *name);

void json_string(const char *text); /* NULL is written as null */
void json_bytes(const char *text, size_t size);
void json_int(long long value);
void json_uint(unsigned long long value);
void json_bool(bool value);
void json_null(void);

/* A key and its value at once. */
void json_put_string(const char *name, const char *text);
void json_put_int(const char *name, long long value);
void json_put_uint(const char *name, unsigned long long value);
void json_put_bool(const char *name, bool value);

#endif
