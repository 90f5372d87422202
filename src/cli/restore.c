/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore.c - ocirt restore: a container from the files of checkpoint.
 */
#include <assert.h>

#include "cli/commands.h"

struct restore_values {
    struct ocirt_checkpoint_options criu;
    struct ocirt_create_options create;
};

static_assert(offsetof(struct restore_values, criu) == 0, "the shared table of options counts from there");

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct restore_values, create.bundle), 'b', "bundle", "DIR",
      "directory of the bundle (default: the working directory)" },
    { CLI_INTO(struct restore_values, create.detach), 'd', "detach", NULL,
      "return as soon as the program runs" },
    { CLI_INTO(struct restore_values, create.console_socket), 0, "console-socket", "SOCKET",
      "send the terminal's master to this UNIX socket" },
    { CLI_INTO(struct restore_values, create.pid_file), 0, "pid-file", "FILE",
      "write the pid of the container's process to a file" },
    { CLI_INTO(struct restore_values, create.no_pivot), 0, "no-pivot", NULL,
      "do not pivot_root(2), for a root filesystem in the initial ramdisk; less secure" },
    { CLI_INTO(struct restore_values, criu.tcp_close), 0, "tcp-close", NULL,
      "close established TCP connections" },
    { CLI_INTO(struct restore_values, criu.lsm_profile), 0, "lsm-profile", "TYPE:NAME",
      "run under another LSM profile: selinux:LABEL or apparmor:PROFILE" },
    { CLI_INTO(struct restore_values, criu.lsm_mount_context), 0, "lsm-mount-context", "CONTEXT",
      "the SELinux context of the mounts" },
    { CLI_INTO(struct restore_values, create.no_subreaper), 0, "no-subreaper", NULL, NULL },
    CLI_END,
};
/* clang-format on */

static int restore(struct cli *cli, void *values, char **args)
{
    struct restore_values *given = values;
    struct ocirt_error *error = NULL;
    int status = 0;

    given->criu.size = sizeof given->criu;
    given->create.size = sizeof given->create;
    if (!given->criu.image_path)
        given->criu.image_path = "checkpoint";
    int r = ocirt_restore(cli->ocirt, args[0], &given->create, &given->criu, &status, &error);
    return cli_result_status(cli, r, error, status, 1);
}

const struct cli_command cli_restore = {
    .name = "restore",
    .arguments = "ID",
    .summary =
        "Make a container from the files of a checkpoint and wait for its end; ends with its exit status",
    .tables = { cli_checkpoint_options, options },
    .size = sizeof(struct restore_values),
    .min = 1,
    .max = 1,
    .run = restore,
};
