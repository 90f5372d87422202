/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec.h - a config.json made from a few wishes: for `ocirt spec` and `ocirt run --rootfs`.
 *
 * Each part starts from the default configuration and changes what the options ask for.  Everything lives in
 * the arena, or belongs to the caller of the library.
 */
#ifndef OCIRT_ENGINE_SPEC_H
#define OCIRT_ENGINE_SPEC_H

#include <errno.h>

#include "engine/context.h"

struct spec_job {
    struct ocirt_spec_options options;
    struct arena arena;
    struct oci_spec spec;
    size_t own_mounts; /* those that are there without being asked for */
};

/*
 * Makes the configuration that OPTIONS (may be NULL) ask for: *RET_JSON, for free(3).  Leaves in BUNDLE what
 * spec_origin() asks; it may be NULL.
 */
int spec_make(const struct ocirt_spec_options *options, struct bundle *bundle, char **ret_json,
              struct err *err);

/*
 * Which option of `ocirt run --rootfs` gave PROPERTY its value: "--volume /a:/b".  See struct err_source; the
 * context is a struct bundle that was made.
 */
char *spec_origin(const void *context, const char *property);

/* Parses the default configuration into *RET, a zeroed struct. */
int engine_default_spec(struct arena *arena, struct oci_spec *ret, struct err *err);

/* ---- the parts ----------------------------------------------------------------------------------------- */

int spec_process(struct spec_job *job, struct err *err); /* program, environment, user, capabilities */
int spec_ids(struct spec_job *job,
             struct err *err); /* the user namespace of a rootless container, and its maps */
int spec_mounts(struct spec_job *job, struct err *err);    /* after ids: root filesystem and mounts */
int spec_resources(struct spec_job *job, struct err *err); /* limits */
int spec_seccomp(struct spec_job *job, struct err *err);   /* after process: the default filter */

/* ---- shared between them ------------------------------------------------------------------------------- */

int spec_user(struct spec_job *job, struct err *err); /* spec_user.c: part of spec_process */

/*
 * Adds ELEMENT (of SIZE bytes) to the list of *N elements at *V; the list is a new one then.  0 or -ENOMEM.
 */
int spec_append(struct arena *arena, void *v, size_t *n, size_t size, const void *element);
#define SPEC_APPEND(arena, list, element) \
    spec_append(arena, &(list)->v, &(list)->n, sizeof *(list)->v, &(element))

int spec_append_string(struct arena *arena, struct json_strings *list, const char *s);

/* Is gid 5, to which terminals belong by custom, known in the container? */
bool spec_knows_gid(const struct spec_job *job, uint32_t gid);

#endif
