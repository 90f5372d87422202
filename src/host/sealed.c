/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sealed.c - an executable file without a name, that nobody can write to.
 *
 * The surprise: since Linux 6.3 an administrator may forbid executable memfds
 * (sysctl vm.memfd_noexec=2, per pid namespace).  A file of a private tmpfs does
 * the same service then.
 */
#include "host/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 /* Linux 6.3: the mode keeps its x bits */
#endif

static int create_memfd(const char *name)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

static int seal(int fd)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

    if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_EXEC) == 0)
        return 0;
    return errno == EINVAL && fcntl(fd, F_ADD_SEALS, seals) == 0 ? 0 : -errno;
}

static int write_parts(int fd, struct iovec *parts, size_t n)
{
    while (n) {
        ssize_t r = writev(fd, parts, (int) n);

        if (r < 0 && errno != EINTR)
            return -errno;
        for (; n && r >= 0 && (size_t) r >= parts->iov_len; parts++, n--)
            r -= (ssize_t) parts->iov_len;
        if (n && r > 0) {
            parts->iov_base = (char *) parts->iov_base + r;
            parts->iov_len -= (size_t) r;
        }
    }
    return 0;
}

static int mount_tmpfs(void)
{
    autoclose int fs_fd = sys_fsopen("tmpfs");
    int r;

    if (fs_fd < 0)
        return fs_fd;
    r = sys_fsconfig_create(fs_fd);
    return r < 0 ? r : sys_fsmount(fs_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

/* The file is opened again once the mount is read-only: the first descriptor could still write. */
static int create_on_tmpfs(const char *name, struct iovec *parts, size_t n, int *ret_fd)
{
    autoclose int mount_fd = mount_tmpfs();
    autoclose int write_fd =
        mount_fd < 0 ? mount_fd : sys_openat(mount_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0500);
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
    int r;

    if (write_fd < 0)
        return write_fd;
    r = write_parts(write_fd, parts, n);
    if (r < 0)
        return r;
    (void) close(take_fd(&write_fd));
    r = sys_mount_setattr(mount_fd, 0, &attr);
    if (r < 0)
        return r;
    r = sys_openat(mount_fd, name, O_RDONLY | O_NOFOLLOW, 0);
    if (r < 0)
        return r;
    *ret_fd = r;
    return 0;
}

/* The answer to a memfd_create(2) that said EACCES. */
static int create_elsewhere(const char *name, struct iovec *parts, size_t n, int *ret_fd, struct err *err)
{
    int r = create_on_tmpfs(name, parts, n, ret_fd);

    if (r == 0)
        return 0;
    r = err_set(err, ERR_KERNEL, -r,
                "make the container's init program: the sysctl vm.memfd_noexec is 2, and a tmpfs instead");
    err_hint(err, "set vm.memfd_noexec to 1 or 0, or run with CAP_SYS_ADMIN");
    return r;
}

int host_sealed_create(const char *name, struct iovec *parts, size_t n, int *ret_fd, struct err *err)
{
    autoclose int fd = create_memfd(name);
    int r;

    if (fd == -EACCES)
        return create_elsewhere(name, parts, n, ret_fd, err);
    if (fd < 0)
        return err_set(err, ERR_KERNEL, -fd, "make the container's init program: memfd_create");
    r = write_parts(fd, parts, n);
    if (r < 0)
        return err_set(err, ERR_KERNEL, -r, "make the container's init program: write");
    r = seal(fd);
    if (r < 0)
        return err_set(err, ERR_KERNEL, -r, "make the container's init program: seal");
    *ret_fd = take_fd(&fd);
    return 0;
}
