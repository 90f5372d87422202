/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * procfs.c - a procfs of our own, mounted nowhere.
 */
#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/fd.h"
#include "base/sys.h"

enum { PROC_ROOT_INODE = 1 };

static int fresh(void)
{
    autoclose int fs_fd = sys_fsopen("proc");
    int r;

    if (fs_fd < 0)
        return fs_fd;
    r = sys_fsconfig_create(fs_fd);
    if (r < 0)
        return r;
    return sys_fsmount(fs_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static bool is_procfs_root(int fd)
{
    struct statfs fs;
    struct stat st;

    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && fstat(fd, &st) == 0 &&
           st.st_ino == PROC_ROOT_INODE;
}

/* A clone of /proc without what is mounted on it; for who may not make an instance but may clone. */
static int cloned(void)
{
    return sys_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE);
}

int procfs_open(void)
{
    autoclose int fd = fresh();

    if (fd == -EPERM)
        fd = cloned();
    if (fd == -EPERM) /* an unprivileged user: RESOLVE_NO_XDEV sees to mounts over its files */
        fd = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    if (!is_procfs_root(fd))
        return -ENODEV;
    return take_fd(&fd);
}

/*
 * "self/x" becomes "PID/x".  "self" is a symlink, and none is followed; and the pid must be the one that this
 * instance shows, which need not be getpid(): its pid namespace is that of the process that opened it.
 */
static int self_path(int proc_fd, const char *path, char *buf, size_t size)
{
    ssize_t n = readlinkat(proc_fd, "self", buf, size);
    size_t rest = strlen(path) + 1;

    if (n < 0)
        return -errno;
    if ((size_t) n > size || rest > size - (size_t) n)
        return -ENAMETOOLONG;
    memcpy(buf + n, path, rest);
    return 0;
}

int procfs_file(int proc_fd, const char *path, int flags)
{
    char buf[4096];

    if (!strncmp(path, "self/", 5)) {
        int r = self_path(proc_fd, path + 4, buf, sizeof buf);

        if (r < 0)
            return r;
        path = buf;
    }
    return sys_openat2(proc_fd, path, (uint64_t) flags, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

int procfs_write(int proc_fd, const char *path, const char *text, size_t size)
{
    autoclose int fd = procfs_file(proc_fd, path, O_WRONLY);

    return fd < 0 ? fd : sys_write_all(fd, text, size);
}

ssize_t procfs_read(int proc_fd, const char *path, char *buf, size_t size)
{
    autoclose int fd = procfs_file(proc_fd, path, O_RDONLY);
    ssize_t n = fd < 0 ? fd : sys_read(fd, buf, size - 1);

    if (n >= 0)
        buf[n] = '\0';
    return n;
}

/*
 * Field I of proc_pid_stat(5), counted from 1, in TEXT; i > 2. The name in field 2 may hold anything: look
 * behind the last ')'.
 */
static const char *stat_field(const char *text, unsigned i)
{
    const char *p = strrchr(text, ')');

    for (unsigned field = 2; p && field < i; field++) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return p;
}

int procfs_start_time(int proc_fd, pid_t pid, uint64_t *ret_ticks, char *ret_state)
{
    char path[32], buf[2048];
    uint64_t ticks = 0;
    size_t n = decimal_put(path, (unsigned long) pid);

    memcpy(path + n, "/stat", sizeof "/stat");
    ssize_t r = procfs_read(proc_fd, path, buf, sizeof buf);
    if (r < 0)
        return (int) r;

    const char *state = stat_field(buf, 3), *start = stat_field(buf, 22);
    if (!state || !start)
        return -EIO;
    for (; *start >= '0' && *start <= '9'; start++)
        ticks = ticks * 10 + (uint64_t) (*start - '0');
    *ret_ticks = ticks;
    *ret_state = *state;
    return 0;
}
