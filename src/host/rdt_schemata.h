/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt_schemata.h - compare schemata of resctrl: lines "RESOURCE:DOMAIN=VALUE;DOMAIN=VALUE".
 */
#ifndef OCIRT_HOST_RDT_SCHEMATA_H
#define OCIRT_HOST_RDT_SCHEMATA_H

#include <stddef.h>

struct host_rdt_lines {
    const char **v;
    size_t n;
};

/*
 * The first of LINES that asks for what the text HAVE (of the kernel, several lines) does not say; NULL if
 * there is none.  Later lines win over earlier ones, as they do when they are written.  Domains that no
 * line names don't count.
 */
const char *host_rdt_first_difference(const char *have, const struct host_rdt_lines *lines);

#endif
