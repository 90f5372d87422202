/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_birth.h - does a filter allow what the stub does between its loading and the program?
 */
#ifndef OCIRT_HOST_SECCOMP_BIRTH_H
#define OCIRT_HOST_SECCOMP_BIRTH_H

#include <stdbool.h>

#include "host/seccomp.h"

/*
 * Runs the program of SECCOMP, as the kernel would, for each call that the stub makes if the filter is loaded
 * before the program's process is born (STUB_FILTER_FIRST in stub/stub.h), also if it waits for a connection
 * then.  False if one of them is not plainly allowed, or if the program can't be followed.  seccomp(2)
 */
bool host_seccomp_allows_birth(const struct host_seccomp *seccomp);

#endif
