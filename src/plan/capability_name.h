/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capability_name.h - the name of a capability as config.json has it: "CAP_KILL".
 */
#ifndef OCIRT_PLAN_CAPABILITY_NAME_H
#define OCIRT_PLAN_CAPABILITY_NAME_H

#include <stddef.h>
#include <sys/capability.h>

/* For cap_free(3).  NULL if out of memory; a number where libcap knows no name. */
static inline char *plan_capability_name(cap_value_t number)
{
    char *name = cap_to_name(number);

    for (char *p = name; p && *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char) (*p - 'a' + 'A') : *p;
    return name;
}

#endif
