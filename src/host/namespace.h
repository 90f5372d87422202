/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace.h - descriptors of a process's namespaces.
 */
#ifndef OCIRT_HOST_NAMESPACE_H
#define OCIRT_HOST_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Opens namespace NAME ("net", "user", "mnt", "pid_for_children": as in /proc/PID/ns) of process PID
 * through the private procfs.  PID 0: of the calling thread.  An fd, or -errno.
 */
int host_namespace_open(int proc_fd, pid_t pid, const char *name);

/* Are they the same namespace?  False if either is not open. */
bool host_namespace_same(int a_fd, int b_fd);

/*
 * A socket made in the network namespace NS_FD; the calling thread comes back to its own.  An fd, or
 * -errno.
 */
int host_namespace_socket(int proc_fd, int ns_fd, int domain, int type, int protocol);

#endif
