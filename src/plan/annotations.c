/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * annotations.c - the one table of known annotations.
 *
 * What is not in it is data for others, and ignored (config.md "Annotations").
 * What asks for something that ocirt does not do is refused, as a property would be.
 *
 * What acts on objects of the host by their name, or takes away from what confines the container, needs the
 * consent of the host's administrator: annotations reach a runtime from images and pods too.  What only
 * restricts, concerns the container alone, or is set by engines themselves needs none.
 */
#include "plan/annotations.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

enum use {
    HONOURED, /* by the part of the plan that looks it up */
    IN_PLAN,  /* its value is a string of the plan: an absolute path */
    REFUSED,  /* ocirt can't do it; `text` says what */
    IGNORED,  /* a wish for another kind of runtime: warn, with `text` */
};

struct known {
    const char *name; /* a prefix if it ends with "."; the first that fits counts */
    bool unsafe;      /* features.md "potentiallyUnsafeConfigAnnotations" */
    enum use use;
    size_t member;     /* IN_PLAN: of struct plan, a const char * */
    const char *text;  /* REFUSED and IGNORED */
    const char *needs; /* why it needs consent; NULL: it needs none */
};

#define MEMBER(m) offsetof(struct plan, m)

static const char to_a_file[] = "hooks would write to a file of the host";

/*
 * Properties of systemd without a need for consent are those that CRI-O and Podman set of themselves;
 * "unsafe" is said once, of the prefix.
 */
/* clang-format off */
static const struct known table[] = {
    { PLAN_ANNOTATION_MOUNT_CONTEXT,    true, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_KEEP_GROUPS,      true, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_HOOKS_STDOUT,     true, IN_PLAN, MEMBER(hooks_stdout), NULL, to_a_file },
    { PLAN_ANNOTATION_HOOKS_STDERR,     true, IN_PLAN, MEMBER(hooks_stderr), NULL, to_a_file },
    { PLAN_ANNOTATION_SECCOMP_RECEIVER, true, HONOURED, 0, NULL,
      "who listens at a socket of the host would decide about system calls" },
    { PLAN_ANNOTATION_SECCOMP_STRICT,   true, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_SECCOMP_BPF,      true, HONOURED, 0, NULL,
      "its program would take the place of the seccomp profile" },
    { PLAN_ANNOTATION_PIDFD_RECEIVER,   true, IN_PLAN, MEMBER(pidfd_receiver), NULL,
      "a socket of the host would be given the container's process" },
    { PLAN_ANNOTATION_TIME_OFFSET,      true, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_DELEGATE_CGROUP,  true, HONOURED, 0, NULL,
      "the container's user would own a cgroup of the host" },
    { PLAN_ANNOTATION_SUBGROUP,         true, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_STOP_SEC,         false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_STOP_USEC,        false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_KILL_SIGNAL,      false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_COLLECT_MODE,     false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_DEFAULT_DEPENDENCIES, false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_AFTER,            false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_DESCRIPTION,      false, HONOURED, 0, NULL, NULL },
    { PLAN_ANNOTATION_SYSTEMD_PROPERTY, true, HONOURED, 0, NULL,
      "such a property of systemd can act on other units and on the host" },
    { PLAN_ANNOTATION_CRIU_CONFIG,      true, IN_PLAN, MEMBER(criu_config), NULL,
      "the options in that file can make CRIU run programs of the host" },
    { PLAN_ANNOTATION_ROOT_OVERLAY,     false, HONOURED, 0, NULL, NULL },
    { "run.oci.seccomp.plugins",        true, REFUSED, 0, "ocirt loads no plugins", NULL },
    { "run.oci.systemd.force_cgroup_v1", true, REFUSED, 0, "ocirt does not mount cgroup v1 on a v2 host",
      NULL },
    { "run.oci.handler",                true, REFUSED, 0, "ocirt has no handlers", NULL },
    { "module.wasm.image/variant",      true, IGNORED, 0, "ocirt does not run WebAssembly", NULL },
    { "krun.",                          true, IGNORED, 0, "ocirt starts no virtual machines", NULL },
};
/* clang-format on */

enum { N_KNOWN = sizeof table / sizeof *table };

/* ---- looking them up ----------------------------------------------------------------------------------- */

static size_t index_of(const struct oci_spec *spec, const char *name)
{
    size_t i = 0;

    while (i < spec->annotations.n && strcmp(spec->annotations.v[i].key, name))
        i++;
    return i;
}

const char *plan_annotation(const struct oci_spec *spec, const char *name)
{
    size_t i = index_of(spec, name);

    return i < spec->annotations.n ? spec->annotations.v[i].value : NULL;
}

