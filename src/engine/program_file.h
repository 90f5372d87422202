/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program_file.h - look at a program that the kernel would not execute.
 */
#ifndef OCIRT_ENGINE_PROGRAM_FILE_H
#define OCIRT_ENGINE_PROGRAM_FILE_H

#include "base/err.h"
#include "plan/plan.h"

/*
 * ERR tells that execve(2) of P's program failed: replaces its hint by one that names the reason, if the file
 * is in the root filesystem or the source of a bind mount of PLAN, and shows it.  Where a mount or a link
 * could bring another file than is seen from here, the hint stays.
 */
void program_file_explain(const struct plan *plan, const struct plan_process *p, struct err *err);

#endif
