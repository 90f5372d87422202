/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file.h - the files that the command line names: all opening is done here.
 */
#ifndef OCIRT_CLI_FILE_H
#define OCIRT_CLI_FILE_H

#include "cli/out.h"

/* Reads all of PATH ("-": standard input) into TEXT. 0 or -errno; -EFBIG beyond 16 MiB. */
int cli_file_read(const char *path, struct cli_out *text);
int cli_file_read_fd(int fd, struct cli_out *text);

/* Appends TEXT to PATH, which is made if it is missing (0644 less the umask), in one write. 0 or -errno. */
int cli_file_append(const char *path, const struct cli_out *text);

/* Makes the file NAME, which must not exist, in the directory DIR (NULL: where we are). 0 or -errno. */
int cli_file_create(const char *dir, const char *name, const struct cli_out *text);

/* Opens PATH to append to it; the caller closes it. An fd above 2, or -errno. */
int cli_file_open_append(const char *path);

/* Opens /dev/null as each of the descriptors 0 to 2 that is closed: no file of ours may become the output. */
void cli_file_fill_standard(void);

#endif
