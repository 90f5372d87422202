/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hold.c - the probe's actions that open something and keep it, for the actions that follow. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* lock FILE: all of it, by flock(2). */
static int do_lock(int n, char **args)
{
    int fd = open(args[0], O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    (void) n;
    return say_result("lock", fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0);
}

/* lock-range FILE: its first 10 bytes, by fcntl(2). */
static int do_lock_range(int n, char **args)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10 };
    int fd = open(args[0], O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    (void) n;
    return say_result("lock-range", fd < 0 || fcntl(fd, F_SETLK, &range) < 0 ? errno : 0);
}

/* hold-unlinked FILE [OTHER]: makes it, with the text "kept", removes its name; OTHER stays. */
static int do_hold_unlinked(int n, char **args)
{
    int fd = open(args[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, "kept", 4) != 4 || (n > 1 && link(args[0], args[1]) < 0) || unlink(args[0]) < 0)
        return say_result("hold-unlinked", errno);
    return say_result("hold-unlinked", 0);
}

const struct action probe_hold_actions[] = {
    { "lock", 1, do_lock },
    { "lock-range", 1, do_lock_range },
    { "hold-unlinked", 1, do_hold_unlinked },
    { NULL, 0, NULL },
};
