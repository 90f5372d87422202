/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * version.c - which ocirt this is.
 */
#include "commit.h"
#include "libocirt.h"
#include "plan/version.h"

const char *ocirt_version(void)
{
    return PACKAGE_VERSION;
}

const char *ocirt_commit(void)
{
    return OCIRT_COMMIT;
}

const char *ocirt_spec_version(void)
{
    return PLAN_VERSION_MAX;
}
