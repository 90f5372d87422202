/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log_daemon.h - --log syslog:NAME and journald:NAME, as crun has them.
 */
#ifndef OCIRT_CLI_LOG_DAEMON_H
#define OCIRT_CLI_LOG_DAEMON_H

/* Priorities of syslog(3), which the journal uses too. */
enum { CLI_DAEMON_ERROR = 3, CLI_DAEMON_WARNING = 4, CLI_DAEMON_DEBUG = 7 };

/* NAME identifies the sender; "" is "ocirt". 0 or -errno; syslog(3) does not tell whether it succeeded. */
int cli_log_syslog(const char *name, int priority, const char *text);
int cli_log_journald(const char *name, int priority, const char *text);

#endif
