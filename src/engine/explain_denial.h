/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_denial.h - who refused a call of the runtime, of init or of the stub.
 */
#ifndef OCIRT_ENGINE_EXPLAIN_DENIAL_H
#define OCIRT_ENGINE_EXPLAIN_DENIAL_H

#include <stdbool.h>

#include "base/err.h"
#include "host/denial.h"

struct denial {
    enum host_denial_calls calls;
    int capability; /* CAP_* that the step takes; -1: none */
    bool inside;    /* whoever made the call was root of a user namespace, with all capabilities in it */
};

/*
 * If the error just set is EPERM, EACCES or ENOSYS, and a seccomp filter, a missing capability or a security
 * module is certainly the reason: adds it as the hint, with what to do, and returns true.
 */
bool explain_denial(struct err *err, const struct denial *denial);

/* Likewise, for an error without a hint: what is in force here and may be the reason. */
void explain_denial_perhaps(struct err *err, const struct denial *denial);

/* Likewise, for an error of making or entering the container's cgroup, for which systemd needs a process. */
void explain_denied_cgroup(struct err *err);

/* The words of both for what was found out.  CERTAIN: only what is certainly the reason. */
bool explain_denial_say(struct err *err, const struct denial *denial, const struct host_denial *found,
                        bool certain);

#endif
