/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempt.h - try a call in a child of its own: a filter around us may kill who makes it.
 */
#ifndef OCIRT_HOST_ATTEMPT_H
#define OCIRT_HOST_ATTEMPT_H

/*
 * What TRY returned in a child, which ends then: 0 or -errno.  -EPERM if it was killed.  The child is a copy
 * of a process that may have threads: TRY must not allocate.
 */
int host_attempt(int (*try)(const void *context), const void *context);

#endif
