/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_mounts.c - root filesystem and mounts of a configuration that is made from wishes.
 */
#include <string.h>

#include "engine/spec.h"
#include "plan/annotations.h"

static struct oci_mount *find(const struct spec_job *job, const char *destination)
{
    for (size_t i = 0; i < job->spec.mounts.n; i++)
        if (strcmp(job->spec.mounts.v[i]->destination, destination) == 0)
            return job->spec.mounts.v[i];
    return NULL;
}

static int set_options(struct spec_job *job, struct oci_mount *mount, const char *const *words)
{
    int r = 0;

    for (; r >= 0 && *words; words++)
        r = spec_append_string(&job->arena, &mount->options, *words);
    return r;
}

/* ---- what a user may not have -------------------------------------------------------------------------- */

static void drop_option(struct oci_mount *mount, const char *word)
{
    size_t kept = 0;

    for (size_t i = 0; i < mount->options.n; i++)
        if (strcmp(mount->options.v[i], word) != 0)
            mount->options.v[kept++] = mount->options.v[i];
    mount->options.n = kept;
}

static bool has_network_namespace(const struct spec_job *job)
{
    const struct oci_linux *l = job->spec.linux;

    for (size_t i = 0; i < l->namespaces.n; i++)
        if (l->namespaces.v[i]->type == OCI_NAMESPACE_NETWORK)
            return true;
    return false;
}

/* Without a network namespace of its own, a user namespace may not have a new sysfs. */
static int bind_sys(struct spec_job *job)
{
    static const char *const options[] = { "rbind", "nosuid", "noexec", "nodev", "rro", NULL };
    struct oci_mount *sys = find(job, "/sys");

    sys->type = arena_strdup(&job->arena, "none");
    sys->source = arena_strdup(&job->arena, "/sys");
    sys->options = (struct json_strings){ 0 };
    return sys->type && sys->source ? set_options(job, sys, options) : -ENOMEM;
}

static int fit_ids(struct spec_job *job)
{
    if (!spec_knows_gid(job, 5))
        drop_option(find(job, "/dev/pts"), "gid=5");
    return job->options.rootless && !has_network_namespace(job) ? bind_sys(job) : 0;
}

/* ---- more mounts --------------------------------------------------------------------------------------- */

/* TEXT: "WORD,WORD" or NULL. */
static int add_words(struct spec_job *job, struct json_strings *list, const char *text)
{
    char *copy = text ? arena_strdup(&job->arena, text) : NULL, *save = NULL;
    int r = text && !copy ? -ENOMEM : 0;

    for (char *word = copy ? strtok_r(copy, ",", &save) : NULL; r >= 0 && word;
         word = strtok_r(NULL, ",", &save))
        r = SPEC_APPEND(&job->arena, list, word);
    return r;
}

static int add_mount(struct spec_job *job, const char *type, const char *source, const char *destination,
                     const char *const *words, const char *more)
{
    struct oci_mount *m = arena_alloc(&job->arena, sizeof *m);

    if (!m)
        return -ENOMEM;
    m->type = arena_strdup(&job->arena, type);
    m->source = arena_strdup(&job->arena, source);
    m->destination = arena_strdup(&job->arena, destination);
    if (!m->type || !m->source || !m->destination || set_options(job, m, words) < 0 ||
        add_words(job, &m->options, more) < 0)
        return -ENOMEM;
    return SPEC_APPEND(&job->arena, &job->spec.mounts, m);
}

/* The words that the caller gives come behind these, and win. */
static int add_volume(struct spec_job *job, const char *given, struct err *err)
{
    static const char *const words[] = { "rbind", "nosuid", "nodev", NULL };
    char *source = arena_strdup(&job->arena, given);
    char *destination = source ? strchr(source, ':') : NULL;
    char *more = destination ? strchr(destination + 1, ':') : NULL;

    if (!source)
        return err_nomem(err);
    if (!destination || destination == source || destination[1] != '/')
        return err_set(err, ERR_USAGE, 0,
                       "--volume %s: expected SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS, "
                       "and an absolute path as the destination",
                       *given ? given : "\"\"");
    *destination++ = '\0';
    if (more)
        *more++ = '\0';
    return add_mount(job, "bind", source, destination, words, more) < 0 ? err_nomem(err) : 0;
}

static int add_tmpfs(struct spec_job *job, const char *given, struct err *err)
{
    static const char *const words[] = { "nosuid", "nodev", "mode=1777", NULL };
    char *destination = arena_strdup(&job->arena, given),
         *more = destination ? strchr(destination, ':') : NULL;

    if (!destination)
        return err_nomem(err);
    if (*destination != '/')
        return err_set(err, ERR_USAGE, 0,
                       "--tmpfs %s: expected DESTINATION or DESTINATION:OPTIONS, and an absolute "
                       "path as the destination",
                       *given ? given : "\"\"");
    if (more)
        *more++ = '\0';
    return add_mount(job, "tmpfs", "tmpfs", destination, words, more) < 0 ? err_nomem(err) : 0;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static int set_root(struct spec_job *job, struct err *err)
{
    static const struct json_pair overlay = { (char *) (uintptr_t) PLAN_ANNOTATION_ROOT_OVERLAY,
                                              (char *) (uintptr_t) "tmpfs" };
    struct oci_root *root = job->spec.root;

    if (job->options.rootfs)
        root->path = arena_strdup(&job->arena, job->options.rootfs);
    root->readonly = !job->options.writable && !job->options.overlay;
    if (!root->path ||
        (job->options.overlay && SPEC_APPEND(&job->arena, &job->spec.annotations, overlay) < 0))
        return err_nomem(err);
    return 0;
}

int spec_mounts(struct spec_job *job, struct err *err)
{
    const struct ocirt_spec_options *o = &job->options;
    int r = set_root(job, err);

    if (r >= 0 && fit_ids(job) < 0)
        r = err_nomem(err);
    job->own_mounts = job->spec.mounts.n;
    for (char *const *given = o->tmpfs; r >= 0 && given && *given; given++)
        r = add_tmpfs(job, *given, err);
    for (char *const *given = o->volumes; r >= 0 && given && *given; given++)
        r = add_volume(job, *given, err);
    if (r >= 0 && o->scratch && job->spec.root->readonly && !find(job, "/tmp"))
        r = add_tmpfs(job, "/tmp", err);
    return r;
}
