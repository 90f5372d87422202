/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_print.c - the cgroup part of the plan as text, a line a step.
 */
#include "plan/cgroup.h"

#include "base/text.h"
#include "plan/systemd_properties.h"

static void print_write(const struct plan_cgroup_write *w, struct text *out)
{
    text_add(out, "cgroup-write %s %s = %s", w->controller ? w->controller : "-", w->file, w->value);
    if (w->fallback)
        text_add(out, " or %s = %s", w->fallback, w->fallback_value ? w->fallback_value : w->value);
    text_add(out, "%s%s", w->optional ? " (optional)" : "", w->after_next ? " (may go after the next)" : "");
    if (w->usage)
        text_add(out, " (not below %s)", w->usage);
    text_add(out, "\n");
}

static void print_number(int64_t number, struct text *out)
{
    if (number < 0)
        text_add(out, "*");
    else
        text_add(out, "%lld", (long long) number);
}

static void print_rule(const struct plan_device_rule *r, struct text *out)
{
    text_add(out, "device-rule %s %c ", r->allow ? "allow" : "deny", r->type);
    print_number(r->major, out);
    text_add(out, ":");
    print_number(r->minor, out);
    text_add(out, " %s%s%s\n", r->access & PLAN_DEVICE_READ ? "r" : "",
             r->access & PLAN_DEVICE_WRITE ? "w" : "", r->access & PLAN_DEVICE_MKNOD ? "m" : "");
}

void plan_cgroup_print(const struct plan *plan, struct text *out)
{
    static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };
    const struct plan_cgroup *cg = &plan->cgroup;

    text_add(out, "cgroup %s", managers[cg->manager]);
    if (cg->path)
        text_add(out, " %s%s", cg->path, cg->path_is_relative ? " relative" : "");
    if (cg->scope)
        text_add(out, " slice %s scope %s", cg->slice ? cg->slice : "default", cg->scope);
    if (cg->delegate)
        text_add(out, " delegate%s%s", cg->delegate_path ? " " : "",
                 cg->delegate_path ? cg->delegate_path : "");
    if (cg->subgroup)
        text_add(out, " subgroup %s", cg->subgroup);
    text_add(out, "\n");
    for (size_t i = 0; cg->writes && i < cg->writes->n; i++)
        print_write(&cg->writes->v[i], out);
    for (size_t i = 0; cg->device_rules && i < cg->device_rules->n; i++)
        print_rule(&cg->device_rules->v[i], out);
    if (cg->properties)
        plan_systemd_properties_print(cg->properties, "systemd-property ", out);
}
