/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_watch.c - who was killed for want of memory.
 *
 * v2 counts in memory.events and tells of changes by POLLPRI; v1 counts in memory.oom_control and tells by an
 * eventfd that is registered in cgroup.event_control.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const struct host_cgroup_dir *memory_dir(const struct host_cgroup *cg)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(cg, "memory");

    return d && d->fd >= 0 ? d : NULL;
}

static int read_kills(int fd, uint64_t *ret)
{
    char buf[1024];
    ssize_t n = pread(fd, buf, sizeof buf - 1, 0);

    if (n < 0)
        return -errno;
    buf[n] = '\0';
    return host_cgroup_key(buf, "oom_kill", ret) ? 0 : -EBADMSG;
}

static int open_counter(const struct host_cgroup_dir *d)
{
    return sys_openat(d->fd, d->v2 ? "memory.events" : "memory.oom_control", O_RDONLY | O_NOFOLLOW, 0);
}

int host_cgroup_oom_kills(const struct host_cgroup *cg, uint64_t *ret)
{
    const struct host_cgroup_dir *d = memory_dir(cg);
    autoclose int fd = d ? open_counter(d) : -ENOENT;

    return fd < 0 ? fd : read_kills(fd, ret);
}

static int register_eventfd(const struct host_cgroup_dir *d, int file_fd)
{
    autoclose int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    autotext struct text text = { 0 };
    int r;

    if (fd < 0)
        return -errno;
    text_add(&text, "%d %d", fd, file_fd);
    r = text_result(&text);
    if (r == 0)
        r = host_cgroup_write(d->fd, "cgroup.event_control", text_string(&text));
    return r < 0 ? r : take_fd(&fd);
}

int host_cgroup_watch_open(const struct host_cgroup *cg, struct host_cgroup_watch *ret, struct err *err)
{
    const struct host_cgroup_dir *d = memory_dir(cg);
    autoclose int file_fd = d ? open_counter(d) : -ENOENT, fd = -EBADF;
    uint64_t seen = 0;
    int r = file_fd < 0 ? file_fd : 0;

    if (r == 0) {
        (void) read_kills(file_fd, &seen); /* also what arms POLLPRI */
        fd = d->v2 ? fcntl(file_fd, F_DUPFD_CLOEXEC, 3) : register_eventfd(d, file_fd);
        if (fd < 0)
            r = d->v2 ? -errno : fd;
    }
    if (r < 0) {
        r = err_set(err, ERR_CGROUP, r, "watch the memory of the cgroup %s", cg->path ? cg->path : "(none)");
        if (r == -ENOENT)
            err_hint(err, "the memory controller is not enabled for it");
        return r;
    }
    *ret = (struct host_cgroup_watch){
        .fd = take_fd(&fd),
        .events = d->v2 ? POLLPRI : POLLIN,
        .file_fd = take_fd(&file_fd),
        .seen = seen,
    };
    return 0;
}

/* v1 tells also where the killer is disabled, and when the cgroup is removed. */
int host_cgroup_watch_next(struct host_cgroup_watch *watch)
{
    uint64_t kills = 0, events = 0;
    bool told = watch->events == POLLIN && read(watch->fd, &events, sizeof events) > 0;
    int r = read_kills(watch->file_fd, &kills);

    if (r < 0)
        return r;
    r = told || kills != watch->seen;
    watch->seen = kills;
    return r;
}

void host_cgroup_watch_close(struct host_cgroup_watch *watch)
{
    fd_cleanup(&watch->fd);
    fd_cleanup(&watch->file_fd);
}
