/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - check BUNDLE: all mistakes of its config.json, with lines; nothing is touched, and no root is
 * needed.
 */
#include <stdlib.h>

#include "example.h"

static int show_mistakes(const struct ocirt_error *first)
{
    for (const struct ocirt_error *e = first; e; e = ocirt_error_next(e)) {
        const char *property = ocirt_error_property(e), *hint = ocirt_error_hint(e);

        printf("line %u, %s: %s\n", ocirt_error_line(e), property ? property : "(the whole)",
               ocirt_error_code(e));
        printf("  %s\n", ocirt_error_text(e));
        if (hint)
            printf("  %s\n", hint);
    }
    return 1;
}

int main(int argc, char **argv)
{
    struct ocirt_create_options options = { .size = sizeof options };
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt;
    char *text = NULL;
    int status = 0;

    if (argc != 2)
        return fprintf(stderr, "usage: check BUNDLE\n"), 2;
    options.bundle = argv[1];
    ocirt = example_context(NULL);
    if (!ocirt)
        return 1;
    if (ocirt_check(ocirt, &options, &error) < 0)
        status = show_mistakes(error);
    else if (ocirt_plan(ocirt, &options, &text, &error) < 0)
        status = example_failed(error), error = NULL;
    if (text)
        fputs(text, stdout);
    free(text);
    ocirt_error_free(error);
    ocirt_free(ocirt);
    return status;
}
