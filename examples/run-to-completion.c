/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run-to-completion.c - run-to-completion ROOT BUNDLE ID: run a container and end with its exit status.
 *
 * The program shares our descriptors 0, 1 and 2.  Signals stay ours: a program with a loop of its own would
 * rather decide itself what SIGTERM means.
 */
#include "example.h"

int main(int argc, char **argv)
{
    struct ocirt_create_options options = { .size = sizeof options, .leave_signals = true };
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt;
    int status = 0;

    if (argc != 4)
        return fprintf(stderr, "usage: run-to-completion ROOT BUNDLE ID\n"), 2;
    options.bundle = argv[2];
    ocirt = example_context(argv[1]);
    if (!ocirt)
        return 1;
    if (ocirt_run(ocirt, argv[3], &options, &status, &error) < 0)
        status = example_failed(error);
    ocirt_free(ocirt);
    return status;
}