int plan_annotation_error(const struct oci_spec *spec, const char *name, enum err_code code, struct err *err,
                          const char *fmt, ...)
{
    autotext struct text text = { 0 };
    va_list ap;

    va_start(ap, fmt);
    text_vadd(&text, fmt, ap);
    va_end(ap);
    return err_at_index(err, &spec->node, offsetof(struct oci_spec, annotations), index_of(spec, name), code,
                        0, "%s: %s", name, text_string(&text));
}

bool plan_annotation_is_on(const struct oci_spec *spec, const char *name)
{
    const char *value = plan_annotation(spec, name);

    return value && strcmp(value, "0") && strcmp(value, "false") && strcmp(value, "no");
}

const char *plan_annotation_unsafe(size_t i)
{
    for (size_t k = 0; k < N_KNOWN; k++)
        if (table[k].unsafe && i-- == 0)
            return table[k].name;
    return NULL;
}

static bool is_prefix(const char *name)
{
    size_t n = strlen(name);

    return n && name[n - 1] == '.';
}

/* Is KEY called NAME, or does it begin with that prefix? */
static bool fits(const char *name, const char *key)
{
    return is_prefix(name) ? !strncmp(name, key, strlen(name)) : !strcmp(name, key);
}

static const struct known *find(const char *key)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (fits(table[i].name, key))
            return &table[i];
    return NULL;
}

/* ---- consent ------------------------------------------------------------------------------------------- */

bool plan_annotations_ask(const struct oci_spec *spec)
{
    for (size_t i = 0; i < spec->annotations.n; i++) {
        const struct known *known = find(spec->annotations.v[i].key);

        if (known && known->needs)
            return true;
    }
    return false;
}

bool plan_annotation_takes_consent(const char *line)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (table[i].needs && (fits(line, table[i].name) || fits(table[i].name, line)))
            return true;
    return false;
}

static bool is_allowed(const struct json_strings *allowed, const char *key)
{
    for (size_t i = 0; i < allowed->n; i++)
        if (fits(allowed->v[i], key))
            return true;
    return false;
}

static int check_consent(const struct plan *plan, const struct known *known, const char *key, struct err *err)
{
    const struct plan_consents *consents = &plan->options.consents;

    if (!known->needs || plan->options.consented || is_allowed(&consents->allowed, key))
        return 0;
    return plan_annotation_error(plan->spec, key, ERR_CONSENT, err,
                                 "%s, which needs the administrator's consent: the line %s in %s%s%s%s",
                                 known->needs, key, consents->file ? consents->file : "a file of consents",
                                 consents->fault ? " (" : "", consents->fault ? consents->fault : "",
                                 consents->fault ? ")" : "");
}

/* ---- checking them ------------------------------------------------------------------------------------- */

static int apply(struct plan *plan, size_t index, struct err *err)
{
    const struct json_pair *pair = &plan->spec->annotations.v[index];
    const struct known *known = find(pair->key);
    int r;

    if (!known)
        return 0;
    r = check_consent(plan, known, pair->key, err);
    if (r < 0)
        return r;
    switch (known->use) {
    case HONOURED: return 0;
    case IN_PLAN:
        if (*pair->value != '/')
            return plan_annotation_error(plan->spec, pair->key, ERR_CONFIG_VALUE, err,
                                         "\"%s\" is not an absolute path", pair->value);
        *(const char **) ((char *) plan + known->member) = pair->value;
        return 0;
    case REFUSED:
        return plan_annotation_error(plan->spec, pair->key, ERR_UNSUPPORTED, err, "%s", known->text);
    case IGNORED:
        err_warn_at(err, &plan->spec->node, offsetof(struct oci_spec, annotations), "%s: %s", pair->key,
                    known->text);
        return 0;
    }
    return 0;
}

static int compile_context_type(struct plan *plan, struct err *err)
{
    static const char *const names[] = { NULL, "context", "fscontext", "defcontext", "rootcontext" };
    static const struct json_words words = { names, sizeof names / sizeof *names };
    const char *value = plan_annotation(plan->spec, PLAN_ANNOTATION_MOUNT_CONTEXT);
    int r;

    plan->mount_context_type = value ? value : "context";
    if (!value || json_word_value(&words, value))
        return 0;
    r = plan_annotation_error(plan->spec, PLAN_ANNOTATION_MOUNT_CONTEXT, ERR_CONFIG_VALUE, err,
                              "unknown type of context \"%s\"", value);
    err_hint(err, "the types are context, fscontext, defcontext and rootcontext");
    return r;
}

int plan_annotations_compile(struct plan *plan, struct err *err)
{
    const struct json_map *annotations = &plan->spec->annotations;
    const char *label = plan_linux(plan->spec)->mount_label;
    int failed = 0;

    plan->mount_label = label && *label ? label : NULL;
    for (size_t i = 0; i < annotations->n; i++)
        if (!plan_go_on(err, apply(plan, i, err), &failed))
            return failed;
    (void) plan_go_on(err, compile_context_type(plan, err), &failed);
    return failed;
}
