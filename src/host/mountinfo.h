/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mountinfo.h - the mounts that a process sees, from proc_pid_mountinfo(5), and which of them a descriptor is
 * on.
 */
#ifndef OCIRT_HOST_MOUNTINFO_H
#define OCIRT_HOST_MOUNTINFO_H

#include <stddef.h>
#include <sys/types.h>

#include "libocispec/arena.h"

struct host_mount {
    int id, parent;
    dev_t device;
    const char *root;  /* which part of the filesystem is mounted */
    const char *point; /* where, from the root of the process */
};

struct host_mounts {
    struct host_mount *v;
    size_t n;
};

/* Parses the text of the file, which is changed; the strings live in it, the list in ARENA.  0 or -errno. */
int host_mountinfo_parse(char *text, struct arena *arena, struct host_mounts *ret);

/* Those of process PID, which is no thread of another.  PROC_FD: the private procfs.  0 or -errno. */
int host_mountinfo_read(int proc_fd, pid_t pid, struct arena *arena, struct host_mounts *ret);

/* The mount with that id, or NULL. */
struct host_mount *host_mountinfo_find(const struct host_mounts *mounts, int id);

/* The id of the mount that descriptor FD of process PID (0: the caller) is on; or -errno. */
int host_mountinfo_of_fd(int proc_fd, pid_t pid, int fd);

#endif
