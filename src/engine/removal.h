/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * removal.h - undo what create made.
 */
#ifndef OCIRT_ENGINE_REMOVAL_H
#define OCIRT_ENGINE_REMOVAL_H

#include "engine/existing.h"

/*
 * Kills what is left of the container, removes its cgroup and everything else that create made, its directory
 * last, then runs the poststop hooks of PLAN (NULL: its configuration is read).  With FORCE, what can't be
 * removed does not stop the rest, and a spoilt record is no obstacle.
 */
int removal_destroy(struct existing *e, const struct plan *plan, bool force, struct err *err);

#endif
