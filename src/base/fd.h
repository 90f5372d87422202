/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fd.h - who owns a descriptor, and memory, is visible where it is declared.
 *
 * `autoclose int fd` closes at the end of the scope; `take_fd(&fd)` gives it
 * away.  -EBADF (or any negative number) means "none".
 */
#ifndef OCIRT_BASE_FD_H
#define OCIRT_BASE_FD_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define autoclose __attribute__((cleanup(fd_cleanup)))
#define autofree  __attribute__((cleanup(free_cleanup)))

static inline void fd_cleanup(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        (void) close(*fd);
    *fd = -EBADF;
    errno = saved;
}

static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -EBADF;
    return taken;
}

static inline void free_cleanup(void *p)
{
    void **memory = (void **) p;

    free(*memory);
    *memory = NULL;
}

static inline void *take_ptr_(void *p)
{
    void **memory = (void **) p, *taken = *memory;

    *memory = NULL;
    return taken;
}

#define take_ptr(p) ((__typeof__(*(p))) take_ptr_(p))

#endif
