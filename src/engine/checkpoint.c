/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkpoint.c - checkpoint and restore need CRIU, which this version does not drive: both are refused, and `features`
 * says so.
 */
#include <errno.h>

#include "engine/context.h"

static int refuse(const struct ocirt *ocirt, const char *verb, const char *id, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);

    (void) err_set(&err, ERR_UNSUPPORTED, 0,
                   "%s %s: checkpoint and restore are not supported by this version", verb, id);
    return engine_result(-EOPNOTSUPP, &err, ret_error);
}

int ocirt_checkpoint(struct ocirt *ocirt, const char *id, const struct ocirt_checkpoint_options *options,
                     struct ocirt_error **ret_error)
{
    (void) options;
    return refuse(ocirt, "checkpoint", id, ret_error);
}

int ocirt_restore(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *create,
                  const struct ocirt_checkpoint_options *options, int *ret_status,
                  struct ocirt_error **ret_error)
{
    (void) create;
    (void) options;
    (void) ret_status;
    return refuse(ocirt, "restore", id, ret_error);
}
