/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * context.c - the context of the library, and its errors.
 */
#include "engine/context.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/trace.h"
#include "host/cgroup.h"
#include "host/state.h"

struct err engine_err(const struct ocirt *ocirt)
{
    return (struct err){ .warn = ocirt ? ocirt->warn : NULL, .context = ocirt ? ocirt->context : NULL };
}

int engine_result(int r, struct err *err, struct ocirt_error **ret_error)
{
    struct ocirt_error *error = r < 0 && ret_error ? calloc(1, sizeof *error) : NULL;

    if (r < 0 && !err_is_set(err))
        (void) err_set(err, ERR_INTERNAL, r, "failed without a reason");
    if (error)
        err_move(&error->err, err);
    if (r < 0 && ret_error)
        *ret_error = error;
    err_done(err);
    return r;
}

int engine_options(void *to, size_t size, const void *from, const char *name, struct err *err)
{
    size_t given = size;

    memset(to, 0, size);
    if (from)
        memcpy(&given, from, sizeof given);
    if (given <= sizeof given)
        return err_set(err, ERR_USAGE, EINVAL,
                       "struct %s: its size is %zu; it must be set to sizeof(struct %s)", name, given, name);
    for (size_t i = size; from && i < given; i++)
        if (((const unsigned char *) from)[i])
            return err_set(err, ERR_USAGE, E2BIG,
                           "struct %s: libocirt %s does not know what is set at byte %zu", name,
                           ocirt_version(), i);
    if (from)
        memcpy(to, from, given < size ? given : size);
    return 0;
}

void engine_debug(const struct ocirt *ocirt, const char *fmt, ...)
{
    autotext struct text text = { 0 };
    va_list ap;

    if (!ocirt->debug)
        return;
    va_start(ap, fmt);
    text_vadd(&text, fmt, ap);
    va_end(ap);
    ocirt->debug(ocirt->context, text_string(&text));
}

/* The initial user namespace maps every id to itself. */
bool engine_in_user_namespace(void)
{
    char buf[128];
    autoclose int fd = sys_openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY, 0);
    ssize_t n = fd < 0 ? 0 : sys_read(fd, buf, sizeof buf - 1);
    unsigned long inside, outside, size;

    if (n <= 0)
        return false;
    buf[n] = '\0';
    return sscanf(buf, "%lu %lu %lu", &inside, &outside, &size) != 3 || inside || outside ||
           size != UINT32_MAX;
}

int engine_facts(const struct ocirt *ocirt, struct arena *arena, struct plan_facts *ret, struct err *err)
{
    struct plan_facts facts = { .euid = geteuid(), .egid = getegid(), .last_capability = CAP_LAST_CAP };
    int r = host_cgroup_facts(&facts, arena);

    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "cannot find out how /sys/fs/cgroup is mounted");
    /* The kernel may know more than the headers, or less. */
    while (facts.last_capability < 63 && prctl(PR_CAPBSET_READ, facts.last_capability + 1, 0, 0, 0) >= 0)
        facts.last_capability++;
    while (facts.last_capability > 0 && prctl(PR_CAPBSET_READ, facts.last_capability, 0, 0, 0) < 0)
        facts.last_capability--;
    facts.in_user_namespace = engine_in_user_namespace();
    facts.rootless = facts.euid != 0;
    facts.may_lack_cgroup =
        ocirt->rootless == OCIRT_ROOTLESS_YES ||
        (ocirt->rootless == OCIRT_ROOTLESS_AUTO && (facts.rootless || facts.in_user_namespace));
    if (ocirt->rootless == OCIRT_ROOTLESS_NO && facts.rootless)
        return err_set(err, ERR_USAGE, EPERM, "--rootless=false needs root");
    *ret = facts;
    return 0;
}

static int keep(const char *given, char **ret)
{
    *ret = given ? strdup(given) : NULL;
    return given && !*ret ? -ENOMEM : 0;
}

