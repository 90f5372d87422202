/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_compile.h - from a profile to a seccomp program, by libseccomp.
 */
#ifndef OCIRT_HOST_SECCOMP_COMPILE_H
#define OCIRT_HOST_SECCOMP_COMPILE_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "plan/plan.h"

/*
 * Adds to OUT what compiles here, with all that the same profile's program depends on: version and
 * architecture.
 */
void host_seccomp_compiler(struct text *out);

/*
 * The program of a profile (not of raw_bpf). The caller frees *RET_PROGRAM. 0, or a negative errno with ERR
 * filled. Names of system calls that libseccomp does not know are left to the default action, as all
 * runtimes do, with a warning where that allows what the profile does not.
 */
int host_seccomp_compile(const struct plan_seccomp *seccomp, struct sock_filter **ret_program, size_t *ret_n,
                         struct err *err);

#endif
