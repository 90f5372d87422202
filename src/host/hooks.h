/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.h - programs that run at points of a container's life (config.md "POSIX-platform Hooks"), here
 * those that run in the runtime's namespaces: prestart, createRuntime, poststart and poststop.
 *
 * A hook is a process of the host that knows the container only from the JSON on its standard input.  It
 * gets the environment that the configuration gives it and nothing else, not ours (but for TRACEPARENT, which
 * is checked) and never the container's (CVE-2025-23266); descriptors 0 to 2 only; a process group of its
 * own, which is killed at its timeout.
 */
#ifndef OCIRT_HOST_HOOKS_H
#define OCIRT_HOST_HOOKS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"
#include "host/state.h"
#include "plan/plan.h"

struct host_hook_context {
    const char *state; /* JSON for standard input */
    size_t n;
    const char *cwd;         /* working directory: the bundle.  NULL or gone: "/" */
    const char *stdout_path; /* appended to, made if missing; NULL: /dev/null */
    const char *stderr_path; /* the same; NULL: its last lines become part of the error */
};

/*
 * Runs the hooks of a kind in order.  The first that fails is an error (ERR_HOOK; "hooks.createRuntime[1]:
 * /usr/bin/x exited with status 3: ..."), and the rest are not run; but of poststop all are run, and
 * failures are warnings (runtime.md "Lifecycle", 13): then it returns 0.
 */
int host_hooks_run(const struct plan_hook_list *hooks, enum plan_hook_kind kind,
                   const struct host_hook_context *context, struct err *err);

/*
 * The state as hooks get it (runtime.md "State"), in two parts: between them goes the pid in decimal, which
 * only the receiver's side may know.  Both are malloc'd and NUL-terminated.
 */
struct host_hook_state {
    char *before, *after;
};

int host_hook_state_make(const struct host_state *state, enum oci_status status, struct host_hook_state *ret,
                         struct err *err);
void host_hook_state_done(struct host_hook_state *state);

/* The whole text with that pid.  text_result() tells of a lack of memory. */
void host_hook_state_text(const struct host_hook_state *state, pid_t pid, struct text *out);

/*
 * host_hook_state_make and _text, then host_hooks_run with cwd = the bundle.  Nothing is done if there are
 * no hooks.
 */
int host_hooks_run_for(const struct host_state *state, const struct plan_hook_list *hooks,
                       enum plan_hook_kind kind, enum oci_status status, const char *stdout_path,
                       const char *stderr_path, struct err *err);

#endif
