/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_denial.c - who refused a call: the order is from what is certain to what may be.
 */
#include "engine/explain_denial.h"

#include <errno.h>
#include <linux/capability.h>

#include "plan/capability_name.h"

static bool is_denial(const struct err *err)
{
    return err->number == EPERM || err->number == EACCES || err->number == ENOSYS;
}

static bool has(const struct host_denial *found, int capability)
{
    return capability < 0 || found->capabilities & (uint64_t) 1 << capability;
}

static void say_call(struct err *err, const struct denial *denial, const struct host_denial *found)
{
    bool of_mounts = denial->capability == CAP_SYS_ADMIN;

    err_hint(err,
             "a seccomp filter around the runtime refuses %s(2): let the profile of the outer container or "
             "service allow it%s",
             found->call, of_mounts ? " (those of Docker and Podman do with CAP_SYS_ADMIN)" : "");
}

static void say_capability(struct err *err, const struct denial *denial)
{
    char *name = plan_capability_name(denial->capability);

    err_hint(
        err,
        "it takes %s, which the runtime does not have: give it to the outer container or service, or let "
        "the container have a user namespace",
        name ? name : "a capability");
    (void) cap_free(name);
}

static void say_module(struct err *err, const struct host_denial *found, bool certain)
{
    err_hint(err,
             "the runtime is confined by %s (%s), which %s: allow it there, or run the outer container or "
             "service without; the kernel's log has what was denied",
             found->module, found->label, certain ? "forbids it" : "may forbid it");
}

bool explain_denial_say(struct err *err, const struct denial *denial, const struct host_denial *found,
                        bool certain)
{
    /* Modes of files don't stop who has this capability in the namespace that owns them. */
    bool above_modes = !denial->inside && has(found, CAP_DAC_OVERRIDE);

    if (found->call)
        say_call(err, denial, found);
    else if (err->number == EPERM && !denial->inside && !has(found, denial->capability))
        say_capability(err, denial);
    else if (err->number == EACCES && found->module && above_modes)
        say_module(err, found, true);
    else if (certain)
        return false;
    else if (err->number != ENOSYS && found->module)
        say_module(err, found, false);
    else if (found->filtered)
        err_hint(err, "a seccomp filter is in force around the runtime, and may refuse a call with these "
                      "arguments: look at the profile of the outer container or service");
    else
        return false;
    return true;
}

static bool explain(struct err *err, const struct denial *denial, bool certain)
{
    autodenial struct host_denial found = { 0 };

    if (!is_denial(err))
        return false;
    host_denial_look(denial->calls, &found);
    return explain_denial_say(err, denial, &found, certain);
}

bool explain_denial(struct err *err, const struct denial *denial)
{
    return explain(err, denial, true);
}

void explain_denial_perhaps(struct err *err, const struct denial *denial)
{
    if (!err->hint)
        (void) explain(err, denial, false);
}

void explain_denied_cgroup(struct err *err)
{
    const struct denial denial = {
        .calls = err->code == ERR_PROCESS ? HOST_DENIAL_NAMESPACES : HOST_DENIAL_PATHS,
        .capability = -1,
    };

    if (err->number != EACCES) /* cgroups have owners and modes of their own */
        (void) explain_denial(err, &denial);
}
