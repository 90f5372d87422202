/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_process.c - which process exec is to run: a document of its own, or the container's with what the
 * options change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/exec.h"
#include "engine/user_option.h"

static int parse_document(struct execution *x, struct err *err)
{
    struct bundle *b = &x->process_bundle;
    struct json_error why = { 0 };
    int r;

    b->text = arena_strdup(&b->arena, x->options.process);
    if (!b->text)
        return err_nomem(err);
    b->source = (struct err_source){ .name = "process.json", .text = b->text };
    err->source = &b->source;
    r = json_read(&oci_process_type, &x->process, b->source.name, b->text, strlen(b->text), &b->arena, &why);
    return r < 0 ? err_set(err, ERR_CONFIG_JSON, 0, "%s", why.text ? why.text : "out of memory") : 0;
}

static size_t count(char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

/* A new list: BASE, then MORE. */
static int append(struct execution *x, struct json_strings *list, char *const *more)
{
    size_t n = count(more);
    char **v = arena_array(&x->bundle.arena, list->n + n, sizeof *v);

    if (!v)
        return -ENOMEM;
    if (list->n)
        memcpy(v, list->v, list->n * sizeof *v);
    if (n)
        memcpy(v + list->n, more, n * sizeof *v);
    list->v = v;
    list->n += n;
    return 0;
}

static int parse_gids(struct execution *x, struct oci_user *user, struct err *err)
{
    char *list = arena_strdup(&x->bundle.arena, x->options.additional_gids), *save = NULL;
    size_t n = user->additional_gids.n, room = n + strlen(x->options.additional_gids) / 2 + 1;
    uint32_t *v = arena_array(&x->bundle.arena, room, sizeof *v);

    if (!list || !v)
        return err_nomem(err);
    if (n)
        memcpy(v, user->additional_gids.v, n * sizeof *v);
    for (char *gid = strtok_r(list, ",", &save); gid; gid = strtok_r(NULL, ",", &save))
        if (text_parse_u32(gid, UINT32_MAX - 1, &v[n++]) < 0)
            return err_set(err, ERR_USAGE, 0, "--additional-gids %s: expected numbers with commas between",
                           x->options.additional_gids);
    user->additional_gids.v = v;
    user->additional_gids.n = n;
    return 0;
}

static int change_user(struct execution *x, struct err *err)
{
    struct oci_user *user;
    int r = 0;

    if (!x->options.user && !x->options.additional_gids)
        return 0;
    user = arena_array(&x->bundle.arena, 1, sizeof *user);
    if (!user)
        return err_nomem(err);
    if (x->process.user)
        *user = *x->process.user;
    x->process.user = user;
    if (x->options.user)
        r = engine_user_option(x->options.user, &user->uid, &user->gid, err);
    if (r >= 0 && x->options.additional_gids)
        r = parse_gids(x, user, err);
    return r;
}

/* Never inheritable: a program with file capabilities would get them (CVE-2022-29162). */
static int add_capabilities(struct execution *x, struct err *err)
{
    struct oci_capabilities *set;

    if (!x->options.caps || !x->options.caps[0])
        return 0;
    set = arena_array(&x->bundle.arena, 1, sizeof *set);
    if (!set)
        return err_nomem(err);
    if (x->process.capabilities)
        *set = *x->process.capabilities;
    x->process.capabilities = set;
    if (append(x, &set->bounding, x->options.caps) < 0 || append(x, &set->effective, x->options.caps) < 0 ||
        append(x, &set->permitted, x->options.caps) < 0)
        return err_nomem(err);
    return 0;
}

static int change_own(struct execution *x, struct err *err)
{
    const struct ocirt_exec_options *o = &x->options;
    struct oci_process *p = &x->process;
    int r;

    if (!x->bundle.spec.process)
        return ERR_AT(err, &x->bundle.spec, process, ERR_CONFIG_MISSING, 0,
                      "is not set: exec needs --process for this container");
    *p = *x->bundle.spec.process;
    p->args = (struct json_strings){ .v = (char **) (uintptr_t) o->args, .n = count(o->args) };
    p->terminal = o->terminal;
    if (!p->args.n)
        return err_set(err, ERR_USAGE, 0, "there is no command to execute");
    if (o->cwd)
        p->cwd = (char *) (uintptr_t) o->cwd;
    if (o->apparmor)
        p->apparmor_profile = (char *) (uintptr_t) o->apparmor;
    if (o->process_label)
        p->selinux_label = (char *) (uintptr_t) o->process_label;
    if (o->no_new_privs)
        p->no_new_privileges = true;
    if (append(x, &p->env, o->env) < 0)
        return err_nomem(err);
    r = change_user(x, err);
    return r < 0 ? r : add_capabilities(x, err);
}

int execution_process(struct execution *x, struct err *err)
{
    const struct plan_options options = {
        .id = x->container->id,
        .bundle = x->container->state->bundle,
        .preserve_fds = x->options.preserve_fds,
        .manager = x->plan->options.manager,
    };
    int r = x->options.process ? parse_document(x, err) : change_own(x, err);

    if (r < 0)
        return r;
    return plan_process_compile(&x->bundle.spec, &x->process, &options, &x->plan->facts, &x->bundle.arena,
                                &x->compiled, err);
}
