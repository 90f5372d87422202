/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network.h - a network namespace that is made beside all else.
 *
 * It is the dearest of all namespaces: with its loopback device set up it takes more than half of what a
 * clone with all of them costs.  So a thread makes it, while the runtime prepares the rest and init makes the
 * mounts.  A thread has namespaces of its own (nsproxy): the caller's are not touched.
 */
#ifndef OCIRT_HOST_NETWORK_H
#define OCIRT_HOST_NETWORK_H

#include <pthread.h>
#include <stdbool.h>

struct host_network {
    pthread_t thread;
    bool at_work;         /* there is a thread, to be joined by host_network_end() */
    bool set_loopback;    /* the loopback device is set up as well */
    bool loopback_failed; /* it was that device which failed */
    int fd;               /* the namespace, or -errno */
};

/*
 * Begins to make a network namespace with the rights of the caller: 0, or -errno if there can be no thread.
 * LOOPBACK: with its loopback device set up.
 */
int host_network_begin(struct host_network *n, bool loopback);

/* Waits for it.  An fd, which is then the caller's, or -errno.  -EBADF if it was not begun, or has ended. */
int host_network_end(struct host_network *n);

#endif
