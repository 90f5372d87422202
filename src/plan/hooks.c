/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.c - what is executed at the points of a container's life (config.md "POSIX-platform Hooks").
 */
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

const char *const plan_hook_names[PLAN_HOOK_KINDS] = {
    [PLAN_PRESTART] = "prestart",
    [PLAN_CREATE_RUNTIME] = "createRuntime",
    [PLAN_CREATE_CONTAINER] = "createContainer",
    [PLAN_START_CONTAINER] = "startContainer",
    [PLAN_POSTSTART] = "poststart",
    [PLAN_POSTSTOP] = "poststop",
};

static int check(const struct oci_hook *from, struct err *err)
{
    if (*from->path != '/')
        return ERR_AT(err, from, path, ERR_HOOK, 0, "\"%s\" is not an absolute path", from->path);
    if (json_has(from, timeout) && from->timeout <= 0)
        return ERR_AT(err, from, timeout, ERR_HOOK, 0, "%d is not more than 0 seconds", from->timeout);
    return plan_env_check(&from->node, offsetof(struct oci_hook, env), &from->env, err);
}

static bool has_variable(const struct json_strings *env, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < env->n; i++)
        if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=')
            return true;
    return false;
}

/* Of the runtime's own environment only this, which is checked: it names a span, and can do nothing. */
static char **environment(const struct oci_hook *from, const char *traceparent, struct arena *arena)
{
    char **v = plan_strings_copy(arena, &from->env, 1);

    if (!v || !traceparent || has_variable(&from->env, "TRACEPARENT"))
        return v;
    v[from->env.n] = arena_printf(arena, "TRACEPARENT=%s", traceparent);
    return v[from->env.n] ? v : NULL;
}

static int compile_hook(const struct oci_hook *from, const char *traceparent, struct arena *arena,
                        struct plan_hook *hook, struct err *err)
{
    int r = check(from, err);

    if (r < 0)
        return r;
    *hook = (struct plan_hook){
        .path = from->path,
        .timeout = (unsigned) from->timeout,
        .from = from,
        .argv = plan_strings_copy(arena, &from->args, 1),
        .envp = environment(from, traceparent, arena),
    };
    if (!hook->argv || !hook->envp)
        return err_nomem(err);
    if (from->args.n == 0)
        hook->argv[0] = from->path;
    return 0;
}

static int compile_list(const struct oci_hook_list *from, const char *traceparent, struct arena *arena,
                        struct plan_hook_list *list, struct err *err)
{
    int failed = 0;

    list->v = arena_array(arena, from->n, sizeof *list->v);
    if (!list->v)
        return err_nomem(err);
    for (list->n = 0; list->n < from->n; list->n++)
        if (!plan_go_on(err, compile_hook(from->v[list->n], traceparent, arena, &list->v[list->n], err),
                        &failed))
            break;
    return failed;
}

int plan_hooks_compile(struct plan *plan, struct err *err)
{
    const struct oci_hooks *hooks = plan->spec->hooks;
    int failed = 0;

    if (!hooks)
        return 0;

    const struct oci_hook_list *const lists[PLAN_HOOK_KINDS] = {
        [PLAN_PRESTART] = &hooks->prestart,
        [PLAN_CREATE_RUNTIME] = &hooks->create_runtime,
        [PLAN_CREATE_CONTAINER] = &hooks->create_container,
        [PLAN_START_CONTAINER] = &hooks->start_container,
        [PLAN_POSTSTART] = &hooks->poststart,
        [PLAN_POSTSTOP] = &hooks->poststop,
    };

    for (size_t i = 0; i < PLAN_HOOK_KINDS; i++)
        if (!plan_go_on(err,
                        compile_list(lists[i], plan->options.traceparent, &plan->arena, &plan->hooks[i], err),
                        &failed))
            break;
    return failed;
}
