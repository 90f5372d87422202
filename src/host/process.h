/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - which process it is, and how it ended.
 */
#ifndef OCIRT_HOST_PROCESS_H
#define OCIRT_HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A number that no other process has had since boot: the inode of its pidfd (pidfs, Linux 6.9).  0 where the
 * kernel has no such number, or where an inode number is too short to hold it.
 */
uint64_t host_process_inode(int pidfd);

/* Is it the process with that number? */
bool host_process_is(int pidfd, uint64_t inode);

/* Is nothing left of the process that runs?  Its parent may not have reaped it yet. */
bool host_process_has_ended(int pidfd);

/*
 * Waits until the child of PIDFD has ended, and reaps it.  For one that is not our child and has ended, the
 * kernel is asked (PIDFD_GET_INFO, Linux 6.15).  *RET_STATUS is the exit status, or 128 + n after signal n;
 * -1 if nobody knows. *RET_SIGNAL (may be NULL) is the signal, or 0.  0 or -errno.
 */
int host_process_end(int pidfd, int *ret_status, int *ret_signal);

/* What a process and the children that it has waited for used. */
struct host_process_usage {
    uint64_t user, system;  /* microseconds of processors */
    uint64_t memory;        /* bytes, of the largest one */
    uint64_t read, written; /* bytes from and to disks */
};

/* The same, with what it used (RET_USAGE may be NULL): nothing, if it is not our child. */
int host_process_end_usage(int pidfd, int *ret_status, int *ret_signal, struct host_process_usage *ret_usage);

/* The same without the signal. */
static inline int host_process_status(int pidfd, int *ret_status)
{
    return host_process_end(pidfd, ret_status, 0);
}

#endif
