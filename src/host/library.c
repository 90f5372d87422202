/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * library.c - libraries by dlopen(3): in libocirt, and in programs that are linked dynamically.
 */
#include "host/library.h"

#include <dlfcn.h>

int host_library_need(const char *feature, struct err *err)
{
    (void) feature, (void) err;
    return 0;
}

void *host_library_open(const char *soname, const char **ret_why)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        *ret_why = dlerror();
    return library;
}

void *host_library_function(void *library, const char *name)
{
    return dlsym(library, name);
}
