/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * update.c - change the limits of a container.
 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "engine/existing.h"
#include "host/rdt.h"
#include "host/words.h"
#include "libocispec/oci_spec.h"

static int parse(const char *text, struct arena *arena, struct err_source *source, struct oci_resources *ret,
                 struct err *err)
{
    struct json_error why = { 0 };

    *source = (struct err_source){ .name = "resources.json", .text = text };
    if (json_read(&oci_resources_type, ret, source->name, text, strlen(text), arena, &why) < 0)
        return err_set(err, ERR_CONFIG_JSON, 0, "%s", why.text ? why.text : "out of memory");
    err->source = source;
    return 0;
}

/* --l3-cache-schema and --mem-bw-schema come as "intelRdt" beside the resources. */
static int update_rdt(struct existing *e, const char *text, struct arena *arena, struct err *err)
{
    struct oci_rdt_change given = { 0 };
    struct json_error why = { 0 };
    autoclose int fd = -EBADF;
    int r;

    if (json_read(&oci_rdt_change_type, &given, "resources.json", text, strlen(text), arena, &why) < 0)
        return err_set(err, ERR_CONFIG_JSON, 0, "%s", why.text ? why.text : "out of memory");
    if (!given.intel_rdt)
        return 0;
    if (!e->state->rdt)
        return err_set(err, ERR_RDT, 0,
                       "the container was created without linux.intelRdt: it has no group to change");
    r = host_rdt_open(&fd, err);
    if (r < 0)
        return r;
    return host_rdt_update(fd, e->state->rdt, given.intel_rdt->l3_cache_schema,
                           given.intel_rdt->mem_bw_schema, err);
}

static int apply(struct existing *e, const char *text, struct err *err)
{
    struct oci_resources resources = { 0 };
    struct err_source source;
    struct bundle bundle = { 0 };
    struct plan *plan = NULL;
    int r;

    if (e->status == OCI_STATUS_STOPPED || e->status == OCI_STATUS_CREATING)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    r = existing_config(e, &bundle, &plan, err);
    if (r >= 0)
        r = parse(text, &bundle.arena, &source, &resources, err);
    if (r >= 0)
        r = existing_cgroup(e, err);
    if (r >= 0)
        r = host_cgroup_update(plan, &e->cgroup, &resources, err);
    if (r >= 0)
        r = update_rdt(e, text, &bundle.arena, err);
    plan_free(plan);
    bundle_done(&bundle);
    return r;
}

int ocirt_update(struct ocirt *ocirt, const char *id, const char *resources, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_CHANGE, &e, &err);

    if (r >= 0)
        r = existing_need_manager(&e, &err);
    if (r >= 0)
        r = apply(&e, resources, &err);
    if (r < 0)
        err_prefix(&err, "update %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}
