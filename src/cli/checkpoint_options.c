/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkpoint_options.c - the options that checkpoint and restore share.
 */
#include "cli/cli.h"

/* clang-format off */
const struct cli_option cli_checkpoint_options[] = {
    { CLI_INTO(struct ocirt_checkpoint_options, image_path), 0, "image-path", "DIR",
      "directory of the images (default: checkpoint)" },
    { CLI_INTO(struct ocirt_checkpoint_options, work_path), 0, "work-path", "DIR",
      "directory of CRIU's logs and of what else it writes" },
    { CLI_INTO(struct ocirt_checkpoint_options, tcp_established), 0, "tcp-established", NULL,
      "allow established TCP connections" },
    { CLI_INTO(struct ocirt_checkpoint_options, ext_unix_sk), 0, "ext-unix-sk", NULL,
      "allow UNIX sockets whose other end is outside" },
    { CLI_INTO(struct ocirt_checkpoint_options, shell_job), 0, "shell-job", NULL,
      "allow a terminal of the caller" },
    { CLI_INTO(struct ocirt_checkpoint_options, file_locks), 0, "file-locks", NULL, "allow file locks" },
    { CLI_INTO(struct ocirt_checkpoint_options, manage_cgroups_mode), 0, "manage-cgroups-mode",
      "soft|full|strict|ignore", "how CRIU treats the cgroups (default: soft)" },
    { CLI_INTO(struct ocirt_checkpoint_options, network_lock), 0, "network-lock", "iptables|nftables|skip",
      "how the network is held meanwhile" },
    { CLI_INTO(struct ocirt_checkpoint_options, empty_ns), 0, "empty-ns", "NAMESPACE",
      "leave the content of a namespace (network) out; may be given again" },
    { CLI_INTO(struct ocirt_checkpoint_options, lazy_pages), 0, "lazy-pages", NULL,
      "move memory only when it is used, by userfaultfd(2)" },
    { CLI_INTO(struct ocirt_checkpoint_options, auto_dedup), 0, "auto-dedup", NULL,
      "free pages of the images that are stored twice" },
    CLI_END,
};
/* clang-format on */
