/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys.c - system calls that return a value or -errno.
 *
 * The kernel's structures and constants come from linux/ headers where the C
 * library does not clash with them; numbers that Debian 12's headers lack are
 * defined beside their use.
 */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long r)
{
    return r < 0 ? -errno : (int) r;
}

int sys_openat2(int dir_fd, const char *path, uint64_t flags, uint32_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
        .resolve = resolve,
    };
    int tries = 16;
    long r;

    /* EAGAIN: somebody renamed or mounted beside us while ".." was resolved (openat2(2)); a bounded retry. */
    do
        r = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
    while (r < 0 && (errno == EAGAIN || errno == EINTR) && --tries);
    return result(r);
}

int sys_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
    int r;

    do
        r = openat(dir_fd, path, flags | O_CLOEXEC, mode);
    while (r < 0 && errno == EINTR);
    return result(r);
}

pid_t sys_clone3(struct clone_args *args)
{
    return (pid_t) result(syscall(SYS_clone3, args, sizeof *args));
}

int sys_prlimit(pid_t pid, int resource, const uint64_t set[2], uint64_t get[2])
{
    return result(syscall(SYS_prlimit64, pid, resource, set, get));
}

int sys_pidfd_open(pid_t pid)
{
    return result(syscall(SYS_pidfd_open, pid, 0));
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
    return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int sys_pidfd_getfd(int pidfd, int fd)
{
    return result(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

int sys_setns(int fd, int flags)
{
    return result(syscall(SYS_setns, fd, flags));
}

int sys_unshare(int flags)
{
    return result(syscall(SYS_unshare, flags));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    return result(syscall(SYS_close_range, first, last, flags));
}

int sys_fsopen(const char *type)
{
    return result(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
}

int sys_fsconfig_flag(int fs_fd, const char *key)
{
    return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0));
}

int sys_fsconfig_string(int fs_fd, const char *key, const char *value)
{
    return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0));
}

int sys_fsconfig_fd(int fs_fd, const char *key, int fd)
{
    return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FD, key, NULL, fd));
}

int sys_fsconfig_create(int fs_fd)
{
    return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int sys_fsconfig_reconfigure(int fs_fd)
{
    return result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

int sys_fsmount(int fs_fd, unsigned attributes)
{
    return result(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, attributes));
}

int sys_fspick(int dir_fd)
{
    return result(syscall(SYS_fspick, dir_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH));
}

int sys_open_tree(int dir_fd, const char *path, unsigned flags)
{
    return result(syscall(SYS_open_tree, dir_fd, path, flags | OPEN_TREE_CLOEXEC));
}

int sys_move_mount(int tree_fd, int target_fd)
{
    return result(syscall(SYS_move_mount, tree_fd, "", target_fd, "",
                          MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr)
{
    return result(syscall(SYS_mount_setattr, fd, "", flags | AT_EMPTY_PATH, attr, sizeof *attr));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
    return result(syscall(SYS_pivot_root, new_root, put_old));
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, (char *) buf + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (size_t) n;
    }
    return (ssize_t) done;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, (const char *) buf + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t) n;
    }
    return (ssize_t) done;
}

int sys_write_all(int fd, const char *text, size_t size)
{
    ssize_t n;

    do
        n = write(fd, text, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return (size_t) n == size ? 0 : -EIO;
}
