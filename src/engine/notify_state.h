/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify_state.h - what a seccomp agent is told of the process whose listener it gets.
 */
#ifndef OCIRT_ENGINE_NOTIFY_STATE_H
#define OCIRT_ENGINE_NOTIFY_STATE_H

#include "base/err.h"
#include "host/state.h"
#include "libocispec/json.h"

/*
 * The container process state (config-linux.md "The Container Process State") in three parts: the pid of the
 * process goes between the first two, that of the container between the last two.  METADATA may be NULL.
 */
int notify_state_make(const struct host_state *state, enum oci_status status, const char *metadata,
                      struct json_text parts[static 3], struct err *err);

#endif
