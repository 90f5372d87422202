/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net_devices.c - host network devices that move into the container (config-linux.md "Network Devices").
 */
#include <ctype.h>
#include <linux/if.h>
#include <sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

/* As the kernel's dev_valid_name() has it. */
static const char *name_fault(const char *name)
{
    if (!*name)
        return "is empty";
    if (strlen(name) >= IFNAMSIZ)
        return "is longer than 15 characters";
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return "is no name";
    for (; *name; name++)
        if (*name == '/' || *name == ':' || isspace((unsigned char) *name))
            return "has a \"/\", a \":\" or a space in it";
    return NULL;
}

/* "eth%d" lets the kernel choose a number; "%" has no other use. */
static const char *new_name_fault(const char *name)
{
    const char *percent = strchr(name, '%');

    if (percent && strcmp(percent, "%d"))
        return "may have \"%\" only in \"%d\" at its end";
    return name_fault(name);
}

static int check(const struct oci_net_device *from, struct err *err)
{
    const char *fault = name_fault(from->key);

    if (fault)
        return err_at(err, &from->node, ERR_NO_MEMBER, ERR_NETWORK, 0, "the name \"%s\" %s", from->key,
                      fault);
    fault = from->name && *from->name ? new_name_fault(from->name) : NULL; /* "": as if not given */
    if (fault)
        return ERR_AT(err, from, name, ERR_NETWORK, 0, "the name \"%s\" %s", from->name, fault);
    return 0;
}

static int add(struct plan *plan, const struct oci_net_device *from, struct err *err)
{
    const char *name = from->name && *from->name ? from->name : from->key;
    int r = check(from, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_net_devices; i++)
        if (!strchr(name, '%') && !strcmp(plan->net_devices[i].name, name))
            return err_at(err, &from->node, ERR_NO_MEMBER, ERR_CONFIG_CONFLICT, 0, "a second device named %s",
                          name);
    plan->net_devices[plan->n_net_devices++] = (struct plan_net_device){
        .host_name = from->key,
        .name = name,
        .from = from,
    };
    return 0;
}

static int check_possible(const struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int r;

    if (!plan_has_namespace(plan, CLONE_NEWNET)) {
        r = ERR_AT(err, linux, net_devices, ERR_NAMESPACE, 0,
                   "moving network devices needs a network namespace");
        err_hint(err, "add { \"type\": \"network\" } to linux.namespaces");
        return r;
    }
    if (plan->facts.rootless)
        return ERR_AT(err, linux, net_devices, ERR_UNSUPPORTED, 0, "only root can move network devices");
    return 0;
}

int plan_net_devices_compile(struct plan *plan, struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);
    int failed = 0;

    if (linux->net_devices.n == 0)
        return 0;
    plan->net_devices = arena_array(&plan->arena, linux->net_devices.n, sizeof *plan->net_devices);
    if (!plan->net_devices)
        return err_nomem(err);
    if (!plan_go_on(err, check_possible(plan, err), &failed))
        return failed;
    for (size_t i = 0; i < linux->net_devices.n; i++)
        if (!plan_go_on(err, add(plan, linux->net_devices.v[i], err), &failed))
            break;
    return failed;
}
