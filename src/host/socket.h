/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket.h - AF_UNIX sockets by paths of any length, and descriptors sent over them.
 *
 * sun_path holds 107 bytes; longer paths go through /proc/self/fd/N of their directory.  Never an abstract
 * name: those have no permissions (CVE-2020-15257).
 */
#ifndef OCIRT_HOST_SOCKET_H
#define OCIRT_HOST_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Listens at NAME in the directory.  TYPE: SOCK_STREAM or SOCK_SEQPACKET.  The file's mode is 0600.  An fd,
 * or -errno.
 */
int host_socket_listen(int dir_fd, const char *name, int type, int backlog);

/*
 * Connects to NAME in the directory, or to PATH.  An fd, or -errno (-ECONNREFUSED: nobody listens any
 * more).
 */
int host_socket_connect_at(int dir_fd, const char *name, int type);
int host_socket_connect(const char *path, int type);

/* Sends N bytes (at least one) with one descriptor.  0 or -errno. */
int host_socket_send_fd(int socket_fd, const void *data, size_t n, int fd);

/*
 * Connects to PATH and sends the terminal's master, with the name of the terminal as data
 * (--console-socket).
 */
int host_console_send(const char *path, int master_fd, struct err *err);

/*
 * Connects to PATH and sends a pidfd, with "pidfd" as data (--pidfd-socket, annotation
 * run.oci.pidfd_receiver).
 */
int host_pidfd_send(const char *path, int pidfd, struct err *err);

#endif
