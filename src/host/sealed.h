/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sealed.h - an executable file without a name, that nobody can write to.
 */
#ifndef OCIRT_HOST_SEALED_H
#define OCIRT_HOST_SEALED_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/err.h"

/*
 * Makes such a file of the N parts. It is a sealed memfd (memfd_create(2)); where the sysctl vm.memfd_noexec
 * forbids executable ones, a file on a read-only tmpfs that is mounted nowhere, which needs CAP_SYS_ADMIN.
 * The caller owns *RET_FD, which is O_CLOEXEC. 0, or a negative errno with ERR filled.
 */
int host_sealed_create(const char *name, struct iovec *parts, size_t n, int *ret_fd, struct err *err);

#endif
