/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lsm.h - can this host honour the labels that a configuration gives?
 */
#ifndef OCIRT_ENGINE_LSM_H
#define OCIRT_ENGINE_LSM_H

#include "base/err.h"
#include "plan/plan.h"

/*
 * ERR_LSM where process has an AppArmor profile or an SELinux label, or the plan a mount label, and that
 * module is not active: running without would be weaker than what was asked for.  PROCESS may be NULL.
 */
int engine_check_labels(int proc_fd, const struct plan *plan, const struct plan_process *process,
                        struct err *err);

#endif
