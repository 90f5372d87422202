/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt.c - the rules for linux.intelRdt that need no look at the resctrl filesystem (config-linux.md
 * "IntelRdt").
 */
#include <string.h>

#include "plan/compile.h"

/* Directories that every group has: a class of that name would hide one. */
static const char *const reserved[] = { "info", "mon_data", "mon_groups" };

static int check_clos_id(const struct oci_intel_rdt *rdt, struct err *err)
{
    const char *id = rdt->clos_id;

    if (!json_has(rdt, clos_id) || !strcmp(id, "/")) /* "/": the default class */
        return 0;
    if (!*id)
        return ERR_AT(err, rdt, clos_id, ERR_RDT, 0, "empty");
    if (strchr(id, '/') || strchr(id, '\n') || !strcmp(id, ".") || !strcmp(id, ".."))
        return ERR_AT(err, rdt, clos_id, ERR_RDT, 0, "\"%s\" is no name of a directory", id);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (!strcmp(id, reserved[i]))
            return ERR_AT(err, rdt, clos_id, ERR_RDT, 0, "resctrl itself uses the name \"%s\"", id);
    return 0;
}

/* The L3 schema may have several lines ("L3DATA:", "L3CODE:"); the others must not. */
static int check_schemas(const struct oci_intel_rdt *rdt, struct err *err)
{
    if (rdt->l3_cache_schema && *rdt->l3_cache_schema && strncmp(rdt->l3_cache_schema, "L3", 2))
        err_warn_at(err, &rdt->node, offsetof(struct oci_intel_rdt, l3_cache_schema),
                    "should begin with \"L3:\"");
    if (!rdt->mem_bw_schema || !*rdt->mem_bw_schema)
        return 0;
    if (strncmp(rdt->mem_bw_schema, "MB:", 3))
        return ERR_AT(err, rdt, mem_bw_schema, ERR_RDT, 0, "\"%s\" does not begin with \"MB:\"",
                      rdt->mem_bw_schema);
    if (strchr(rdt->mem_bw_schema, '\n'))
        return ERR_AT(err, rdt, mem_bw_schema, ERR_RDT, 0, "must be one line");
    return 0;
}

static int check_schemata(const struct oci_intel_rdt *rdt, struct err *err)
{
    size_t member = offsetof(struct oci_intel_rdt, schemata);
    int failed = 0;

    for (size_t i = 0; i < rdt->schemata.n; i++) {
        const char *line = rdt->schemata.v[i];
        int r = 0;

        if (strchr(line, '\n'))
            r = err_at_index(err, &rdt->node, member, i, ERR_RDT, 0, "must be one line");
        else if (!strchr(line, ':'))
            r = err_at_index(err, &rdt->node, member, i, ERR_RDT, 0, "\"%s\" has no \":\" behind a resource",
                             line);
        if (!plan_go_on(err, r, &failed))
            break;
    }
    return failed;
}

int plan_rdt_compile(struct plan *plan, struct err *err)
{
    const struct oci_intel_rdt *rdt = plan_linux(plan->spec)->intel_rdt;
    int failed = 0;

    if (!rdt)
        return 0;
    plan->intel_rdt = rdt;
    if (!plan_go_on(err, check_clos_id(rdt, err), &failed) ||
        !plan_go_on(err, check_schemas(rdt, err), &failed))
        return failed;
    (void) plan_go_on(err, check_schemata(rdt, err), &failed);
    return failed;
}
