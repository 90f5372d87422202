/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.h - the seccomp program of a container, from the cache or compiled by libseccomp.
 *
 * Compiling Docker's profile takes libseccomp 3 ms for one architecture and
 * 19 ms for three, reading the result back 0.05 ms: programs are kept under the
 * state root, each with everything it was made from, and compared with that in
 * full.  On a warm start libseccomp compiles nothing.
 */
#ifndef OCIRT_HOST_SECCOMP_H
#define OCIRT_HOST_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/plan.h"

/* Begins zeroed; host_seccomp_done() frees. */
struct host_seccomp {
    struct sock_filter *program; /* malloc'd */
    size_t n;                    /* instructions */
    unsigned flags;              /* SECCOMP_FILTER_FLAG_*, as the stub passes them to seccomp(2) */
    bool notify;                 /* its listener is to be sent to linux.seccomp.listenerPath */
};

/*
 * Opens, and makes where it is absent, the directory of cached programs below the state root. It must belong
 * to the caller and nobody else may write to it. An fd, or -errno; without it host_seccomp_build() works all
 * the same.
 */
int host_seccomp_cache_open(int root_fd);

/*
 * Gets the program for SECCOMP; CACHE_FD is of host_seccomp_cache_open() or negative. A cache that can't be
 * read or written is no error. 0, or a negative errno with ERR filled. config-linux.md "Seccomp",
 * seccomp(2).
 */
int host_seccomp_build(const struct plan_seccomp *seccomp, int cache_fd, struct host_seccomp *ret,
                       struct err *err);

void host_seccomp_done(struct host_seccomp *seccomp);

#endif
