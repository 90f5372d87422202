/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * example.h - what the examples share: a context, and how an error is told.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <libocirt.h>
#include <stdio.h>

static inline void example_warn(void *context, const char *text)
{
    (void) context;
    fprintf(stderr, "warning: %s\n", text);
}

/* Tells ERROR with its code and what can be done about it, and frees it.  The exit status. */
static inline int example_failed(struct ocirt_error *error)
{
    const char *hint = ocirt_error_hint(error);

    fprintf(stderr, "%s: %s\n", ocirt_error_code(error), ocirt_error_text(error));
    if (hint)
        fprintf(stderr, "  %s\n", hint);
    ocirt_error_free(error);
    return 1;
}

/* A context for the containers below ROOT.  NULL after a failure, which is told. */
static inline struct ocirt *example_context(const char *root)
{
    const struct ocirt_options options = { .size = sizeof options, .root = root, .warn = example_warn };
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt = NULL;

    if (ocirt_new(&options, &ocirt, &error) < 0)
        (void) example_failed(error);
    return ocirt;
}

#endif
