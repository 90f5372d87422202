/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cwd.c - enters the working directory, and makes sure that it is one of the container.
 *
 * CVE-2024-21626: a cwd of /proc/self/fd/N led to a directory of the host.
 * Magic links are refused, and getcwd(2) must name a place below the root: it
 * says "(unreachable)/..." for others.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>

#include "stub/run.h"
#include "stub/sys.h"

static int inside(struct stub *s)
{
    char path[PATH_MAX];
    long r = sys_call3(__NR_getcwd, path, sizeof path, 0);

    s->item = 1;
    if (r < 0)
        return (int) r;
    return path[0] == '/' ? 0 : -EXDEV;
}

static int enter(struct stub *s)
{
    struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
    const char *path = stub_data(s, s->config->cwd);
    long fd, r;

    fd = sys_call(__NR_openat2, AT_FDCWD, path, &how, sizeof how, 0);
    if (fd < 0)
        return (int) fd;
    r = sys_call3(__NR_fchdir, fd, 0, 0);
    sys_close((int) fd);
    return (int) r;
}

int cwd_enter(struct stub *s)
{
    int r = enter(s);

    if (r == -EACCES) {
        s->cwd_denied = true;
        return 0;
    }
    return r < 0 ? r : inside(s);
}

int cwd_enter_as_user(struct stub *s)
{
    int r;

    if (!s->cwd_denied)
        return 0;
    r = enter(s);
    return r < 0 ? r : inside(s);
}
