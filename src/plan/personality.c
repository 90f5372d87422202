/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * personality.c - the execution domain (config-linux.md "Personality", personality(2)).
 */
#include <sys/personality.h>

#include "plan/compile.h"

int plan_personality_compile(struct plan *plan, struct err *err)
{
    const struct oci_personality *from = plan_linux(plan->spec)->personality;

    if (!from)
        return 0;
    if (from->flags.n) /* "Currently no flag values are supported" */
        return err_at_index(err, &from->node, offsetof(struct oci_personality, flags), 0, ERR_UNSUPPORTED, 0,
                            "the specification defines no flags, so \"%s\" can't be honoured",
                            from->flags.v[0]);
    plan->has_personality = true;
    plan->personality = from->domain == OCI_PERSONALITY_LINUX32 ? PER_LINUX32 : PER_LINUX;
    return 0;
}
