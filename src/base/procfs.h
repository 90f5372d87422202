/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * procfs.h - a procfs of our own, mounted nowhere.
 *
 * /proc of the host or of the container may hold other things than it seems to
 * (CVE-2019-16884, CVE-2025-52881: writes redirected by mounts over /proc/self/attr).
 * Everything that ocirt reads or writes under /proc, it reaches through a fresh
 * instance whose descriptor it got from fsmount(2), with RESOLVE_NO_XDEV and
 * RESOLVE_NO_SYMLINKS from there.
 */
#ifndef OCIRT_BASE_PROCFS_H
#define OCIRT_BASE_PROCFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Opens the root of a procfs for our pid namespace.  Where the kernel allows no new instance (an
 * unprivileged user), a clone of /proc, checked to be a procfs's root and without mounts on it; at last /proc
 * itself, checked likewise.  An fd, or -errno.
 */
int procfs_open(void);

/*
 * Opens PATH ("self/attr/exec", "sys/net/ipv4/ip_forward") below it. "self" is the one symlink allowed, and
 * is replaced by the caller's pid.  An fd, or -errno.
 */
int procfs_file(int proc_fd, const char *path, int flags);

/* Writes the whole text with one write(2).  0 or -errno. */
int procfs_write(int proc_fd, const char *path, const char *text, size_t size);

/* Reads up to SIZE - 1 bytes, NUL-terminates.  Bytes read, or -errno. */
ssize_t procfs_read(int proc_fd, const char *path, char *buf, size_t size);

/*
 * Start time of process PID, in clock ticks since boot: field 22 of proc_pid_stat(5); and its state letter. 0
 * or -errno.
 */
int procfs_start_time(int proc_fd, pid_t pid, uint64_t *ret_ticks, char *ret_state);

#endif
