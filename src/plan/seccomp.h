/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.h - the words of linux.seccomp as the numbers of libseccomp and the kernel.
 *
 * The numbers are part of the kernel's interface (linux/seccomp.h, linux/audit.h) and equal to libseccomp's,
 * so that `features` and checks need no libseccomp.
 */
#ifndef OCIRT_PLAN_SECCOMP_H
#define OCIRT_PLAN_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

#include "libocispec/oci_spec.h"

/*
 * SCMP_ACT_* with its errno or, of SCMP_ACT_TRACE, its message; EPERM if HAS_ERRNO is false.  The errno fits
 * 16 bits.
 */
uint32_t plan_seccomp_action(enum oci_seccomp_action action, bool has_errno, uint32_t errno_ret);

/* SCMP_ARCH_* of "SCMP_ARCH_X86_64"; 0 if unknown. */
uint32_t plan_seccomp_arch(const char *word);

/* enum scmp_compare of OP. */
int plan_seccomp_op(enum oci_seccomp_op op);

/* The known words, in the order of the specification: NULL at the end. */
const char *plan_seccomp_arch_at(unsigned i);
const char *plan_seccomp_flag_at(unsigned i);

#endif
