/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user_option.c - "UID[:GID]" of the options --user.
 */
#include "engine/user_option.h"

#include <string.h>

#include "base/fd.h"
#include "base/text.h"

int engine_user_option(const char *given, uint32_t *ret_uid, uint32_t *ret_gid, struct err *err)
{
    const char *colon = strchr(given, ':');
    autofree char *user = strndup(given, colon ? (size_t) (colon - given) : strlen(given));
    uint32_t uid, gid = *ret_gid;
    int r;

    if (!user)
        return err_nomem(err);
    r = text_parse_u32(user, UINT32_MAX - 1, &uid);
    if (r >= 0 && colon)
        r = text_parse_u32(colon + 1, UINT32_MAX - 1, &gid);
    if (r < 0)
        return err_set(err, ERR_USAGE, 0, "--user %s: expected UID or UID:GID, in decimal", given);
    *ret_uid = uid;
    *ret_gid = gid;
    return 0;
}
