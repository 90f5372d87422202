/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * library.h - shared libraries that are loaded when they are first used, for only few commands need them.
 *
 * A static program can't load any, and starts faster than one that loads libc.  So there are two programs of
 * the same objects: `ocirt` is static, and where a library will be needed it executes `ocirt-full`, which is
 * not (library_static.c).  Elsewhere, as in libocirt, there is one, and library.c.
 */
#ifndef OCIRT_HOST_LIBRARY_H
#define OCIRT_HOST_LIBRARY_H

#include "base/err.h"

/*
 * Says that this command will need a library, for FEATURE ("the systemd cgroup manager").  To be called as
 * long as nothing was done that may not be done twice: the static program becomes the full one here, with the
 * same arguments, environment and descriptors (but those that are O_CLOEXEC, as ours all are), and begins
 * anew.  0 where libraries can be loaded; or negative with ERR filled (ERR_UNSUPPORTED: there is no full
 * program).
 */
int host_library_need(const char *feature, struct err *err);

/* Loads the library SONAME, for ever.  NULL if that fails, and *RET_WHY says why until the next call. */
void *host_library_open(const char *soname, const char **ret_why);

/* The address of one of its functions; NULL if it has none of that name. */
void *host_library_function(void *library, const char *name);

#endif
