/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program_error.h - why a program can't be executed, in the words that engines look for.
 */
#ifndef OCIRT_ENGINE_PROGRAM_ERROR_H
#define OCIRT_ENGINE_PROGRAM_ERROR_H

#include "base/err.h"
#include "base/msg.h"
#include "plan/plan.h"

/* INIT_STAGE_PROGRAM: it was not found, or is nothing that can be executed.  TEXT: the path tried last. */
int program_lookup_failed(const struct plan_process *process, const struct msg *msg, const char *text,
                          size_t n, struct err *err);

/* STUB_STAGE_EXEC: execve(2) failed. TEXT: the path, or empty. */
int program_exec_failed(const struct plan_process *process, const struct msg *msg, const char *text, size_t n,
                        struct err *err);

#endif
