/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket.c - AF_UNIX sockets by paths of any length, and descriptors sent over them.
 */
#include "host/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

int host_socket_listen(int dir_fd, const char *name, int type, int backlog)
{
    autoclose int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_fd, name);

    if (fd < 0)
        return -errno;
    if (n < 0 || (size_t) n >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    /* bind(2) gives the file the mode of the socket's inode. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
        listen(fd, backlog) < 0)
        return -errno;
    return take_fd(&fd);
}

/* FILE_FD: O_PATH of the socket's file. */
static int connect_to(int file_fd, int type)
{
    autoclose int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int r;

    if (fd < 0)
        return -errno;
    (void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file_fd);
    do
        r = connect(fd, (struct sockaddr *) &address, sizeof address);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : take_fd(&fd);
}

int host_socket_connect_at(int dir_fd, const char *name, int type)
{
    autoclose int file_fd = sys_openat(dir_fd, name, O_PATH | O_NOFOLLOW, 0);

    return file_fd < 0 ? file_fd : connect_to(file_fd, type);
}

int host_socket_connect(const char *path, int type)
{
    autoclose int file_fd = sys_openat(AT_FDCWD, path, O_PATH, 0);

    return file_fd < 0 ? file_fd : connect_to(file_fd, type);
}

int host_socket_send_fd(int socket_fd, const void *data, size_t n, int fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *) data, .iov_len = n };
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof control.room,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    ssize_t sent;

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    do
        sent = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return -errno;
    return (size_t) sent == n ? 0 : -EIO;
}

static int send_to(const char *path, const char *data, int fd)
{
    autoclose int socket_fd = host_socket_connect(path, SOCK_STREAM);

    return socket_fd < 0 ? socket_fd : host_socket_send_fd(socket_fd, data, strlen(data), fd);
}

int host_console_send(const char *path, int master_fd, struct err *err)
{
    char name[32] = "/dev/ptmx";
    unsigned number;
    int r;

    if (syscall(SYS_ioctl, master_fd, TIOCGPTN, &number) == 0)
        (void) snprintf(name, sizeof name, "/dev/pts/%u", number);
    r = send_to(path, name, master_fd);
    return r < 0 ? err_set(err, ERR_TERMINAL, r, "send the terminal to the console socket %s", path) : 0;
}

int host_pidfd_send(const char *path, int pidfd, struct err *err)
{
    int r = send_to(path, "pidfd", pidfd);

    return r < 0 ? err_set(err, ERR_PROCESS, r, "send the pidfd to %s", path) : 0;
}
