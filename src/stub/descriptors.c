/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * descriptors.c - nothing is open in a container that was not meant to be.
 *
 * The runtime opens everything with O_CLOEXEC; this is the second lock on that
 * door (CVE-2024-21626: a descriptor of the host's cgroup directory).  What the
 * stub needs itself stays, close-on-exec; the rest is closed before it waits.
 */
#include <linux/close_range.h>
#include <linux/errno.h>

#include "stub/run.h"
#include "stub/sys.h"

/* Closes FIRST to infinity but for the N ascending fds of KEEP. */
static int close_all_but(unsigned first, const int *keep, size_t n)
{
    long r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        if (keep[i] < 0 || (unsigned) keep[i] < first)
            continue;
        if ((unsigned) keep[i] > first)
            r = sys_close_range(first, (unsigned) keep[i] - 1, 0);
        first = (unsigned) keep[i] + 1;
    }
    return r < 0 ? (int) r : (int) sys_close_range(first, ~0U, 0);
}

int descriptors_close(const struct stub *s)
{
    const struct stub_config *c = s->config;
    int keep[] = { c->start_fd, c->proc_fd, c->gate_fd, c->notify_fd, c->hook_stdout_fd, c->hook_stderr_fd };
    size_t n = sizeof keep / sizeof keep[0];
    unsigned first = 3 + c->preserve_fds;
    int r;

    for (size_t i = 1; i < n; i++) {
        int fd = keep[i];
        size_t at = i;

        for (; at > 0 && keep[at - 1] > fd; at--)
            keep[at] = keep[at - 1];
        keep[at] = fd;
    }
    r = (int) sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC);
    return r < 0 ? r : close_all_but(first, keep, n);
}

int descriptors_closed(struct stub *s)
{
    return s->closed;
}
