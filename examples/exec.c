/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.c - exec ROOT ID PROGRAM [WORD...]: one more program in a running container; ends with its exit
 * status.
 */
#include "example.h"

int main(int argc, char **argv)
{
    char *env[] = { (char[]){ "STARTED_BY=exec" }, NULL };
    struct ocirt_exec_options options = { .size = sizeof options, .env = env, .leave_signals = true };
    struct ocirt_error *error = NULL;
    struct ocirt *ocirt;
    int status = 0;

    if (argc < 4)
        return fprintf(stderr, "usage: exec ROOT ID PROGRAM [WORD...]\n"), 2;
    options.args = argv + 3;
    ocirt = example_context(argv[1]);
    if (!ocirt)
        return 1;
    if (ocirt_exec(ocirt, argv[2], &options, &status, &error) < 0)
        status = example_failed(error);
    ocirt_free(ocirt);
    return status;
}
