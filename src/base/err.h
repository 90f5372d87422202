/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * err.h - what is told to the person who called: one error, or all of them, and warnings.
 *
 * Low code returns -errno and says nothing.  The function that knows what the
 * user asked for writes the sentence, once, with err_set() or err_at(); callers
 * may put words in front of it.  Both return the negative errno, so that
 * `return err_at(err, ...)` is the idiom.
 *
 * A struct err keeps the first error; with `collect` set it keeps every one
 * (`ocirt check`), linked by `next`.
 */
#ifndef OCIRT_BASE_ERR_H
#define OCIRT_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "libocispec/json.h"

/* Stable codes: `ocirt explain CODE` and docs/errors.md tell more of each. */
/* clang-format off */
#define ERR_CODES(X)                                                            \
    X(NONE) X(USAGE) X(CONFIG_JSON) X(CONFIG_VALUE) X(CONFIG_MISSING)           \
    X(CONFIG_CONFLICT) X(UNSUPPORTED) X(CONSENT) X(CONTAINER_ID) X(EXISTS) X(NOT_FOUND)    \
    X(STATUS) X(BUNDLE) X(ROOTFS) X(NAMESPACE) X(ID_MAP) X(MOUNT) X(DEVICE)     \
    X(CGROUP) X(SYSTEMD) X(EXEC) X(CWD) X(USER) X(CAPABILITY) X(RLIMIT)         \
    X(SCHEDULER) X(SYSCTL) X(SECCOMP) X(LSM) X(TERMINAL) X(HOOK) X(NETWORK)     \
    X(RDT) X(KEYRING) X(STATE_FILE) X(PROCESS) X(INIT_DIED) X(CHECKPOINT)       \
    X(MEMORY) X(KERNEL) X(IO) X(INTERNAL)
/* clang-format on */

enum err_code {
#define X(name) ERR_##name,
    ERR_CODES(X)
#undef X
};

/* The text that json_nodes point into, for lines; belongs to the caller. */
struct err_source {
    const char *name; /* "config.json", as errors show it */
    const char *text;
    /*
     * For a text that nobody has seen: what to say instead of the line of PROPERTY ("mounts[7].source"), as
     * "--volume /a:/b".  "" for nothing; NULL: the name of the property.  For free(3).
     */
    char *(*origin)(const void *context, const char *property);
    const void *context;
};

struct err {
    const struct err_source *source;
    void (*warn)(void *context, const char *text);
    void *context;
    bool collect;

    enum err_code code; /* ERR_NONE: no error */
    int number;         /* the kernel's errno, positive; 0 if it had no say */
    char *text;         /* one line; malloc'd */
    char *property;     /* "mounts[3].type"; NULL if none */
    unsigned line;      /* in source->name; 0 if none */
    char *hint;         /* what to do; NULL if none */
    struct err *next;
};

#define ERR_NO_MEMBER ((size_t) -1)

/* "E_MOUNT" for ERR_MOUNT, and back (ERR_NONE if there is none). */
const char *err_code_name(enum err_code code);
enum err_code err_code_of(const char *name);

static inline bool err_is_set(const struct err *err)
{
    return err->code != ERR_NONE;
}

/*
 * Sets the error.  NUMBER is an errno of either sign (0: none); its text is
 * appended after ": ".  Returns -|NUMBER|, or -EINVAL if that is 0.
 */
int err_set(struct err *err, enum err_code code, int number, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * The same, about a member of an object of the document: "config.json:64: mounts[3].type: ..." is put in
 * front.  MEMBER is offsetof in the struct that begins with NODE, or ERR_NO_MEMBER for the object itself.
 */
int err_at(struct err *err, const struct json_node *node, size_t member, enum err_code code, int number,
           const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* err_at for member M of object O. */
#define ERR_AT(err, o, m, code, number, ...) \
    err_at(err, &(o)->node, offsetof(__typeof__(*(o)), m), code, number, __VA_ARGS__)

/* The same for element INDEX of the list (of strings or numbers) in that member. */
int err_at_index(struct err *err, const struct json_node *node, size_t member, size_t index,
                 enum err_code code, int number, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/*
 * Adds to the error just set what the reader could do about it.  Must not contain words that engines match.
 */
void err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "WORDS: " in front of the text ("create web1: "). */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A warning never changes what happens (runtime.md "Warnings"). */
void err_warn(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_warn_at(struct err *err, const struct json_node *node, size_t member, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

int err_nomem(struct err *err); /* -ENOMEM */

/* Moves the error of FROM (reset by that) to TO. */
void err_move(struct err *to, struct err *from);

void err_done(struct err *err); /* frees what it holds; source, warn and collect stay */

#endif
