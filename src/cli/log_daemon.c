/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log_daemon.c - --log syslog:NAME and journald:NAME, as crun has them.
 *
 * The journal is spoken to in its own protocol, a datagram of NAME=VALUE lines
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL), which needs no library.
 */
#include "cli/log_daemon.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/out.h"

int cli_log_syslog(const char *name, int priority, const char *text)
{
    autoout struct cli_out line = { 0 };

    cli_out_printable(&line, text);
    if (line.failed)
        return -ENOMEM;
    openlog(*name ? name : "ocirt", LOG_PID, LOG_DAEMON);
    syslog(priority, "%s", line.s ? line.s : "");
    closelog();
    return 0;
}

int cli_log_journald(const char *name, int priority, const char *text)
{
    static const struct sockaddr_un journal = { .sun_family = AF_UNIX,
                                                .sun_path = "/run/systemd/journal/socket" };
    autoout struct cli_out line = { 0 };

    /* A value with a newline would need the binary form: printable text has none. */
    cli_out_add(&line, "PRIORITY=%d\nSYSLOG_IDENTIFIER=", priority);
    cli_out_printable(&line, *name ? name : "ocirt");
    cli_out_word(&line, "\nMESSAGE=");
    cli_out_printable(&line, text);
    cli_out_word(&line, "\n");
    if (line.failed)
        return -ENOMEM;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = sendto(fd, line.s, line.n, MSG_NOSIGNAL, (const struct sockaddr *) &journal, sizeof journal) < 0
                ? -errno
                : 0;
    (void) close(fd);
    return r;
}
