/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * path.c - reach a file inside a container's root, by descriptor.
 *
 * What is missing is made one component at a time, each by mkdirat on a
 * descriptor that was just opened, and what was made is opened again without
 * following symlinks: a name can be swapped between the two, but then the
 * result is still inside the root, or an error.
 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"

enum { INSIDE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

int path_open(int root_fd, const char *path, int flags)
{
    return sys_openat2(root_fd, *path ? path : "/", (uint64_t) flags, 0, INSIDE);
}

int path_open_nofollow(int root_fd, const char *path, int flags)
{
    return sys_openat2(root_fd, *path ? path : "/", (uint64_t) (flags | O_NOFOLLOW), 0, INSIDE);
}

/* Copies the first N bytes of PATH into BUF as a string. */
static int head(const char *path, size_t n, char buf[static 4096])
{
    if (n >= 4096) /* PATH_MAX: the kernel takes no longer path either */
        return -ENAMETOOLONG;
    memcpy(buf, path, n);
    buf[n] = '\0';
    return 0;
}

static size_t skip_slashes(const char *path, size_t i)
{
    while (path[i] == '/')
        i++;
    return i;
}

static size_t skip_name(const char *path, size_t i)
{
    while (path[i] && path[i] != '/')
        i++;
    return i;
}

/*
 * Makes directory NAME in DIR_FD, or finds it there.  -ELOOP: it is a symlink, and the caller knows that it
 * leads nowhere.
 */
static int make_one(int dir_fd, const char *name, mode_t mode)
{
    int fd;

    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return -ENOENT; /* a missing directory cannot be left upwards */
    if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
        return -errno;
    fd = sys_openat2(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH);
    return fd == -ENOTDIR && readlinkat(dir_fd, name, (char[1]){ 0 }, 1) >= 0 ? -ELOOP : fd;
}

/*
 * Walks PATH and makes what is missing.  At a symlink that leads nowhere it stops with -ELOOP: then the first
 * *RET_STOP bytes of PATH name that symlink, and *RET_FROM is where its last component begins.  *RET_STOP is
 * 0 at links that lead to each other.
 */
static int walk(int root_fd, const char *path, mode_t mode, size_t *ret_from, size_t *ret_stop)
{
    autoclose int dir_fd = path_open(root_fd, "/", O_PATH | O_DIRECTORY);
    char buf[4096];

    *ret_stop = 0;
    for (size_t from = skip_slashes(path, 0); dir_fd >= 0 && path[from];) {
        size_t end = skip_name(path, from);
        int next, r = head(path, end, buf);

        if (r < 0)
            return r;
        next = path_open(root_fd, buf, O_PATH | O_DIRECTORY);
        if (next == -ENOENT) {
            r = head(path + from, end - from, buf);
            next = r < 0 ? r : make_one(dir_fd, buf, mode);
            *ret_from = from;
            *ret_stop = next == -ELOOP ? end : 0;
        }
        fd_cleanup(&dir_fd);
        dir_fd = next;
        from = skip_slashes(path, end);
    }
    return take_fd(&dir_fd);
}

/*
 * Puts what the symlink PATH[0..STOP) holds in its place: "/a/link/rest" becomes "/a/" or "/", the link,
 * "/rest".
 */
static int follow(int root_fd, char path[static 4096], size_t from, size_t stop)
{
    size_t rest = strlen(path + stop) + 1, before;
    char buf[4096], link[4096];
    int r = head(path, from, buf);
    ssize_t n;

    if (r < 0)
        return r;
    autoclose int dir_fd = path_open(root_fd, buf, O_PATH | O_DIRECTORY);
    if (dir_fd < 0)
        return dir_fd;
    r = head(path + from, stop - from, buf);
    if (r < 0)
        return r;
    n = readlinkat(dir_fd, buf, link, sizeof link);
    if (n < 0)
        return -errno;
    before = link[0] == '/' ? 0 : from;
    if ((size_t) n >= sizeof link || before + (size_t) n + rest > sizeof link)
        return -ENAMETOOLONG;
    memmove(path + before + (size_t) n, path + stop, rest);
    memcpy(path + before, link, (size_t) n);
    return 0;
}

/*
 * A symlink that leads to something missing is followed, inside the root, and what is missing is made there:
 * as the kernel would have found it, had it been there.  As many links as the kernel follows in one path.
 */
static int make_all(int root_fd, const char *path, mode_t mode)
{
    char own[4096];
    size_t from = 0, stop = 0;
    int r = head(path, strlen(path), own);

    for (unsigned links = 0; r >= 0 && links < 40; links++) {
        int fd = walk(root_fd, own, mode, &from, &stop);

        if (fd != -ELOOP || !stop)
            return fd;
        r = follow(root_fd, own, from, stop);
    }
    return r < 0 ? r : -ELOOP;
}

/* Makes PATH in a directory that is there.  -ENOENT if that is missing too, -ELOOP if PATH is a symlink. */
static int make_last(int root_fd, const char *path, mode_t mode)
{
    size_t end = strlen(path), start;
    char buf[4096];
    int r;

    for (start = end; start && path[start - 1] != '/';)
        start--;
    if (start == end)
        return -ENOENT; /* a trailing slash, or nothing: not worth a case of its own */
    r = head(path, start, buf);
    if (r < 0)
        return r;
    autoclose int dir_fd = path_open(root_fd, buf, O_PATH | O_DIRECTORY);
    return dir_fd < 0 ? dir_fd : make_one(dir_fd, path + start, mode);
}

/* Usually it is there, or only the last component is missing (/dev/pts in a new tmpfs). */
int path_make_dir(int root_fd, const char *path, mode_t mode)
{
    int fd = path_open(root_fd, path, O_PATH | O_DIRECTORY);

    if (fd == -ENOENT)
        fd = make_last(root_fd, path, mode);
    return fd == -ENOENT || fd == -ELOOP ? make_all(root_fd, path, mode) : fd;
}

int path_make_parent(int root_fd, const char *path, mode_t mode, const char **ret_name, size_t *ret_length)
{
    size_t end = strlen(path), start;
    char buf[4096];

    while (end && path[end - 1] == '/')
        end--;
    for (start = end; start && path[start - 1] != '/';)
        start--;

    size_t n = end - start;
    if (n == 0 || (n == 1 && path[start] == '.') || (n == 2 && path[start] == '.' && path[start + 1] == '.'))
        return -EINVAL;
    int r = head(path, start, buf);
    if (r < 0)
        return r;
    int fd = path_make_dir(root_fd, start ? buf : "/", mode);
    if (fd < 0)
        return fd;
    *ret_name = path + start;
    *ret_length = n;
    return fd;
}

int path_make_parent_of(int root_fd, const char *path, char ret_name[static PATH_NAME_SIZE])
{
    const char *name;
    size_t n;
    autoclose int dir_fd = path_make_parent(root_fd, path, 0755, &name, &n);

    if (dir_fd < 0)
        return dir_fd;
    if (n >= PATH_NAME_SIZE)
        return -ENAMETOOLONG;
    memcpy(ret_name, name, n);
    ret_name[n] = '\0';
    return take_fd(&dir_fd);
}

int path_make_file(int root_fd, const char *path, mode_t mode)
{
    char name[PATH_NAME_SIZE];
    int fd = path_open(root_fd, path, O_PATH);

    if (fd != -ENOENT)
        return fd;
    autoclose int dir_fd = path_make_parent_of(root_fd, path, name);
    if (dir_fd < 0)
        return dir_fd;
    autoclose int made = sys_openat2(dir_fd, name, O_CREAT | O_NOFOLLOW | O_WRONLY | O_NONBLOCK | O_NOCTTY,
                                     mode, RESOLVE_BENEATH);
    if (made < 0)
        return made;
    return sys_openat2(dir_fd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH);
}

bool path_same_file(int a_fd, int b_fd)
{
    struct stat a, b;

    return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
