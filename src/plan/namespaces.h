/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces.h - the namespace types, as config.json and as the kernel name them.
 */
#ifndef OCIRT_PLAN_NAMESPACES_H
#define OCIRT_PLAN_NAMESPACES_H

#include <stdint.h>

#include "libocispec/oci_spec.h"

#ifndef CLONE_NEWTIME /* Linux 5.6, but C libraries took their time */
#define CLONE_NEWTIME 0x00000080
#endif

/* CLONE_NEW* of TYPE; 0 for OCI_NAMESPACE_UNSET. */
uint64_t plan_namespace_flag(enum oci_namespace_type type);

/* "network" for CLONE_NEWNET: as config.json has it. */
const char *plan_namespace_name(uint64_t flag);

#endif
