/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create_options.c - the options that create and run share, beside the bundle.
 */
#include "cli/cli.h"

/* clang-format off */
const struct cli_option cli_create_options[] = {
    { CLI_INTO(struct ocirt_create_options, console_socket), 0, "console-socket", "SOCKET",
      "send the terminal's master to this UNIX socket" },
    { CLI_INTO(struct ocirt_create_options, pidfd_socket), 0, "pidfd-socket", "SOCKET",
      "send a pidfd of the container's process to this UNIX socket" },
    { CLI_INTO(struct ocirt_create_options, pid_file), 0, "pid-file", "FILE",
      "write the pid of the container's process to a file" },
    { CLI_INTO(struct ocirt_create_options, preserve_fds), 0, "preserve-fds", "N",
      "pass N descriptors, from 3 on, to the program" },
    { CLI_INTO(struct ocirt_create_options, no_pivot), 0, "no-pivot", NULL,
      "do not pivot_root(2), for a root filesystem in the initial ramdisk; less secure" },
    { CLI_INTO(struct ocirt_create_options, no_new_keyring), 0, "no-new-keyring", NULL,
      "let the container keep the caller's session keyring" },
    { CLI_INTO(struct ocirt_create_options, no_subreaper), 0, "no-subreaper", NULL, NULL },
    CLI_END,
};
/* clang-format on */
