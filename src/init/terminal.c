/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * terminal.c - a pseudo-terminal of the container, /dev/console, and who owns the standard descriptors.
 *
 * The slave is opened from the master (TIOCGPTPEER), not by name: /dev/pts/0 may be
 * anything (CVE-2025-52565).  The master goes to the runtime with READY.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "init/init.h"

static bool is_devpts(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

static bool is_ptmx(int fd)
{
    struct stat st;

    return is_devpts(fd) && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

static int open_pair(struct init *init, int *ret_master, int *ret_slave)
{
    int unlock = 0;
    autoclose int dir_fd = path_open(init->root_fd, "/dev/pts", O_PATH | O_DIRECTORY);

    if (dir_fd < 0)
        return dir_fd;
    if (!is_devpts(dir_fd))
        return -ENODEV;
    /* In a devpts, and nothing mounted over it: what is opened here is no fifo or device of the image. */
    autoclose int master_fd = sys_openat2(dir_fd, "ptmx", O_RDWR | O_NOCTTY, 0,
                                          RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
    if (master_fd < 0)
        return master_fd == -EXDEV ? -ENODEV : master_fd;
    if (!is_ptmx(master_fd))
        return -ENODEV;
    if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
        return -errno;
    autoclose int slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave_fd < 0)
        return -errno;
    *ret_master = take_fd(&master_fd);
    *ret_slave = take_fd(&slave_fd);
    return 0;
}

/* Binds the slave over /dev/console, which must not be a symlink. */
static int make_console(struct init *init, int slave_fd)
{
    const char *name;
    size_t n;
    int r;
    autoclose int dir_fd = path_make_parent(init->root_fd, "/dev/console", 0755, &name, &n);

    if (dir_fd < 0)
        return dir_fd;
    autoclose int made =
        sys_openat2(dir_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0620, RESOLVE_BENEATH);
    if (made < 0 && made != -EEXIST)
        return made;
    autoclose int target_fd =
        sys_openat2(dir_fd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (target_fd < 0)
        return target_fd;
    autoclose int tree_fd = sys_open_tree(slave_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (tree_fd < 0)
        return tree_fd;
    r = sys_move_mount(tree_fd, target_fd);
    return r;
}

int init_console(struct init *init)
{
    const struct plan_process *p = init->process;
    struct winsize size = { 0 };
    int r;

    if (!p || !p->terminal)
        return 0;
    r = open_pair(init, &init->master_fd, &init->slave_fd);
    if (r < 0)
        return r;
    size.ws_row = p->rows;
    size.ws_col = p->columns;
    if (p->has_size && ioctl(init->slave_fd, TIOCSWINSZ, &size) < 0)
        return -errno;
    return init->plan && init->container_pidfd < 0 ? make_console(init, init->slave_fd) : 0;
}

/*
 * The program opens /dev/stdout again, through /proc/self/fd: so its user owns the pipe or the terminal, as
 * under runc.  Another kind of file, or one whose owner may not be changed, is left as it is.
 */
static void own(int fd, uid_t uid)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
        return;
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode))
        (void) fchown(fd, uid, (gid_t) -1); /* EPERM, EINVAL: it stays the caller's */
}

/* Where the stub has a child, that makes it its controlling terminal: STUB_TERMINAL. */
static int become_terminal(const struct init *init)
{
    if (!init->birth && ioctl(init->slave_fd, TIOCSCTTY, 0) < 0)
        return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(init->slave_fd, fd) < 0)
            return -errno;
    return 0;
}

int init_stdio(struct init *init)
{
    int r = init->slave_fd >= 0 ? become_terminal(init) : 0;

    if (r < 0 || !init->process)
        return r;
    for (int fd = 0; fd < 3; fd++)
        own(fd, init->process->uid);
    return 0;
}
