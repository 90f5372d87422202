/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_policy.c - linux.memoryPolicy: on which NUMA nodes memory comes from.
 *
 * It outlives execve(2), so it is set here, where a node that is not there is an error of create.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/init.h"

int init_memory_policy(struct init *init)
{
    const struct plan_memory_policy *p = init->plan->memory_policy;
    unsigned long bits;

    if (!p)
        return 0;
    /* The kernel counts one bit less than it is told (set_mempolicy(2), BUGS). */
    bits = p->n_words ? p->n_words * sizeof *p->nodes * 8 + 1 : 0;
    return syscall(SYS_set_mempolicy, p->mode, p->n_words ? p->nodes : NULL, bits) < 0 ? -errno : 0;
}
