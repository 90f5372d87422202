/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd_devices.c - device rules as DevicePolicy and DeviceAllow.
 *
 * systemd.resource-control(5): a device is a path, for which "/dev/char/1:3" does without the node's being
 * there; a range is "char-136" (by major, since 240) or "char-*".
 */
#include <errno.h>
#include <inttypes.h>

#include "plan/systemd_limits.h"

static const char *pattern(struct arena *arena, const struct plan_device_rule *r, char type)
{
    const char *name = type == 'c' ? "char" : "block";

    if (r->type == 'a' || r->major < 0)
        return arena_printf(arena, "%s-*", name);
    if (r->minor < 0)
        return arena_printf(arena, "%s-%" PRId64, name, r->major);
    return arena_printf(arena, "/dev/%s/%" PRId64 ":%" PRId64, name, r->major, r->minor);
}

static int add(struct arena *arena, struct plan_variant *list, const struct plan_device_rule *r, char type)
{
    struct plan_variant *pair = plan_variant_container(arena, "(ss)");
    const char *access =
        arena_printf(arena, "%s%s%s", r->access & PLAN_DEVICE_READ ? "r" : "",
                     r->access & PLAN_DEVICE_WRITE ? "w" : "", r->access & PLAN_DEVICE_MKNOD ? "m" : "");
    int n = plan_variant_append(arena, pair, plan_variant_string(arena, pattern(arena, r, type)));

    if (n == 0)
        n = plan_variant_append(arena, pair, plan_variant_string(arena, access));
    return n < 0 ? n : plan_variant_append(arena, list, pair);
}

static struct plan_variant *allowed(struct arena *arena, const struct plan_device_rules *rules)
{
    struct plan_variant *list = plan_variant_container(arena, "a(ss)");
    int n = list ? 0 : -ENOMEM;

    for (size_t i = 0; n == 0 && i < rules->n; i++) {
        const struct plan_device_rule *r = &rules->v[i];

        if (r->allow && r->access && r->type != 'b')
            n = add(arena, list, r, 'c');
        if (n == 0 && r->allow && r->access && r->type != 'c')
            n = add(arena, list, r, 'b');
    }
    return n < 0 ? NULL : list;
}

int plan_systemd_devices_add(struct plan_systemd_properties *list, const struct plan_device_rules *rules,
                             bool replace)
{
    bool all = plan_device_rules_allow_all(rules);
    int r = 0;

    if (all && !replace)
        return 0;
    r = plan_systemd_properties_add(list, "DevicePolicy",
                                    plan_variant_string(list->arena, all ? "auto" : "strict"));
    /* An empty list takes away what was given before; another one is added to it. */
    if (r == 0 && replace)
        r = plan_systemd_properties_add(list, "DeviceAllow", plan_variant_container(list->arena, "a(ss)"));
    if (r == 0 && !all)
        r = plan_systemd_properties_add(list, "DeviceAllow", allowed(list->arena, rules));
    return r;
}
