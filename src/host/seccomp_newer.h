/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_newer.h - what a filter says to system calls that are newer than itself.
 *
 * A profile that answers EPERM to everything it does not know breaks programs
 * whenever the kernel and libc learn a new call: libc falls back to the older
 * one on ENOSYS only.  So calls with a number above all those that the profile
 * names get ENOSYS; runc does the same.
 */
#ifndef OCIRT_HOST_SECCOMP_NEWER_H
#define OCIRT_HOST_SECCOMP_NEWER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/oci_spec.h"

enum { HOST_SECCOMP_NEWER_MAX = 160 }; /* instructions: 26 architectures */

/*
 * Writes to RET (of HOST_SECCOMP_NEWER_MAX) the beginning of a filter that answers ENOSYS to newer calls of
 * the N architectures ARCHS (libseccomp's tokens) and leaves everything else to the filter that follows.
 * Returns its length.
 */
size_t host_seccomp_newer(const struct oci_seccomp *seccomp, const uint32_t *archs, size_t n,
                          struct sock_filter ret[HOST_SECCOMP_NEWER_MAX]);

#endif
