/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sd_notify.h - the readiness of a container's program, passed on to the service manager (sd_notify(3)).
 *
 * The container does not get the manager's socket, at which it could name another main process, store
 * descriptors or stop the watchdog, but one of the runtime's own, in a directory that is mounted into it.
 * What it says there is read, and READY=1 and STATUS= alone are said again to the manager.
 *
 *     host_sd_notify_make()      by create: the directory, empty
 *     host_sd_notify_open()      by start, before the program runs: the socket in it
 *     host_sd_notify_wait()      until the program is ready, or gone
 *     host_sd_notify_close()     always
 */
#ifndef OCIRT_HOST_SD_NOTIFY_H
#define OCIRT_HOST_SD_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* The directory of the socket, below the container's. */
#define HOST_SD_NOTIFY_DIRECTORY "notify"

struct host_sd_notify {
    int fd;         /* the container's messages; -1: nobody is to be notified */
    int manager_fd; /* connected to the manager */
    int dir_fd;
    pid_t main_pid; /* told to the manager as the service's main process; 0: that stays the runtime */
    bool ready;     /* the manager knows */
};

#define HOST_SD_NOTIFY_INIT \
    { \
        .fd = -1, .manager_fd = -1, .dir_fd = -1, \
    }

/* Makes the directory in that of the container. */
int host_sd_notify_make(int state_dir_fd, struct err *err);

/*
 * Makes the socket, and connects to the manager at ADDRESS: a path, or "@" and an abstract name.  A container
 * that was made without the directory can't notify anybody: RET->fd is -1 then.
 */
int host_sd_notify_open(int state_dir_fd, const char *address, struct host_sd_notify *ret, struct err *err);

/* Takes the messages that are there, and passes on what may be.  What the manager refuses is warned of. */
void host_sd_notify_take(struct host_sd_notify *notify, struct err *err);

/* Until the process of PIDFD is ready or has ended, and until the manager has taken note. */
int host_sd_notify_wait(struct host_sd_notify *notify, int pidfd, struct err *err);

/* Messages that come later find nobody. */
void host_sd_notify_close(struct host_sd_notify *notify);

#endif
