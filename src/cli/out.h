/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * out.h - text that grows and is then written at once.
 *
 * A struct cli_out begins zeroed.  A failed allocation is remembered: append
 * as you like; sending says so.
 */
#ifndef OCIRT_CLI_OUT_H
#define OCIRT_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct cli_out {
    char *s; /* NUL-terminated once anything was added; malloc'd */
    size_t n, room;
    bool failed;
};

#define autoout __attribute__((cleanup(cli_out_done)))

void cli_out_put(struct cli_out *out, const char *s, size_t n);
void cli_out_word(struct cli_out *out, const char *s);
void cli_out_add(struct cli_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_out_pad(struct cli_out *out, size_t n); /* N spaces */

/* TEXT, broken between words into lines of at most 100 bytes, which begin at COLUMN; and a line break. */
void cli_out_wrapped(struct cli_out *out, const char *text, size_t column);

/* S as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD: one byte must not break a log. */
void cli_out_json(struct cli_out *out, const char *s);

/* S with control characters as \xNN: no config.json may steer the terminal, or begin a second line. */
void cli_out_printable(struct cli_out *out, const char *s);

/* Writes all to FD, in one write(2) if the kernel takes it. 0 or -errno; -ENOMEM if adding had failed. */
int cli_out_send(const struct cli_out *out, int fd);

void cli_out_done(struct cli_out *out);

#endif
