/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mount_ids.h - id-mapped mounts. */
#ifndef OCIRT_PLAN_MOUNT_IDS_H
#define OCIRT_PLAN_MOUNT_IDS_H

#include "plan/mount_options.h"

/* Fills m->id_map if the mount is to have one.  0, or negative with ERR filled. */
int plan_mount_ids_compile(struct plan *plan, struct plan_mount *m, const struct plan_mount_options *options,
                           struct err *err);

#endif
