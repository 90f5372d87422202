/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.c - host name and domain name (config.md "Hostname", "Domainname").
 */
#include <linux/utsname.h>
#include <sched.h>
#include <string.h>

#include "plan/compile.h"

/* In the runtime's own UTS namespace the name would be the host's. */
static int compile_name(const struct plan *plan, const char *name, size_t member, const char **ret,
                        struct err *err)
{
    const struct json_node *node = &plan->spec->node;
    int r;

    if (!name || !*name)
        return 0;
    if (!plan_has_namespace(plan, CLONE_NEWUTS)) {
        r = err_at(err, node, member, ERR_NAMESPACE, 0, "setting a name needs a UTS namespace");
        err_hint(err, "add { \"type\": \"uts\" } to linux.namespaces");
        return r;
    }
    if (strlen(name) > __NEW_UTS_LEN)
        return err_at(err, node, member, ERR_CONFIG_VALUE, 0, "longer than %d characters", __NEW_UTS_LEN);
    *ret = name;
    return 0;
}

int plan_names_compile(struct plan *plan, struct err *err)
{
    const struct oci_spec *spec = plan->spec;
    int failed = 0;

    if (!plan_go_on(
            err,
            compile_name(plan, spec->hostname, offsetof(struct oci_spec, hostname), &plan->hostname, err),
            &failed))
        return failed;
    (void) plan_go_on(
        err,
        compile_name(plan, spec->domainname, offsetof(struct oci_spec, domainname), &plan->domainname, err),
        &failed);
    return failed;
}