/* W3C Trace Context 3.2.2.6: one that can't be read is as if there were none. */
static int keep_parent(struct ocirt *ocirt, const char *given)
{
    if (given && !trace_is_parent(given)) {
        engine_debug(ocirt, "TRACEPARENT is left out: it is none of W3C Trace Context");
        return 0;
    }
    if (given)
        trace_parent(ocirt->trace_fd, given);
    return keep(given, &ocirt->traceparent);
}

int ocirt_new(const struct ocirt_options *options, struct ocirt **ret_ocirt, struct ocirt_error **ret_error)
{
    static const enum plan_cgroup_manager managers[] = {
        [OCIRT_MANAGER_CGROUPFS] = PLAN_MANAGER_CGROUPFS,
        [OCIRT_MANAGER_SYSTEMD] = PLAN_MANAGER_SYSTEMD,
        [OCIRT_MANAGER_DISABLED] = PLAN_MANAGER_DISABLED,
    };
    struct ocirt_options given;
    struct err err = { 0 };
    autofree struct ocirt *ocirt = calloc(1, sizeof *ocirt);

    if (!ocirt)
        return engine_result(err_nomem(&err), &err, ret_error);
    if (engine_options(&given, sizeof given, options, "ocirt_options", &err) < 0)
        return engine_result(-EINVAL, &err, ret_error);
    if ((size_t) given.manager >= sizeof managers / sizeof *managers)
        return engine_result(err_set(&err, ERR_USAGE, EINVAL, "unknown cgroup manager"), &err, ret_error);
    if ((unsigned) given.rootless > OCIRT_ROOTLESS_NO)
        return engine_result(err_set(&err, ERR_USAGE, EINVAL, "unknown value of rootless"), &err, ret_error);
    *ocirt = (struct ocirt){
        .manager = managers[given.manager],
        .rootless = given.rootless,
        .warn = given.warn,
        .debug = given.debug,
        .context = given.context,
        .trace_fd = given.trace_fd,
    };
    if (keep(given.root, &ocirt->root) < 0 || keep_parent(ocirt, given.traceparent) < 0 ||
        keep(given.notify_socket, &ocirt->notify_socket) < 0) {
        free(ocirt->root);
        free(ocirt->traceparent);
        return engine_result(err_nomem(&err), &err, ret_error);
    }
    *ret_ocirt = take_ptr(&ocirt);
    return 0;
}

void ocirt_free(struct ocirt *ocirt)
{
    if (ocirt) {
        free(ocirt->root);
        free(ocirt->traceparent);
        free(ocirt->notify_socket);
    }
    free(ocirt);
}

int ocirt_root(const struct ocirt *ocirt, char **ret_path, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    autoclose int fd = -EBADF;
    int r = host_root_open(ocirt->root, false, ret_path, &fd, &err);

    return engine_result(r, &err, ret_error);
}

const char *ocirt_error_text(const struct ocirt_error *error)
{
    return error && error->err.text ? error->err.text : "out of memory";
}

const char *ocirt_error_code(const struct ocirt_error *error)
{
    return err_code_name(error ? error->err.code : ERR_MEMORY);
}

const char *ocirt_error_property(const struct ocirt_error *error)
{
    return error ? error->err.property : NULL;
}

unsigned ocirt_error_line(const struct ocirt_error *error)
{
    return error ? error->err.line : 0;
}

int ocirt_error_number(const struct ocirt_error *error)
{
    return error ? error->err.number : ENOMEM;
}

const char *ocirt_error_hint(const struct ocirt_error *error)
{
    return error ? error->err.hint : NULL;
}

const struct ocirt_error *ocirt_error_next(const struct ocirt_error *error)
{
    return error ? (const struct ocirt_error *) (const void *) error->err.next : NULL;
}

void ocirt_error_free(struct ocirt_error *error)
{
    if (error)
        err_done(&error->err);
    free(error);
}
