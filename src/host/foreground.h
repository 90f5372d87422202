/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreground.h - wait for a process of the container in the foreground: pass signals on to it, copy between
 * its terminal and our descriptors 0 and 1, and tell how it ended.
 *
 *     struct host_foreground foreground = { .signal_fd = -1 };
 *     host_foreground_open(&foreground)      before the clone: signals are kept from now on
 *     ...clone; the child must reset its signal mask (init's RESET stage does)...
 *     host_foreground_wait(&foreground, ...) copies, passes on, waits and reaps
 *     host_foreground_close(&foreground)     always
 */
#ifndef OCIRT_HOST_FOREGROUND_H
#define OCIRT_HOST_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "host/process.h"

struct host_sd_notify;

struct host_foreground {
    int signal_fd;
    struct host_sd_notify *notify;   /* whose messages are taken while it waits; NULL: none */
    int end_signal;                  /* after wait: that ended the process, or 0 */
    struct host_process_usage usage; /* after wait */
    sigset_t old_mask;
};

/*
 * Blocks what is to be passed on, and opens the signalfd.  With LEAVE_SIGNALS that is nothing; only SIGPIPE
 * is kept from this thread then.
 */
int host_foreground_open(struct host_foreground *foreground, bool leave_signals, struct err *err);

/*
 * Waits until the process of PIDFD has ended.  MASTER_FD: of its terminal, or -1 if it has none; stays
 * open. All that the terminal still holds at the end is written before this returns.  *RET_STATUS: exit
 * status, or 128 + n after signal n; the process is reaped.
 */
int host_foreground_wait(struct host_foreground *foreground, int pidfd, int master_fd, int *ret_status,
                         struct err *err);

/* Gives the signals back.  Not before the container is deleted: a second ^C would leave it half removed. */
void host_foreground_close(struct host_foreground *foreground);

#endif
