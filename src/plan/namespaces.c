/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces.c - which namespaces are new and which are joined (config-linux.md "Namespaces").
 *
 * The joined ones are listed with the user namespace first and the mount
 * namespace last; which of them is entered first depends on who owns what, and
 * init decides that.
 */
#include "plan/namespaces.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/annotations.h"
#include "plan/compile.h"

static const uint64_t flags[] = {
    [OCI_NAMESPACE_PID] = CLONE_NEWPID,       [OCI_NAMESPACE_NETWORK] = CLONE_NEWNET,
    [OCI_NAMESPACE_MOUNT] = CLONE_NEWNS,      [OCI_NAMESPACE_IPC] = CLONE_NEWIPC,
    [OCI_NAMESPACE_UTS] = CLONE_NEWUTS,       [OCI_NAMESPACE_USER] = CLONE_NEWUSER,
    [OCI_NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [OCI_NAMESPACE_TIME] = CLONE_NEWTIME,
};

static const enum oci_namespace_type join_order[] = {
    OCI_NAMESPACE_USER, OCI_NAMESPACE_PID, OCI_NAMESPACE_TIME,    OCI_NAMESPACE_CGROUP,
    OCI_NAMESPACE_IPC,  OCI_NAMESPACE_UTS, OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_MOUNT,
};

enum { N_TYPES = sizeof flags / sizeof *flags };

uint64_t plan_namespace_flag(enum oci_namespace_type type)
{
    return (size_t) type < N_TYPES ? flags[type] : 0;
}

const char *plan_namespace_name(uint64_t flag)
{
    for (unsigned i = 1; i < N_TYPES; i++)
        if (flags[i] == flag)
            return json_word(&oci_namespace_types, i);
    return "?";
}

bool plan_has_namespace(const struct plan *plan, uint64_t flag)
{
    return (plan->namespaces.fresh | plan->namespaces.joined) & flag;
}

/* An empty path is how some writers leave it out. */
static bool is_joined(const struct oci_namespace *ns)
{
    return ns->path && *ns->path;
}

static const struct oci_namespace *user_namespace(const struct oci_spec *spec)
{
    const struct oci_linux *linux = plan_linux(spec);

    for (size_t i = 0; i < linux->namespaces.n; i++)
        if (linux->namespaces.v[i]->type == OCI_NAMESPACE_USER)
            return linux->namespaces.v[i];
    return NULL;
}

bool plan_has_user_namespace(const struct oci_spec *spec)
{
    return user_namespace(spec);
}

bool plan_joins_user_namespace(const struct oci_spec *spec)
{
    const struct oci_namespace *ns = user_namespace(spec);

    return ns && is_joined(ns);
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static int take(struct plan_namespaces *out, const struct oci_namespace *ns, struct err *err)
{
    uint64_t flag = plan_namespace_flag(ns->type);

    if ((out->fresh | out->joined) & flag)
        return ERR_AT(err, ns, type, ERR_CONFIG_CONFLICT, 0, "a second namespace of type \"%s\"",
                      plan_namespace_name(flag));
    if (!is_joined(ns)) {
        out->fresh |= flag;
        return 0;
    }
    out->joined |= flag;
    if (*ns->path != '/')
        return ERR_AT(err, ns, path, ERR_CONFIG_VALUE, 0, "\"%s\" is not an absolute path", ns->path);
    return 0;
}

static void list_joined(struct plan_namespaces *out, const struct oci_linux *linux)
{
    for (size_t turn = 0; turn < sizeof join_order / sizeof *join_order; turn++)
        for (size_t i = 0; i < linux->namespaces.n; i++) {
            const struct oci_namespace *ns = linux->namespaces.v[i];

            if (ns->type != join_order[turn] || !is_joined(ns))
                continue;
            out->join[out->n_join++] = (struct plan_join){
                .flag = plan_namespace_flag(ns->type),
                .path = ns->path,
                .ns_fd = -1,
                .from = ns,
            };
        }
}

/* ---- what only makes sense in a namespace of one's own ------------------------------------------------- */

static int check_rootless(const struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int r;

    if (!plan->facts.rootless || plan_has_namespace(plan, CLONE_NEWUSER))
        return 0;
    r = plan->spec->linux
            ? ERR_AT(err, linux, namespaces, ERR_NAMESPACE, 0, "without root, a user namespace is needed")
            : err_set(err, ERR_NAMESPACE, 0, "linux.namespaces: without root, a user namespace is needed");
    err_hint(err, "add { \"type\": \"user\" } to linux.namespaces, or begin with `ocirt spec --rootless`");
    return r;
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static const char *const clock_names[] = { NULL, "monotonic", "boottime" };
static const struct json_words clocks = { clock_names, sizeof clock_names / sizeof *clock_names };

enum { NANOSECONDS = 1000000000 };
#define SECONDS_MAX (LLONG_MAX / NANOSECONDS) /* KTIME_SEC_MAX */

static int check_offset(const struct oci_time_offset *offset, struct err *err)
{
    int r = 0;

    if (!json_word_value(&clocks, offset->key)) {
        r = err_at(err, &offset->node, ERR_NO_MEMBER, ERR_CONFIG_VALUE, 0, "there is no clock \"%s\"",
                   offset->key);
        err_hint(err, "the clocks are \"monotonic\" and \"boottime\"");
    } else if (offset->secs > SECONDS_MAX || offset->secs < -SECONDS_MAX) {
        r = ERR_AT(err, offset, secs, ERR_CONFIG_VALUE, 0, "%lld is out of range, which is -%lld to %lld",
                   (long long) offset->secs, SECONDS_MAX, SECONDS_MAX);
    } else if (offset->nanosecs >= NANOSECONDS) {
        r = ERR_AT(err, offset, nanosecs, ERR_CONFIG_VALUE, 0, "%u is out of range, which is 0 to %d",
                   offset->nanosecs, NANOSECONDS - 1);
    }
    return r;
}

/* The offsets of a time namespace can be written until a process is in it: not when it is joined. */
static int check_time_namespace(const struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    const struct json_node *node = linux->time_offsets.n ? &linux->node : &plan->spec->node;
    size_t member = linux->time_offsets.n ? offsetof(struct oci_linux, time_offsets)
                                          : offsetof(struct oci_spec, annotations);
    int r;

    if (plan->namespaces.fresh & CLONE_NEWTIME)
        return 0;
    if (plan->namespaces.joined & CLONE_NEWTIME)
        return err_at(err, node, member, ERR_CONFIG_CONFLICT, 0,
                      "the clocks of a time namespace that is joined can't be set");
    r = err_at(err, node, member, ERR_NAMESPACE, 0, "clock offsets need a new time namespace");
    err_hint(err, "add { \"type\": \"time\" } to linux.namespaces");
    return r;
}

static int compile_offsets(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    char *text = NULL;
    int failed = 0;

    for (size_t i = 0; i < linux->time_offsets.n; i++) {
        const struct oci_time_offset *offset = linux->time_offsets.v[i];

        if (!plan_go_on(err, check_offset(offset, err), &failed))
            return failed;
        text = arena_printf(&plan->arena, "%s%s %lld %u\n", text ? text : "", offset->key,
                            (long long) offset->secs, offset->nanosecs);
        if (!text)
            return err_nomem(err);
    }
    plan->namespaces.time_offsets = text;
    return failed;
}

/* "CLOCK SECONDS NANOSECONDS": older than the property, and in the kernel's own form. */
static int compile_offset_annotation(struct plan *plan, const char *value, struct err *err)
{
    long long seconds;
    unsigned nanoseconds;
    char clock[16], rest;

    if (sscanf(value, "%15s %lld %u %c", clock, &seconds, &nanoseconds, &rest) != 3 ||
        !json_word_value(&clocks, clock) || seconds > SECONDS_MAX || seconds < -SECONDS_MAX ||
        nanoseconds >= NANOSECONDS)
        return plan_annotation_error(plan->spec, PLAN_ANNOTATION_TIME_OFFSET, ERR_CONFIG_VALUE, err,
                                     "\"%s\" is not CLOCK SECONDS NANOSECONDS", value);
    plan->namespaces.time_offsets = arena_printf(&plan->arena, "%s %lld %u\n", clock, seconds, nanoseconds);
    return plan->namespaces.time_offsets ? 0 : err_nomem(err);
}

static int compile_time(struct plan *plan, struct err *err)
{
    const char *annotation = plan_annotation(plan->spec, PLAN_ANNOTATION_TIME_OFFSET);
    bool offsets = plan_linux(plan->spec)->time_offsets.n;
    int failed = 0;

    if (!offsets && !annotation)
        return 0;
    if (!plan_go_on(err, check_time_namespace(plan, err), &failed))
        return failed;
    (void) plan_go_on(err,
                      offsets ? compile_offsets(plan, err) : compile_offset_annotation(plan, annotation, err),
                      &failed);
    return failed;
}

int plan_namespaces_compile(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int failed = 0;

    for (size_t i = 0; i < linux->namespaces.n; i++)
        if (!plan_go_on(err, take(&plan->namespaces, linux->namespaces.v[i], err), &failed))
            return failed;
    if (failed == 0) /* else there may be more than there is room for */
        list_joined(&plan->namespaces, linux);
    plan->loopback_up = plan->namespaces.fresh & CLONE_NEWNET;
    if (!plan_go_on(err, check_rootless(plan, err), &failed))
        return failed;
    (void) plan_go_on(err, compile_time(plan, err), &failed);
    return failed;
}
