/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_cache.h - seccomp programs, kept with everything that they were made from.
 *
 * A key is compared byte for byte; its hash is but the file's name.  (A cache
 * that trusted a hash of a part of the profile once gave a container the filter
 * of another.)
 */
#ifndef OCIRT_HOST_SECCOMP_CACHE_H
#define OCIRT_HOST_SECCOMP_CACHE_H

#include <linux/filter.h>
#include <stddef.h>

/*
 * 0, -ENOENT if there is none or it is not to be trusted, or another -errno.  The caller frees *RET_PROGRAM.
 */
int host_seccomp_cache_load(int cache_fd, const void *key, size_t key_size, struct sock_filter **ret_program,
                            size_t *ret_n);

/* Keeps a program, and forgets the oldest ones if there are too many.  0 or -errno. */
int host_seccomp_cache_store(int cache_fd, const void *key, size_t key_size,
                             const struct sock_filter *program, size_t n);

#endif
