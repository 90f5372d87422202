/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rlimits.h - the names of resource limits. */
#ifndef OCIRT_PLAN_RLIMITS_H
#define OCIRT_PLAN_RLIMITS_H

/* "RLIMIT_NOFILE"; "?" if there is no such resource. */
const char *plan_rlimit_name(int resource);

#endif
