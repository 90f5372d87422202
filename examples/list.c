/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.c - list ROOT: the containers of a state directory, with their processes.
 */
#include <stdlib.h>

#include "example.h"

static int show(void *context, const struct ocirt_container *container)
{
    struct ocirt *ocirt = context;
    struct ocirt_error *error = NULL;
    pid_t *pids = NULL;
    size_t n = 0;

    printf("%s pid=%ld bundle=%s\n", container->id, (long) container->pid, container->bundle);
    if (ocirt_ps(ocirt, container->id, &pids, &n, &error) < 0) {
        ocirt_error_free(error); /* it has ended meanwhile */
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        printf("  process %ld\n", (long) pids[i]);
    free(pids);
    return 0;
}

int main(int argc, char **argv)
{
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt;
    int status = 0;

    if (argc != 2)
        return fprintf(stderr, "usage: list ROOT\n"), 2;
    ocirt = example_context(argv[1]);
    if (!ocirt)
        return 1;
    if (ocirt_list(ocirt, show, ocirt, &error) < 0)
        status = example_failed(error);
    ocirt_free(ocirt);
    return status;
}
