/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subids.h - the subordinate ids of a user: what newuidmap(1) and newgidmap(1) let it map.
 */
#ifndef OCIRT_HOST_SUBIDS_H
#define OCIRT_HOST_SUBIDS_H

#include <stddef.h>
#include <sys/types.h>

#include "libocispec/arena.h"
#include "plan/plan.h"

/* Where they are written down: subuid(5), subgid(5). */
#define HOST_SUBUID "/etc/subuid"
#define HOST_SUBGID "/etc/subgid"

/*
 * The ranges that FILE gives to user UID, by number or by name, in the order of the file: `outside` and
 * `size`; `inside` counts on from 1, since 0 is the user itself.  In ARENA.  0, also if there is no such
 * file; or -errno.
 */
int host_subids(const char *file, uid_t uid, struct arena *arena, struct plan_id_range **ret_v,
                size_t *ret_n);

#endif
