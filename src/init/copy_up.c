/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * copy_up.c - tmpcopyup: what the image has at a tmpfs's mount point, copied into the tmpfs.
 *
 * Both sides are directories held by descriptor; every name is opened without
 * following symlinks, devices and sockets are made anew or left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

enum { MAX_DEPTH = 64 };

struct entry { /* struct linux_dirent64 of getdents64(2) */
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[];
};

static int copy_directory(int from_fd, int to_fd, unsigned depth);

static int copy_bytes(int from_fd, int to_fd)
{
    char buf[16384];

    for (;;) {
        ssize_t n = read(from_fd, buf, sizeof buf);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        n = sys_write(to_fd, buf, (size_t) n);
        if (n < 0)
            return (int) n;
    }
}

/* Owner, then mode (chown clears set-id bits), then times. */
static int copy_metadata(int fd, const struct stat *st)
{
    const struct timespec times[2] = { st->st_atim, st->st_mtim };

    if (fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EINVAL && errno != EPERM)
        return -errno; /* an id that the user namespace does not know stays ours */
    if (fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0)
        return -errno;
    return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st)
{
    autoclose int from_fd =
        sys_openat2(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_BENEATH);
    struct stat opened;
    int r;

    if (from_fd < 0)
        return from_fd;
    if (fstat(from_fd, &opened) < 0)
        return -errno;
    if (!S_ISREG(opened.st_mode)) /* no longer what was looked at; a device may have no end */
        return -EAGAIN;
    autoclose int to_fd =
        sys_openat2(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, RESOLVE_BENEATH);
    if (to_fd < 0)
        return to_fd;
    r = copy_bytes(from_fd, to_fd);
    return r < 0 ? r : copy_metadata(to_fd, st);
}

static int copy_subdirectory(int from_dir, int to_dir, const char *name, const struct stat *st,
                             unsigned depth)
{
    int r;

    if (depth == MAX_DEPTH)
        return -ELOOP;
    if (mkdirat(to_dir, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    autoclose int from_fd =
        sys_openat2(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH);
    autoclose int to_fd = sys_openat2(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH);
    if (from_fd < 0 || to_fd < 0)
        return from_fd < 0 ? from_fd : to_fd;
    r = copy_directory(from_fd, to_fd, depth + 1);
    return r < 0 ? r : copy_metadata(to_fd, st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
    char buf[4096]; /* PATH_MAX: no link is longer */
    ssize_t n = readlinkat(from_dir, name, buf, sizeof buf - 1);

    if (n < 0)
        return -errno;
    buf[n] = '\0';
    if (symlinkat(buf, to_dir, name) < 0)
        return -errno;
    (void) fchownat(to_dir, name, st->st_uid, st->st_gid,
                    AT_SYMLINK_NOFOLLOW); /* an unmapped owner stays ours */
    return 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth)
{
    struct stat st;

    if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISREG(st.st_mode))
        return copy_file(from_dir, to_dir, name, &st);
    if (S_ISDIR(st.st_mode))
        return copy_subdirectory(from_dir, to_dir, name, &st, depth);
    if (S_ISLNK(st.st_mode))
        return copy_link(from_dir, to_dir, name, &st);
    if (S_ISFIFO(st.st_mode))
        return mknodat(to_dir, name, S_IFIFO | (st.st_mode & 0777), 0) < 0 ? -errno : 0;
    return 0; /* devices come from linux.devices alone; a socket without its server is nothing */
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int copy_directory(int from_fd, int to_fd, unsigned depth)
{
    _Alignas(struct entry) char buf[8192];

    for (;;) {
        long n = syscall(SYS_getdents64, from_fd, buf, sizeof buf);

        if (n <= 0)
            return n < 0 ? -errno : 0;
        for (long at = 0; at < n;) {
            const struct entry *e = (const struct entry *) (const void *) (buf + at);
            int r = is_dots(e->name) ? 0 : copy_entry(from_fd, to_fd, e->name, depth);

            if (r < 0)
                return r;
            at += e->size;
        }
    }
}

int init_copy_up(int from_fd, int to_fd)
{
    struct stat st;
    int r = copy_directory(from_fd, to_fd, 0);

    if (r < 0)
        return r;
    if (fstat(from_fd, &st) < 0)
        return -errno;
    return copy_metadata(to_fd, &st);
}
