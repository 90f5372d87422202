/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rlimits.c - resource limits (config.md "rlimits", getrlimit(2)).
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "base/text.h"
#include "plan/compile.h"
#include "plan/rlimits.h"

/* At the number of the resource, and one: 0 is no word. */
static const char *const names[] = {
    [RLIMIT_AS + 1] = "RLIMIT_AS",
    [RLIMIT_CORE + 1] = "RLIMIT_CORE",
    [RLIMIT_CPU + 1] = "RLIMIT_CPU",
    [RLIMIT_DATA + 1] = "RLIMIT_DATA",
    [RLIMIT_FSIZE + 1] = "RLIMIT_FSIZE",
    [RLIMIT_LOCKS + 1] = "RLIMIT_LOCKS",
    [RLIMIT_MEMLOCK + 1] = "RLIMIT_MEMLOCK",
    [RLIMIT_MSGQUEUE + 1] = "RLIMIT_MSGQUEUE",
    [RLIMIT_NICE + 1] = "RLIMIT_NICE",
    [RLIMIT_NOFILE + 1] = "RLIMIT_NOFILE",
    [RLIMIT_NPROC + 1] = "RLIMIT_NPROC",
    [RLIMIT_RSS + 1] = "RLIMIT_RSS",
    [RLIMIT_RTPRIO + 1] = "RLIMIT_RTPRIO",
    [RLIMIT_RTTIME + 1] = "RLIMIT_RTTIME",
    [RLIMIT_SIGPENDING + 1] = "RLIMIT_SIGPENDING",
    [RLIMIT_STACK + 1] = "RLIMIT_STACK",
};
static const struct json_words words = { names, sizeof names / sizeof *names };

const char *plan_rlimit_name(int resource)
{
    const char *name = resource < 0 ? NULL : json_word(&words, (unsigned) resource + 1);

    return name ? name : "?";
}

static int compile_one(const struct oci_rlimit *from, struct plan_process *p, struct err *err)
{
    unsigned word = plan_word(&words, from->type, "resource", &from->node, offsetof(struct oci_rlimit, type),
                              ERR_NO_MEMBER, ERR_RLIMIT, err);

    if (!word)
        return -EINVAL;
    for (size_t i = 0; i < p->n_rlimits; i++)
        if (p->rlimits[i].resource == (int) word - 1)
            return ERR_AT(err, from, type, ERR_CONFIG_CONFLICT, 0, "%s is given twice", from->type);
    if (from->soft > from->hard)
        return ERR_AT(err, from, soft, ERR_RLIMIT, 0,
                      "the soft limit %" PRIu64 " is above the hard limit %" PRIu64, from->soft, from->hard);
    p->rlimits[p->n_rlimits++] = (struct plan_rlimit){
        .resource = (int) word - 1,
        .soft = from->soft,
        .hard = from->hard,
        .from = from,
    };
    return 0;
}

int plan_rlimits_compile(const struct oci_process *process, struct arena *arena, struct plan_process *p,
                         struct err *err)
{
    int failed = 0;

    p->rlimits = arena_array(arena, process->rlimits.n, sizeof *p->rlimits);
    if (!p->rlimits)
        return err_nomem(err);
    for (size_t i = 0; i < process->rlimits.n; i++)
        if (!plan_go_on(err, compile_one(process->rlimits.v[i], p, err), &failed))
            break;
    return failed;
}
