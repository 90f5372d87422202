/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_seccomp.c - the default filter as linux.seccomp.
 */
#include <string.h>

#include "engine/default_seccomp.h"
#include "engine/spec.h"

static bool holds(const struct spec_job *job, const char *capability)
{
    const struct json_strings *set = &job->spec.process->capabilities->bounding;

    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->v[i], capability) == 0)
            return true;
    return false;
}

static int add_names(struct spec_job *job, struct json_strings *list, const char *names)
{
    char *copy = arena_strdup(&job->arena, names), *save = NULL;
    int r = copy ? 0 : -ENOMEM;

    for (char *name = copy ? strtok_r(copy, " ", &save) : NULL; r >= 0 && name;
         name = strtok_r(NULL, " ", &save))
        r = SPEC_APPEND(&job->arena, list, name);
    return r;
}

static int add_comparison(struct spec_job *job, struct oci_syscall *call,
                          const struct default_seccomp_rule *rule)
{
    struct oci_syscall_arg *arg = arena_alloc(&job->arena, sizeof *arg);

    if (!arg)
        return -ENOMEM;
    arg->index = rule->arg;
    arg->op = OCI_SECCOMP_OP_MASKED_EQ;
    arg->value = rule->mask;
    arg->value_two = rule->value;
    return SPEC_APPEND(&job->arena, &call->args, arg);
}

static int add_rule(struct spec_job *job, struct oci_seccomp *to, const struct default_seccomp_rule *rule)
{
    struct oci_syscall *call = arena_alloc(&job->arena, sizeof *call);

    if (!call || add_names(job, &call->names, rule->names) < 0)
        return -ENOMEM;
    call->action = rule->error ? OCI_SECCOMP_ERRNO : OCI_SECCOMP_ALLOW;
    call->errno_ret = rule->error;
    if (rule->compares && add_comparison(job, call, rule) < 0)
        return -ENOMEM;
    return SPEC_APPEND(&job->arena, &to->syscalls, call);
}

int spec_seccomp(struct spec_job *job, struct err *err)
{
    struct oci_seccomp *to;
    int r = 0;

    if (!job->options.seccomp)
        return 0;
    to = arena_alloc(&job->arena, sizeof *to);
    if (!to)
        return err_nomem(err);
    to->default_action = OCI_SECCOMP_ERRNO;
    to->default_errno_ret = EPERM;
    for (const char *const *arch = default_seccomp_architectures; r >= 0 && *arch; arch++)
        r = spec_append_string(&job->arena, &to->architectures, *arch);
    for (const struct default_seccomp_rule *rule = default_seccomp_rules; r >= 0 && rule->names; rule++)
        if (!rule->capability || holds(job, rule->capability) != rule->lacking)
            r = add_rule(job, to, rule);
    job->spec.linux->seccomp = to;
    return r < 0 ? err_nomem(err) : 0;
}
