/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec.c - a config.json made from a few wishes.
 */
#include "engine/spec.h"

#include <string.h>

#include "base/fd.h"

int spec_append(struct arena *arena, void *v, size_t *n, size_t size, const void *element)
{
    char *grown = arena_array(arena, *n + 1, size), *old;

    if (!grown)
        return -ENOMEM;
    memcpy(&old, v, sizeof old); /* whatever it points to, it is a pointer to objects */
    if (*n)
        memcpy(grown, old, *n * size);
    memcpy(grown + *n * size, element, size);
    memcpy(v, &grown, sizeof grown);
    (*n)++;
    return 0;
}

int spec_append_string(struct arena *arena, struct json_strings *list, const char *s)
{
    char *copy = s ? arena_strdup(arena, s) : NULL;

    return copy ? SPEC_APPEND(arena, list, copy) : -ENOMEM;
}

static int start(struct spec_job *job, struct err *err)
{
    return engine_default_spec(&job->arena, &job->spec, err);
}

static int name(struct spec_job *job, struct err *err)
{
    if (!job->options.hostname)
        return 0;
    job->spec.hostname = arena_strdup(&job->arena, job->options.hostname);
    return job->spec.hostname ? 0 : err_nomem(err);
}

static int print(struct spec_job *job, char **ret_json, struct err *err)
{
    struct json_text text = { 0 };
    int r;

    job->spec.node.type = &oci_spec_type;
    r = json_write_text(&job->spec, JSON_PRETTY, &text);
    if (r == -EILSEQ)
        return err_set(err, ERR_USAGE, 0, "what is not UTF-8 can't be written into a configuration");
    if (r < 0)
        return r == -ENOMEM ? err_nomem(err) : err_set(err, ERR_INTERNAL, r, "write the configuration");
    *ret_json = text.v;
    return 0;
}

int spec_make(const struct ocirt_spec_options *options, struct bundle *bundle, char **ret_json,
              struct err *err)
{
    int (*const steps[])(struct spec_job *, struct err *) = { start,       spec_process, name,
                                                              spec_ids,    spec_mounts,  spec_resources,
                                                              spec_seccomp };
    struct spec_job job = { 0 };
    int r = engine_options(&job.options, sizeof job.options, options, "ocirt_spec_options", err);

    for (size_t i = 0; r >= 0 && i < sizeof steps / sizeof *steps; i++)
        r = steps[i](&job, err);
    if (r >= 0)
        r = print(&job, ret_json, err);
    if (r >= 0 && bundle) {
        bundle->wishes = job.options;
        bundle->own_mounts = job.own_mounts;
    }
    arena_free(&job.arena);
    return r;
}

int ocirt_spec_with(const struct ocirt_spec_options *options, char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = { 0 };
    int r = spec_make(options, NULL, ret_json, &err);

    return engine_result(r, &err, ret_error);
}

int ocirt_spec(bool rootless, char **ret_json, struct ocirt_error **ret_error)
{
    const struct ocirt_spec_options options = { .size = sizeof options, .rootless = rootless };

    return ocirt_spec_with(&options, ret_json, ret_error);
}
