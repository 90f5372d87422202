/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage.h - what a container used until its end: ocirt_create_options.usage.  Nothing is done unless it is
 * asked for.
 */
#ifndef OCIRT_ENGINE_USAGE_H
#define OCIRT_ENGINE_USAGE_H

#include "engine/creation.h"
#include "host/foreground.h"

/* Microseconds of a clock that runs on; 0 if nobody asked. */
uint64_t engine_usage_now(const struct creation *c);

/* Fills what the caller gave, while the cgroup is still there.  STARTED: engine_usage_now() at the start. */
void engine_usage_tell(const struct creation *c, const struct host_foreground *foreground, uint64_t started);

#endif
