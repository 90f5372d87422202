/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain.h - what is known of each kind of error.
 */
#ifndef OCIRT_CLI_EXPLAIN_H
#define OCIRT_CLI_EXPLAIN_H

struct cli_explanation {
    const char *code;     /* as ocirt_error_code() has it */
    const char *meaning;  /* one sentence, without its full stop */
    const char *causes;   /* one a line */
    const char *remedies; /* one a line */
};

/* In the order of src/base/err.h; a NULL code ends. */
extern const struct cli_explanation cli_explanations[];

#endif
