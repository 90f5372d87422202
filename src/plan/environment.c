/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.c - lists of strings, as execve(2) takes them.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

char **plan_strings_copy(struct arena *arena, const struct json_strings *strings, size_t extra)
{
    char **v = arena_array(arena, strings->n + extra + 1, sizeof *v);

    if (v && strings->n)
        memcpy(v, strings->v, strings->n * sizeof *v);
    return v;
}

/*
 * An item without "=" must not be taken for a wish to inherit the runtime's own variable; engines copy these
 * strings from images.
 */
int plan_env_check(const struct json_node *node, size_t member, const struct json_strings *env,
                   struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < env->n; i++) {
        const char *equals = strchr(env->v[i], '=');
        int r = 0;

        if (!equals)
            r = err_at_index(err, node, member, i, ERR_CONFIG_VALUE, 0, "\"%s\" is not NAME=VALUE",
                             env->v[i]);
        else if (equals == env->v[i])
            r = err_at_index(err, node, member, i, ERR_CONFIG_VALUE, 0, "\"%s\" has no name before the \"=\"",
                             env->v[i]);
        if (!plan_go_on(err, r, &failed))
            break;
    }
    return failed;
}
