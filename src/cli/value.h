/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.h - words of the command line that are numbers, truths, spans of time or sizes.
 *
 * All return 0, or -EINVAL or -ERANGE with *RET untouched.
 */
#ifndef OCIRT_CLI_VALUE_H
#define OCIRT_CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* As Go's strconv.ParseBool, on which runc's callers rely: 1 t T true TRUE True, 0 f F false FALSE False. */
int cli_value_bool(const char *s, bool *ret);

/* Decimal digits, at most INT_MAX. */
int cli_value_unsigned(const char *s, unsigned *ret);

/* Decimal digits, perhaps with a minus. */
int cli_value_integer(const char *s, int64_t *ret);

/* Bytes: "1048576", "512k", "1.5GiB", as for runc: k m g t p are powers of 1024, in any case.  And "-1". */
int cli_value_size(const char *s, int64_t *ret);

/* Thousandths: "2", "1.5"; more decimals say nothing.  At most INT_MAX, and not zero. */
int cli_value_thousandths(const char *s, unsigned *ret);

/* Milliseconds: "5s", "500ms", "1m30s", "1.5h" as Go writes durations; a bare number is seconds. Not zero. */
int cli_value_duration(const char *s, unsigned *ret);

#endif
