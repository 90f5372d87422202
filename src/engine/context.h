/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * context.h - what a call has at hand: the context of the library, and a container's bundle.
 */
#ifndef OCIRT_ENGINE_CONTEXT_H
#define OCIRT_ENGINE_CONTEXT_H

#include <stdarg.h>

#include "base/err.h"
#include "libocirt.h"
#include "libocispec/arena.h"
#include "plan/plan.h"

struct ocirt {  /* never changed after ocirt_new() */
    char *root; /* as given; NULL: the default */
    enum plan_cgroup_manager manager;
    enum ocirt_rootless rootless;
    void (*warn)(void *context, const char *text);
    void (*debug)(void *context, const char *text);
    void *context;
    int trace_fd;
    char *traceparent;   /* valid; NULL: none */
    char *notify_socket; /* for start; NULL: none */
};

struct ocirt_error {
    struct err err;
};

/* An error that warns through the context. */
struct err engine_err(const struct ocirt *ocirt);

/* Gives ERR to the caller as *RET_ERROR (may be NULL), or drops it; returns R. */
int engine_result(int r, struct err *err, struct ocirt_error **ret_error);

/*
 * Copies the caller's struct of options FROM, which begins with its size, to TO; NULL is one without any.
 * NAME: of the struct.  A caller that was built with a newer header may only have set what SIZE bytes hold.
 */
int engine_options(void *to, size_t size, const void *from, const char *name, struct err *err);

void engine_debug(const struct ocirt *ocirt, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What the host is like.  Strings live in ARENA. */
int engine_facts(const struct ocirt *ocirt, struct arena *arena, struct plan_facts *ret, struct err *err);

/* Is this process in a user namespace that is not the initial one? */
bool engine_in_user_namespace(void);

/* A configuration, read and parsed. */
struct bundle {
    struct arena arena; /* text, spec and plan's surroundings */
    char *path;         /* absolute; of the bundle */
    char *text;         /* of config.json */
    size_t size;
    struct oci_spec spec;
    struct err_source source;
    struct ocirt_spec_options wishes; /* what it was made from, if was_wished; the strings are the caller's */
    bool was_wished;
    size_t own_mounts; /* then: so many stand before those that were wished for */
};

/* Reads OPTIONS' configuration.  ERR then knows its source. */
int bundle_open(const struct ocirt_create_options *options, struct bundle *ret, struct err *err);

/* Parses TEXT (which must live as long as the bundle) as the configuration of the bundle at PATH. */
int bundle_parse(const struct ocirt *ocirt, char *text, size_t size, struct bundle *bundle, struct err *err);

void bundle_done(struct bundle *bundle);

#endif
