/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user_option.h - "UID[:GID]" of the options --user.
 */
#ifndef OCIRT_ENGINE_USER_OPTION_H
#define OCIRT_ENGINE_USER_OPTION_H

#include <stdint.h>

#include "base/err.h"

/*
 * Numbers, as callers have resolved names already (CVE-2026-30892: never 0 by mistake).  Without ":GID",
 * *RET_GID stays as it is.
 */
int engine_user_option(const char *given, uint32_t *ret_uid, uint32_t *ret_gid, struct err *err);

#endif
