/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore_root.h - the root filesystem as CRIU wants it: a mount of its own, whose place nobody has mounted
 * over.
 *
 * The mount is made in a mount namespace that is only this thread's and CRIU's, a slave of the host's: nobody
 * else sees it, and it is gone with them, whatever happens.
 */
#ifndef OCIRT_ENGINE_RESTORE_ROOT_H
#define OCIRT_ENGINE_RESTORE_ROOT_H

#include "engine/creation.h"

struct restore_root {
    char *path;                    /* of the mount; malloc'd */
    int own_fd, inner_fd, work_fd; /* the host's mount namespace, ours, and the working directory */
    bool inside;
};

#define RESTORE_ROOT_INIT \
    { \
        .own_fd = -1, .inner_fd = -1, .work_fd = -1 \
    }

/* Makes the namespace and the mount of C's root filesystem, and stays in there. */
int restore_root_enter(struct restore_root *root, struct creation *c, struct err *err);

/* Back to the host's, if we are in; and in again. */
int restore_root_leave(struct restore_root *root, struct err *err);
int restore_root_return(struct restore_root *root, struct err *err);

void restore_root_done(struct restore_root *root);

#endif
