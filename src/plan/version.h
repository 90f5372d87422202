/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * version.h - the versions of the runtime specification that ocirt supports (features.md "ociVersionMin").
 */
#ifndef OCIRT_PLAN_VERSION_H
#define OCIRT_PLAN_VERSION_H

#define PLAN_VERSION_MAJOR 1
#define PLAN_VERSION_MINOR 3
#define PLAN_VERSION_MIN   "1.0.0"
#define PLAN_VERSION_MAX   "1.3.0"

#endif
