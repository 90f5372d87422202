/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_mount.h - why a mount could not be made.
 */
#ifndef OCIRT_ENGINE_EXPLAIN_MOUNT_H
#define OCIRT_ENGINE_EXPLAIN_MOUNT_H

#include "plan/plan.h"

/*
 * Adds a hint to the error just set, of mount M (of PLAN), if the reason can be found out.  WORDS are N bytes
 * of the kernel's own.
 */
void explain_mount(struct err *err, const struct plan *plan, const struct plan_mount *m, const char *words,
                   size_t n);

#endif
