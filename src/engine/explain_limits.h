/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_limits.h - why the kernel makes no more namespaces.
 */
#ifndef OCIRT_ENGINE_EXPLAIN_LIMITS_H
#define OCIRT_ENGINE_EXPLAIN_LIMITS_H

#include <stdint.h>

#include "base/err.h"

/*
 * Adds a hint to the error just set, ENOSPC or EPERM of making the namespaces FLAGS (CLONE_NEW*): who forbids
 * them, or the sysctls that limit them, with their values.
 */
void explain_namespace_limits(uint64_t flags, struct err *err);

#endif
