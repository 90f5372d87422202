/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state.c - what containers there are and what they are doing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "engine/existing.h"

/* The state as runc prints it: that of runtime.md, and more. */
struct state_document {
    struct json_node node;
    char *oci_version, *id;
    int32_t pid;
    enum oci_status status;
    char *bundle, *rootfs, *created;
    struct json_map annotations;
    char *owner, *scope;
};

#define F(m, name, ...) JSON_FIELD(struct state_document, m, name, __VA_ARGS__)
static const struct json_field state_document_fields[] = {
    F(oci_version, "ociVersion", JSON_REQUIRED),
    F(id, "id", JSON_REQUIRED),
    F(pid, "pid", JSON_REQUIRED),
    JSON_FIELD_OF(struct state_document, status, "status", JSON_CHOICE, &oci_statuses, JSON_REQUIRED),
    F(bundle, "bundle", JSON_REQUIRED),
    F(rootfs, "rootfs", JSON_REQUIRED),
    F(created, "created", JSON_REQUIRED),
    F(annotations, "annotations"),
    F(owner, "owner", JSON_REQUIRED),
    F(scope, "systemd-scope"),
};
static const struct json_type state_document_type = {
    .size = sizeof(struct state_document),
    .fields = state_document_fields,
    .n_fields = sizeof state_document_fields / sizeof *state_document_fields,
};

static bool is_alive(const struct existing *e)
{
    return e->status != OCI_STATUS_STOPPED;
}

static int write_document(struct existing *e, enum json_style style, struct json_text *out, struct err *err)
{
    struct host_state *s = e->state;
    const struct state_document document = {
        .node.type = &state_document_type,
        .oci_version = s->oci_version ? s->oci_version : (char *) (uintptr_t) ocirt_spec_version(),
        .id = s->id,
        .pid = is_alive(e) ? s->pid : 0,
        .status = e->status,
        .bundle = s->bundle ? s->bundle : (char *) (uintptr_t) "",
        .rootfs = s->rootfs ? s->rootfs : (char *) (uintptr_t) "",
        .created = s->created ? s->created : (char *) (uintptr_t) "0001-01-01T00:00:00Z",
        .annotations = s->annotations,
        .owner = (char *) (uintptr_t) existing_owner(e),
        .scope = s->cgroup ? s->cgroup->scope : NULL,
    };
    int r = document.owner ? json_write_text(&document, style, out) : -ENOMEM;

    return r < 0 ? err_set(err, ERR_INTERNAL, r, "write the state") : 0;
}

int ocirt_state(struct ocirt *ocirt, const char *id, char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct json_text text = { 0 };
    int r = existing_open(ocirt, id, EXISTING_READ, &e, &err);

    if (r >= 0)
        r = existing_see(&e, &err);
    if (r >= 0)
        r = write_document(&e, JSON_PRETTY, &text, &err);
    if (r >= 0)
        *ret_json = take_ptr(&text.v);
    else
        err_prefix(&err, "state %s", id);
    json_text_free(&text);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

typedef int visit_fn(struct existing *e, void *data, struct err *err);

/*
 * One that vanishes meanwhile, or is another runtime's, is passed over; one whose record is spoilt is warned
 * of.
 */
static int visit(struct existing *e, const char *id, visit_fn *each, void *data, struct err *err)
{
    struct err mine = engine_err(e->ocirt);
    int r = existing_next(e, id, &mine);

    if (r >= 0)
        r = existing_see(e, &mine);
    if (r >= 0)
        r = each(e, data, err);
    else if (mine.code != ERR_NOT_FOUND)
        err_warn(&mine, "%s: %s", id, mine.text ? mine.text : "out of memory"), r = 0;
    else
        r = 0;
    err_done(&mine);
    return r;
}

static int visit_all(struct ocirt *ocirt, visit_fn *each, void *data, struct err *err)
{
    struct existing e = EXISTING_INIT;
    struct arena arena = { 0 };
    struct json_strings ids = { 0 };
    int r = host_root_open(ocirt->root, false, NULL, &e.root_fd, err);

    e.ocirt = ocirt;
    if (r >= 0)
        r = host_state_list(e.root_fd, &arena, &ids, err);
    for (size_t i = 0; r == 0 && i < ids.n; i++)
        r = visit(&e, ids.v[i], each, data, err);
    existing_done(&e);
    arena_free(&arena);
    return r;
}

struct caller {
    int (*each)(void *context, const struct ocirt_container *container);
    void *context;
};

static int tell_caller(struct existing *e, void *data, struct err *err)
{
    const struct caller *caller = data;
    const struct host_state *s = e->state;
    const struct ocirt_container container = {
        .size = sizeof container,
        .id = s->id,
        .bundle = s->bundle ? s->bundle : "",
        .rootfs = s->rootfs ? s->rootfs : "",
        .created = s->created ? s->created : "",
        .owner = existing_owner(e),
        .status = (enum ocirt_status) e->status,
        .pid = is_alive(e) ? s->pid : 0,
    };

    return container.owner ? caller->each(caller->context, &container) : err_nomem(err);
}

int ocirt_list(struct ocirt *ocirt, int (*each)(void *context, const struct ocirt_container *container),
               void *context, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct caller caller = { .each = each, .context = context };
    int r = visit_all(ocirt, tell_caller, &caller, &err);

    if (r < 0 && !err_is_set(&err))
        return r; /* the caller's own */
    return engine_result(r, &err, ret_error);
}

static int add_document(struct existing *e, void *data, struct err *err)
{
    struct json_text *text = data;

    json_text_puts(text, text->n > 1 ? "," : "");
    return write_document(e, JSON_COMPACT, text, err);
}

int ocirt_list_json(struct ocirt *ocirt, char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct json_text text = { 0 };
    int r;

    json_text_puts(&text, "[");
    r = visit_all(ocirt, add_document, &text, &err);
    json_text_puts(&text, "]");
    if (r >= 0 && text.failed)
        r = err_nomem(&err);
    if (r >= 0)
        *ret_json = take_ptr(&text.v);
    json_text_free(&text);
    return engine_result(r, &err, ret_error);
}
