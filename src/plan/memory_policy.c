/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_policy.c - NUMA memory policy (config-linux.md "Memory Policy", set_mempolicy(2)).
 */
#include <errno.h>
#include <linux/mempolicy.h>

#include "base/text.h"
#include "plan/compile.h"

#ifndef MPOL_F_NUMA_BALANCING /* Linux 5.12 */
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif

enum {
    PREFERRED_MANY = 5,      /* Linux 5.15 */
    WEIGHTED_INTERLEAVE = 6, /* Linux 6.9 */
    NODE_MAX = 1023,         /* MAX_NUMNODES is 1024 at most */
};

static const uint32_t modes[] = {
    [OCI_MPOL_DEFAULT] = MPOL_DEFAULT,       [OCI_MPOL_BIND] = MPOL_BIND,
    [OCI_MPOL_INTERLEAVE] = MPOL_INTERLEAVE, [OCI_MPOL_WEIGHTED_INTERLEAVE] = WEIGHTED_INTERLEAVE,
    [OCI_MPOL_PREFERRED] = MPOL_PREFERRED,   [OCI_MPOL_PREFERRED_MANY] = PREFERRED_MANY,
    [OCI_MPOL_LOCAL] = MPOL_LOCAL,
};

static const char *const flag_names[] = {
    NULL,
    "MPOL_F_NUMA_BALANCING",
    "MPOL_F_RELATIVE_NODES",
    "MPOL_F_STATIC_NODES",
};
static const struct json_words flag_words = { flag_names, sizeof flag_names / sizeof *flag_names };
static const uint32_t flag_bits[] = { 0, MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES };

static int compile_flags(const struct oci_memory_policy *from, uint32_t *flags, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->flags.n; i++) {
        unsigned word = plan_word(&flag_words, from->flags.v[i], "flag", &from->node,
                                  offsetof(struct oci_memory_policy, flags), i, ERR_CONFIG_VALUE, err);

        if (!plan_go_on(err, word ? 0 : -EINVAL, &failed))
            return failed;
        *flags |= flag_bits[word];
    }
    return failed;
}

static int check_nodes(const struct oci_memory_policy *from, bool given, struct err *err)
{
    const char *mode = json_word(&oci_memory_policy_modes, from->mode);
    bool none = from->mode == OCI_MPOL_DEFAULT || from->mode == OCI_MPOL_LOCAL;

    if (none && given)
        return ERR_AT(err, from, nodes, ERR_CONFIG_CONFLICT, 0, "%s takes no nodes", mode);
    if (!none && !given && from->mode != OCI_MPOL_PREFERRED)
        return ERR_AT(err, from, nodes, ERR_CONFIG_MISSING, 0, "%s needs nodes", mode);
    return 0;
}

static int check_flags(const struct oci_memory_policy *from, uint32_t flags, bool nodes, struct err *err)
{
    const char *mode = json_word(&oci_memory_policy_modes, from->mode);

    if (flags & MPOL_F_STATIC_NODES && flags & MPOL_F_RELATIVE_NODES)
        return ERR_AT(err, from, flags, ERR_CONFIG_CONFLICT, 0,
                      "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
    if (flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES) && !nodes)
        return ERR_AT(err, from, flags, ERR_CONFIG_CONFLICT, 0,
                      "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES need nodes");
    if (flags & MPOL_F_NUMA_BALANCING && from->mode != OCI_MPOL_BIND && from->mode != OCI_MPOL_PREFERRED_MANY)
        return ERR_AT(err, from, flags, ERR_CONFIG_CONFLICT, 0, "%s can't have MPOL_F_NUMA_BALANCING", mode);
    return 0;
}

int plan_memory_policy_compile(struct plan *plan, struct err *err)
{
    const struct oci_memory_policy *from = plan_linux(plan->spec)->memory_policy;
    struct plan_memory_policy *policy;
    uint32_t flags = 0;
    const char *fault;
    int failed = 0;

    if (!from)
        return 0;
    policy = arena_alloc(&plan->arena, sizeof *policy);
    if (!policy)
        return err_nomem(err);
    fault = from->nodes
                ? plan_mask_parse(from->nodes, NODE_MAX, &plan->arena, &policy->nodes, &policy->n_words)
                : NULL;
    if (fault)
        return ERR_AT(err, from, nodes, ERR_CONFIG_VALUE, 0, "\"%s\" is not a list of nodes: %s", from->nodes,
                      fault);
    if (!plan_go_on(err, compile_flags(from, &flags, err), &failed) ||
        !plan_go_on(err, check_nodes(from, policy->n_words, err), &failed) ||
        !plan_go_on(err, check_flags(from, flags, policy->n_words, err), &failed))
        return failed;
    policy->mode = modes[from->mode] | flags;
    plan->memory_policy = policy;
    return failed;
}
