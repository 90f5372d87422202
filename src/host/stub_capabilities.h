/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub_capabilities.h - which of the configured capabilities can be had.
 */
#ifndef OCIRT_HOST_STUB_CAPABILITIES_H
#define OCIRT_HOST_STUB_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * Copies the five sets of PROCESS to RET, without those that the kernel would refuse: what we don't have
 * ourselves (in another USER_NAMESPACE everything can be had), effective and ambient ones that are not
 * permitted, and so on. Each of them is a warning: config.md "Linux Process", capabilities. 0, or a
 * negative errno with ERR filled.
 */
int host_stub_capabilities(const struct plan_process *process, bool user_namespace,
                           uint64_t ret[STUB_CAPABILITY_SETS], struct err *err);

#endif
