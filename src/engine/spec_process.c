/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_process.c - the program of a configuration that is made from wishes: what it is, and who it is.
 */
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "engine/spec.h"

static int set_args(struct spec_job *job, struct err *err)
{
    struct oci_process *p = job->spec.process;

    if (!job->options.args || !job->options.args[0])
        return 0;
    p->args = (struct json_strings){ 0 };
    for (char *const *word = job->options.args; *word; word++)
        if (spec_append_string(&job->arena, &p->args, *word) < 0)
            return err_nomem(err);
    return 0;
}

/* A variable takes the place of one of its name: who reads the environment may take the first. */
static int set_variable(struct spec_job *job, const char *variable, struct err *err)
{
    struct json_strings *env = &job->spec.process->env;
    const char *equals = strchr(variable, '=');
    char *copy = arena_strdup(&job->arena, variable);

    if (!copy)
        return err_nomem(err);
    if (!equals || equals == variable)
        return err_set(err, ERR_USAGE, 0, "--env %s: expected NAME=VALUE", *variable ? variable : "\"\"");
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->v[i], variable, (size_t) (equals - variable) + 1) != 0)
            continue;
        env->v[i] = copy;
        return 0;
    }
    return SPEC_APPEND(&job->arena, env, copy) < 0 ? err_nomem(err) : 0;
}

static int add_env(struct spec_job *job, struct err *err)
{
    int r = 0;

    for (char *const *given = job->options.env; r >= 0 && given && *given; given++)
        r = set_variable(job, *given, err);
    return r;
}

/* "CAP_NET_RAW", "net_raw": as in config.json. */
static char *capability(struct arena *arena, const char *given)
{
    char *name = arena_printf(arena, "%s%s", strncasecmp(given, "cap_", 4) == 0 ? "" : "CAP_", given);

    for (char *c = name; c && *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char) (*c - 'a' + 'A');
    return name;
}

static bool has(const struct json_strings *list, const char *s)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i], s) == 0)
            return true;
    return false;
}

/* Never inheritable, nor ambient: a program with file capabilities would get them (CVE-2022-29162). */
static int add_capabilities(struct spec_job *job, struct err *err)
{
    struct oci_capabilities *set = job->spec.process->capabilities;
    struct json_strings *const lists[] = { &set->bounding, &set->effective, &set->permitted };

    for (char *const *given = job->options.caps; given && *given; given++) {
        char *name = capability(&job->arena, *given);

        cap_value_t number;

        if (!name)
            return err_nomem(err);
        if (cap_from_name(name, &number) < 0)
            return err_set(err, ERR_USAGE, 0, "--cap %s: there is no capability of that name", *given);
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            if (!has(lists[i], name) && SPEC_APPEND(&job->arena, lists[i], name) < 0)
                return err_nomem(err);
    }
    return 0;
}

int spec_process(struct spec_job *job, struct err *err)
{
    struct oci_process *p = job->spec.process;
    int r = set_args(job, err);

    if (r >= 0)
        r = add_env(job, err);
    if (r >= 0 && job->options.user)
        r = spec_user(job, err);
    if (r >= 0)
        r = add_capabilities(job, err);
    if (r < 0)
        return r;
    p->terminal = !job->options.no_terminal;
    if (job->options.cwd)
        p->cwd = arena_strdup(&job->arena, job->options.cwd);
    return p->cwd ? 0 : err_nomem(err);
}
