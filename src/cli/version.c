/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * version.c - ocirt version: print the version.
 */
#include "cli/commands.h"

/* What is compiled in.  moby takes any line with "version" for the version's: there must be one only. */
static const char parts[] =
#ifdef HAVE_SECCOMP
    "+SECCOMP"
#else
    "-SECCOMP"
#endif
#ifdef HAVE_SYSTEMD
    " +SYSTEMD"
#else
    " -SYSTEMD"
#endif
#ifdef HAVE_CRIU
    " +CRIU";
#else
    " -CRIU";
#endif

int cli_print_version(struct cli *cli)
{
    autoout struct cli_out out = { 0 };
    const char *commit = ocirt_commit();

    cli_out_add(&out, "ocirt version %s\ncommit: %s\nspec: %s\n%s\n", ocirt_version(),
                *commit ? commit : "unknown", ocirt_spec_version(), parts);
    return cli_print(cli, &out);
}

static int version(struct cli *cli, void *values, char **args)
{
    (void) values;
    (void) args;
    return cli_print_version(cli);
}

const struct cli_command cli_version = {
    .name = "version",
    .arguments = "",
    .summary = "Print the version, that of the specification, and what is compiled in",
    .alone = true,
    .quiet = true,
    .run = version,
};
