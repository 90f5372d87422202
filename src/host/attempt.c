/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempt.c - try a call in a child of its own.
 */
#include "host/attempt.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"

int host_attempt(int (*try)(const void *context), const void *context)
{
    struct clone_args args = { .exit_signal = SIGCHLD };
    pid_t pid = sys_clone3(&args);
    int status;

    if (pid == 0)
        _exit(-try(context) & 0xff); /* errnos of interest fit */
    if (pid < 0)
        return pid;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}
