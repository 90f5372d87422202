/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.c - the seccomp program of a container, from the cache or compiled by libseccomp.
 */
#include "host/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "host/seccomp_cache.h"
#include "host/seccomp_compile.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* ---- the key: everything that the program is made from ------------------------------------------------- */

static void put_number(struct text *key, uint64_t number)
{
    text_put(key, (const char *) &number, sizeof number);
}

/* With the NUL: no string can pretend to be two. */
static void put_string(struct text *key, const char *s)
{
    text_put(key, s, strlen(s) + 1);
}

static void put_strings(struct text *key, const struct json_strings *list)
{
    put_number(key, list->n);
    for (size_t i = 0; i < list->n; i++)
        put_string(key, list->v[i]);
}

static void put_syscall(struct text *key, const struct oci_syscall *call)
{
    put_strings(key, &call->names);
    put_number(key, call->action);
    put_number(key, json_has(call, errno_ret));
    put_number(key, call->errno_ret);
    put_number(key, call->args.n);
    for (size_t i = 0; i < call->args.n; i++) {
        const struct oci_syscall_arg *arg = call->args.v[i];

        put_number(key, arg->index);
        put_number(key, arg->value);
        put_number(key, arg->value_two);
        put_number(key, arg->op);
    }
}

/* The flags are not in it: they go to the kernel beside the program. */
static void put_key(struct text *key, const struct plan_seccomp *seccomp)
{
    autotext struct text compiler = { 0 };

    host_seccomp_compiler(&compiler);
    put_string(key, text_string(&compiler));
    put_number(key, seccomp->default_action);
    put_number(key, seccomp->fail_unknown);
    put_strings(key, &seccomp->from->architectures);
    put_number(key, seccomp->from->syscalls.n);
    for (size_t i = 0; i < seccomp->from->syscalls.n; i++)
        put_syscall(key, seccomp->from->syscalls.v[i]);
}

/* ---- the program --------------------------------------------------------------------------------------- */

static int from_profile(const struct plan_seccomp *seccomp, int cache_fd, struct host_seccomp *ret,
                        struct err *err)
{
    autotext struct text key = { 0 };
    int r;

    put_key(&key, seccomp);
    if (text_result(&key) < 0)
        return err_nomem(err);
    if (cache_fd >= 0 && host_seccomp_cache_load(cache_fd, key.s, key.n, &ret->program, &ret->n) == 0)
        return 0;
    r = host_seccomp_compile(seccomp, &ret->program, &ret->n, err);
    if (r == 0 && cache_fd >= 0)
        /* the next start is slower */
        (void) host_seccomp_cache_store(cache_fd, key.s, key.n, ret->program, ret->n);
    return r;
}

/* Annotation run.oci.seccomp_bpf_data. */
static int from_annotation(const struct plan_seccomp *seccomp, struct host_seccomp *ret, struct err *err)
{
    size_t n = seccomp->raw_size / sizeof *ret->program;
    struct sock_filter *program;

    if (seccomp->raw_size % sizeof *ret->program != 0 || n == 0 || n > BPF_MAXINSNS)
        return err_set(
            err, ERR_SECCOMP, EINVAL,
            "annotation run.oci.seccomp_bpf_data: %zu bytes are not 1 to %d instructions of %zu bytes",
            seccomp->raw_size, BPF_MAXINSNS, sizeof *program);
    program = malloc(seccomp->raw_size);
    if (!program)
        return err_nomem(err);
    memcpy(program, seccomp->raw_bpf, seccomp->raw_size);
    ret->program = program;
    ret->n = n;
    return 0;
}

/*
 * TSYNC is about other threads: the stub has none, but for the one that sends the listener and must have no
 * filter. WAIT_KILLABLE_RECV without a listener is EINVAL.
 */
static unsigned kernel_flags(const struct plan_seccomp *seccomp)
{
    const unsigned tsync = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    unsigned flags = seccomp->flags & ~tsync;

    return seccomp->notify ? flags : flags & ~(unsigned) SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

int host_seccomp_build(const struct plan_seccomp *seccomp, int cache_fd, struct host_seccomp *ret,
                       struct err *err)
{
    struct host_seccomp made = { .flags = kernel_flags(seccomp), .notify = seccomp->notify };
    int r;

    if (seccomp->raw_bpf)
        r = from_annotation(seccomp, &made, err);
    else
        r = from_profile(seccomp, cache_fd, &made, err);
    if (r < 0)
        return r;
    *ret = made;
    return 0;
}

void host_seccomp_done(struct host_seccomp *seccomp)
{
    free(seccomp->program);
    *seccomp = (struct host_seccomp){ 0 };
}
