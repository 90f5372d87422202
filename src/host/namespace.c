/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace.c - descriptors of a process's namespaces.
 */
#include "host/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"

/*
 * Not procfs_file(): what is opened is behind a magic link, which is all that can be there in our own
 * procfs.
 */
int host_namespace_open(int proc_fd, pid_t pid, const char *name)
{
    char path[64];
    int n;

    if (pid)
        n = snprintf(path, sizeof path, "%ld/ns/%s", (long) pid, name);
    else
        n = snprintf(path, sizeof path, "thread-self/ns/%s", name);
    if (n < 0 || (size_t) n >= sizeof path)
        return -ENAMETOOLONG;
    return sys_openat(proc_fd, path, O_RDONLY, 0);
}

bool host_namespace_same(int a_fd, int b_fd)
{
    return a_fd >= 0 && b_fd >= 0 && path_same_file(a_fd, b_fd);
}

int host_namespace_socket(int proc_fd, int ns_fd, int domain, int type, int protocol)
{
    autoclose int own_fd = host_namespace_open(proc_fd, 0, "net"), fd = -1;
    int r;

    if (own_fd < 0)
        return own_fd;
    r = sys_setns(ns_fd, CLONE_NEWNET);
    if (r < 0)
        return r;
    fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    r = fd < 0 ? -errno : 0;
    if (sys_setns(own_fd, CLONE_NEWNET) < 0)
        abort(); /* in the container's network, a runtime must not do one thing more */
    return r < 0 ? r : take_fd(&fd);
}
