/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe.h - what the files of the probe share.
 *
 * Every action prints one JSON object with "action" and, where it can fail, "errno" (0 for success).
 */
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>

struct action {
    const char *name;
    int min_args;
    int (*run)(int n, char **args); /* args without the name; returns the exit status so far: 0 is to go on */
};

extern const struct action probe_file_actions[]; /* each ends with a row whose name is NULL */
extern const struct action probe_process_actions[];
extern const struct action probe_tty_actions[], probe_count_actions[], probe_notify_actions[];
extern const struct action probe_hold_actions[];

/* Prints all the process can see of itself. */
void report_print(int argc, char **argv);

/* Reads a whole small file; NULL with errno set when it can't be read.  Free it. */
char *read_whole(const char *path, size_t *ret_size);

/* Prints {"action": name, "errno": error}. */
int say_result(const char *name, int error);

#endif
