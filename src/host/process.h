/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - how a process ended.
 */
#ifndef OCIRT_HOST_PROCESS_H
#define OCIRT_HOST_PROCESS_H

/*
 * Waits until the child of PIDFD has ended, and reaps it.  For one that is not our child and has ended, the
 * kernel is asked (PIDFD_GET_INFO, Linux 6.15).  *RET_STATUS is the exit status, or 128 + n after signal n;
 * -1 if nobody knows. *RET_SIGNAL (may be NULL) is the signal, or 0.  0 or -errno.
 */
int host_process_end(int pidfd, int *ret_status, int *ret_signal);

/* The same without the signal. */
static inline int host_process_status(int pidfd, int *ret_status)
{
    return host_process_end(pidfd, ret_status, 0);
}

#endif
