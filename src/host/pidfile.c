/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pidfile.c - the file by which an engine learns the container's pid.
 */
#include "host/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"

static int write_new(const char *path, const char *text, size_t n)
{
    autoclose int fd = -1;

    (void) unlink(path); /* of a runtime that was killed */
    fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
    return fd < 0 ? fd : sys_write_all(fd, text, n);
}

int host_pidfile_write(const char *path, pid_t pid, struct err *err)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    autotext struct text temporary = { 0 };
    char number[24];
    int n = snprintf(number, sizeof number, "%ld", (long) pid), r;

    text_add(&temporary, "%.*s.%s", (int) (base - path), path, base);
    if (text_result(&temporary) < 0)
        return err_nomem(err);
    r = *base ? write_new(temporary.s, number, (size_t) n) : -EISDIR;
    if (r == 0 && rename(temporary.s, path) < 0) {
        r = -errno;
        (void) unlink(temporary.s);
    }
    return r < 0 ? err_set(err, ERR_IO, r, "write the pid file %s", path) : 0;
}

void host_pidfile_remove(const char *path)
{
    (void) unlink(path);
}
