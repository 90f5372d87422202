/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shape.h - the options that say what a container shall be: of spec, and of run without a bundle.
 */
#ifndef OCIRT_CLI_SHAPE_H
#define OCIRT_CLI_SHAPE_H

#include "cli/cli.h"

/* What the values of these commands begin with. */
struct cli_shape {
    struct ocirt_create_options create;
    struct ocirt_spec_options spec;
    const char *memory, *cpus, *network, *seccomp, *ids, *terminal; /* as they were given; NULL: not at all */
    bool read_only, writable;
};

extern const struct cli_option cli_shape_options[];

/*
 * Makes shape->spec complete: from the texts, and with ARGS as the program.  What was not given stays as it
 * is there.  0; or -EINVAL, reported.
 */
int cli_shape_finish(struct cli *cli, struct cli_shape *shape, char **args);

#endif
