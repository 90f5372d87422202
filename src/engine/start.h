/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start.h - what start and run have in common once the stub was told to go on.
 */
#ifndef OCIRT_ENGINE_START_H
#define OCIRT_ENGINE_START_H

#include "engine/context.h"
#include "host/cgroup.h"

/*
 * Listens to the stub until the program is executed: the socket closes without a failure being told.
 * *RET_HOOK (may be NULL) becomes true if it was a startContainer hook that failed.
 */
int engine_await_exec(int socket_fd, int pidfd, struct plan *plan, const struct plan_process *process,
                      const struct host_cgroup *cgroup, bool *ret_hook, struct err *err);

#endif
