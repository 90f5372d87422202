/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create_options.c - the options that create and run share, beside the bundle; and what the environment adds
 * to them.
 */
#include <stdlib.h>
#include <unistd.h>

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

/* sd_listen_fds(3): meant for somebody else if LISTEN_PID says so. */
static unsigned listen_fds(void)
{
    enum { LISTEN_MAX = 1024 };
    const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    char *end;
    unsigned long n = count ? strtoul(count, &end, 10) : 0;

    if (!count || *end || n > LISTEN_MAX)
        return 0;
    return pid && (strtol(pid, &end, 10) != getpid() || *end) ? 0 : (unsigned) n;
}

void cli_create_environment(struct ocirt_create_options *create)
{
    create->size = sizeof *create;
    create->listen_fds = listen_fds();
    create->notify_socket = getenv("NOTIFY_SOCKET");
    create->seccomp_receiver = getenv("RUN_OCI_SECCOMP_RECEIVER");
}
