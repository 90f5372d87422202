/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * birth.h - a process that the stub makes, when it has nothing more than the program: see stub/birth.c.
 *
 * What create, run and exec have in common of it; each chooses for itself, in birth.c and exec_birth.c.
 */
#ifndef OCIRT_ENGINE_BIRTH_H
#define OCIRT_ENGINE_BIRTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/cgroup.h"
#include "host/seccomp.h"
#include "plan/plan.h"

struct born {
    pid_t pid, outside; /* the program's process; who made it, and ends by itself */
    int pidfd;
};

/* STUB_FILTER_FIRST if that is possible, and needed for PROCESS; else 0. */
uint32_t engine_birth_filter(const struct plan_process *process, const struct host_seccomp *seccomp);

/* Such a policy is not inherited, or keeps from having children: engine_birth_set_scheduler() sets it. */
bool engine_birth_scheduler(const struct plan_process *process);
int engine_birth_set_scheduler(const struct plan_process *process, pid_t pid, struct err *err);

/*
 * Waits on the gate for the birth by process PID.  0 with *RET, whose pidfd is the caller's; or a failure, of
 * which nothing is left but that process.
 */
int engine_await_birth(int gate_fd, pid_t pid, int pidfd, struct plan *plan,
                       const struct plan_process *process, const struct host_cgroup *cgroup, struct born *ret,
                       struct err *err);

#endif
