/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.c - run the hooks that belong in the runtime's namespaces.
 *
 * A hook without `env` runs with an empty environment: config.md gives `env` the meaning of environ(7), and
 * what an engine happens to have in its own must not decide what a program that runs as root on the host
 * does.
 */
#include "host/hooks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/errno_text.h"
#include "base/fd.h"
#include "host/command.h"

static int run_one(const struct plan_hook *hook, const struct host_hook_context *context,
                   struct text *ret_how)
{
    struct host_command command = {
        .path = hook->path,
        .argv = hook->argv,
        .envp = hook->envp,
        .input = context->state,
        .input_size = context->n,
        .cwd = context->cwd,
        .stdout_path = context->stdout_path,
        .stderr_path = context->stderr_path,
        .timeout = hook->timeout,
    };
    struct host_command_end end;
    int r = host_command_run(&command, &end);

    if (r < 0) {
        text_add(ret_how, "could not be run: %s", errno_text(-r));
        return r;
    }
    r = host_command_succeeded(&end) ? 0 : end.error ? end.error : -ECANCELED;
    if (r < 0)
        host_command_describe(&end, hook->timeout, ret_how);
    host_command_end_done(&end);
    return r;
}

/* Errors carry the line of config.json where it is at hand: `create`, not `delete`. */
static int tell(const struct plan_hook *hook, enum plan_hook_kind kind, size_t i, const char *how,
                struct err *err)
{
    if (kind == PLAN_POSTSTOP) {
        err_warn(err, "hooks.%s[%zu]: %s %s", plan_hook_names[kind], i, hook->path, how);
        return 0;
    }
    if (hook->from && err->source)
        return err_at(err, &hook->from->node, ERR_NO_MEMBER, ERR_HOOK, 0, "%s %s", hook->path, how);
    return err_set(err, ERR_HOOK, 0, "hooks.%s[%zu]: %s %s", plan_hook_names[kind], i, hook->path, how);
}

int host_hooks_run(const struct plan_hook_list *hooks, enum plan_hook_kind kind,
                   const struct host_hook_context *context, struct err *err)
{
    for (size_t i = 0; i < hooks->n; i++) {
        autotext struct text how = { 0 };
        int r = run_one(&hooks->v[i], context, &how);

        if (r < 0)
            r = tell(&hooks->v[i], kind, i, text_string(&how), err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- the state --------------------------------------------------------------------------------------- */

static int write_state(const struct host_state *state, enum oci_status status, int32_t pid,
                       struct json_text *out)
{
    struct oci_state oci = {
        .node = { .type = &oci_state_type },
        .oci_version = state->oci_version,
        .id = state->id,
        .status = status,
        .pid = pid,
        .bundle = state->bundle,
        .annotations = state->annotations,
    };

    return json_write_text(&oci, JSON_COMPACT, out);
}

/* The pid is where two texts that differ in nothing else begin to differ. */
int host_hook_state_make(const struct host_state *state, enum oci_status status, struct host_hook_state *ret,
                         struct err *err)
{
    struct json_text one = { 0 }, two = { 0 };
    int r = write_state(state, status, 1, &one);
    size_t at = 0;

    if (r == 0)
        r = write_state(state, status, 2, &two);
    if (r == 0) {
        while (one.v[at] == two.v[at])
            at++;
        ret->after = strdup(one.v + at + 1);
        one.v[at] = '\0';
        ret->before = take_ptr(&one.v);
        if (!ret->after) {
            host_hook_state_done(ret);
            r = -ENOMEM;
        }
    }
    json_text_free(&one);
    json_text_free(&two);
    return r < 0 ? err_set(err, ERR_HOOK, r, "the container's state for hooks") : 0;
}

void host_hook_state_done(struct host_hook_state *state)
{
    free(state->before);
    free(state->after);
    *state = (struct host_hook_state){ 0 };
}

void host_hook_state_text(const struct host_hook_state *state, pid_t pid, struct text *out)
{
    text_add(out, "%s%ld%s", state->before, (long) pid, state->after);
}

int host_hooks_run_for(const struct host_state *state, const struct plan_hook_list *hooks,
                       enum plan_hook_kind kind, enum oci_status status, const char *stdout_path,
                       const char *stderr_path, struct err *err)
{
    struct host_hook_state parts = { 0 };
    autotext struct text text = { 0 };
    int r;

    if (!hooks->n)
        return 0;
    r = host_hook_state_make(state, status, &parts, err);
    if (r < 0)
        return r;
    host_hook_state_text(&parts, status == OCI_STATUS_STOPPED ? 0 : state->pid, &text);
    host_hook_state_done(&parts);
    if (text_result(&text) < 0)
        return err_nomem(err);

    struct host_hook_context context = {
        .state = text.s,
        .n = text.n,
        .cwd = state->bundle,
        .stdout_path = stdout_path,
        .stderr_path = stderr_path,
    };
    return host_hooks_run(hooks, kind, &context, err);
}
