/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_template.c - a mount namespace with next to nothing in it, from which containers copy theirs.
 *
 * The bind mount is unbindable: else a container that binds the host's "/" recursively would get a file of a
 * mount namespace older than its own, which the kernel refuses (ELOOP, mnt_ns_loop() in fs/namespace.c).
 */
#include "host/mount_template.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/namespace.h"

static const char directory[] = "/run/ocirt", name[] = ".mounts";

static int open_directory(void)
{
    struct stat st;
    autoclose int fd = -EBADF;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return -errno;
    fd = sys_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0 || st.st_uid != 0 || st.st_mode & 022)
        return -EPERM;
    return take_fd(&fd);
}

/* The namespace, if the file is one; -ENOENT if nothing is mounted on it in our mount namespace. */
static int open_mounted(int dir_fd)
{
    autoclose int fd = sys_openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    struct statfs fs;

    if (fd < 0)
        return fd;
    if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS)
        return -ENOENT;
    return take_fd(&fd);
}

/* ---- making it ----------------------------------------------------------------------------------------- */

static int make_empty(void)
{
    autoclose int fs_fd = sys_fsopen("tmpfs");
    int r = fs_fd < 0 ? fs_fd : sys_fsconfig_string(fs_fd, "nr_inodes", "1");

    if (r >= 0)
        r = sys_fsconfig_create(fs_fd);
    return r < 0 ? r
                 : sys_fsmount(fs_fd,
                               MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* In the child: the empty tmpfs becomes the root, everything else goes. */
static int strip(void)
{
    autoclose int tree_fd = -EBADF;
    autoclose int root_fd = -EBADF;
    int r;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -errno;
    tree_fd = make_empty();
    root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    if (tree_fd < 0 || root_fd < 0)
        return tree_fd < 0 ? tree_fd : root_fd;
    r = sys_move_mount(tree_fd, root_fd);
    if (r < 0)
        return r;
    if (fchdir(tree_fd) < 0)
        return -errno;
    r = sys_pivot_root(".", ".");
    if (r < 0)
        return r;
    return umount2(".", MNT_DETACH) < 0 ? -errno : 0;
}

/* Tells how it went, and keeps the namespace until the other end is closed. */
static _Noreturn void be_keeper(int told_fd, int wait_fd)
{
    int r = strip();
    char end;

    if (sys_write(told_fd, &r, sizeof r) != sizeof r)
        _exit(1); /* else both would wait */
    (void) sys_read(wait_fd, &end, 1);
    _exit(0);
}

static int bind(int dir_fd, int ns_fd)
{
    struct mount_attr attr = { .propagation = MS_UNBINDABLE };
    autoclose int target_fd = sys_openat(dir_fd, name, O_PATH | O_NOFOLLOW, 0);
    autoclose int tree_fd =
        target_fd < 0 ? target_fd : sys_open_tree(ns_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    int r;

    if (tree_fd < 0)
        return tree_fd;
    r = sys_move_mount(tree_fd, target_fd);
    return r < 0 ? r : sys_mount_setattr(tree_fd, 0, &attr);
}

static int make_and_bind(int dir_fd)
{
    struct clone_args args = { .flags = CLONE_NEWNS, .exit_signal = SIGCHLD };
    int told[2], wait[2], r;

    if (pipe2(told, O_CLOEXEC) < 0)
        return -errno;
    autoclose int told_read = told[0];
    autoclose int told_write = told[1];
    if (pipe2(wait, O_CLOEXEC) < 0)
        return -errno;
    autoclose int wait_read = wait[0];
    autoclose int wait_write = wait[1];
    pid_t pid = sys_clone3(&args);
    if (pid == 0) {
        (void) close(wait_write);
        be_keeper(told_write, wait_read);
    }
    if (pid < 0)
        return pid;
    fd_cleanup(&told_write);
    if (sys_read(told_read, &r, sizeof r) != sizeof r)
        r = -ECHILD;
    autoclose int proc_fd = r < 0 ? r : procfs_open();
    autoclose int ns_fd = proc_fd < 0 ? proc_fd : host_namespace_open(proc_fd, pid, "mnt");
    if (ns_fd >= 0)
        r = bind(dir_fd, ns_fd);
    else
        r = ns_fd;
    fd_cleanup(&wait_write);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return r;
}

int host_mount_template_open(void)
{
    autoclose int dir_fd = open_directory();
    autoclose int file_fd = -EBADF;
    int fd = dir_fd < 0 ? dir_fd : open_mounted(dir_fd), r;

    if (fd >= 0 || dir_fd < 0)
        return fd;
    /* One maker at a time; who waited finds it made. */
    file_fd = sys_openat(dir_fd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file_fd < 0 || flock(file_fd, LOCK_EX) < 0)
        return file_fd < 0 ? file_fd : -errno;
    fd = open_mounted(dir_fd);
    if (fd >= 0)
        return fd;
    r = make_and_bind(dir_fd);
    return r < 0 ? r : open_mounted(dir_fd);
}
