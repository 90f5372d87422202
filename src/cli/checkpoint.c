/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkpoint.c - ocirt checkpoint: store a running container by CRIU.
 */
#include "cli/commands.h"

/* clang-format off */
static const struct cli_option options[] = {
    { CLI_INTO(struct ocirt_checkpoint_options, parent_path), 0, "parent-path", "DIR",
      "images of an earlier --pre-dump, relative to --image-path" },
    { CLI_INTO(struct ocirt_checkpoint_options, leave_running), 0, "leave-running", NULL,
      "let the container run on" },
    { CLI_INTO(struct ocirt_checkpoint_options, pre_dump), 0, "pre-dump", NULL,
      "store the memory only, and let the container run on" },
    { CLI_INTO(struct ocirt_checkpoint_options, page_server), 0, "page-server", "ADDRESS:PORT",
      "send the memory to a page server" },
    { CLI_INTO(struct ocirt_checkpoint_options, status_fd), 0, "status-fd", "N",
      "write a NUL to this descriptor once lazy pages can be had" },
    { CLI_INTO(struct ocirt_checkpoint_options, tcp_skip_in_flight), 0, "tcp-skip-in-flight", NULL,
      "skip TCP connections that are being made" },
    { CLI_INTO(struct ocirt_checkpoint_options, link_remap), 0, "link-remap", NULL,
      "allow files that are open and have been deleted" },
    CLI_END,
};
/* clang-format on */

static int checkpoint(struct cli *cli, void *values, char **args)
{
    struct ocirt_checkpoint_options *given = values;
    struct ocirt_error *error = NULL;

    given->size = sizeof *given;
    if (!given->image_path)
        given->image_path = "checkpoint";
    int r = ocirt_checkpoint(cli->ocirt, args[0], given, &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_checkpoint = {
    .name = "checkpoint",
    .arguments = "ID",
    .summary = "Store a running container in files by CRIU, and end it",
    .tables = { cli_checkpoint_options, options },
    .size = sizeof(struct ocirt_checkpoint_options),
    .min = 1,
    .max = 1,
    .run = checkpoint,
};
