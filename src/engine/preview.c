/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preview.c - what is wrong with a configuration, and what would be done: nothing is touched.
 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "engine/creation.h"

int ocirt_check(struct ocirt *ocirt, const struct ocirt_create_options *options,
                struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct creation c;
    int r;

    r = creation_init(&c, ocirt, "check", options, &err);
    err.collect = true;
    if (r >= 0)
        r = creation_plan(&c, &err);
    if (r >= 0 && err_is_set(&err)) /* a misspelt property */
        r = -EINVAL;
    r = engine_result(r, &err, ret_error);
    creation_done(&c);
    return r;
}

int ocirt_plan(struct ocirt *ocirt, const struct ocirt_create_options *options, char **ret_text,
               struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    autotext struct text text = { 0 };
    struct creation c;
    int r;

    r = creation_init(&c, ocirt, "plan", options, &err);
    if (r >= 0)
        r = creation_plan(&c, &err);
    if (r >= 0 && plan_print(c.plan, &text) < 0)
        r = err_nomem(&err);
    if (r >= 0)
        *ret_text = take_ptr(&text.s);
    r = engine_result(r, &err, ret_error);
    creation_done(&c);
    return r;
}
