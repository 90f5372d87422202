/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events.c - events ROOT ID MILLISECONDS N: follow what a container uses, until it ends or N events were
 * told.
 */
#include <stdlib.h>

#include "example.h"

enum { ENOUGH = 1 };

static int show(void *context, const char *json)
{
    unsigned long *left = context;

    printf("%s\n", json);
    (void) fflush(stdout);
    return --*left ? 0 : ENOUGH;
}

int main(int argc, char **argv)
{
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt;
    unsigned long left;
    int r;

    if (argc != 5)
        return fprintf(stderr, "usage: events ROOT ID MILLISECONDS N\n"), 2;
    left = strtoul(argv[4], NULL, 10);
    ocirt = example_context(argv[1]);
    if (!ocirt)
        return 1;
    r = ocirt_events(ocirt, argv[2], (unsigned) strtoul(argv[3], NULL, 10), show, &left, &error);
    if (r == 0)
        printf("%s has ended\n", argv[2]);
    ocirt_free(ocirt);
    return r < 0 ? example_failed(error) : 0;
}
