/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify.c - the probe's actions with the socket that $NOTIFY_SOCKET names, as sd_notify(3) has it.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Sends TEXT to $NOTIFY_SOCKET, with descriptor FD if that is not negative.  0 or an errno. */
static int notify(const char *text, int fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *) (size_t) text, .iov_len = strlen(text) };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1
    };
    const char *path = getenv("NOTIFY_SOCKET");
    int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

    if (!path || strlen(path) >= sizeof address.sun_path)
        return ENOENT;
    strcpy(address.sun_path, path);
    if (fd >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    if (socket_fd < 0 || sendmsg(socket_fd, &message, 0) < 0)
        error = errno;
    close(socket_fd);
    return error;
}

/* notify LINE...: one message of these lines. */
static int do_notify(int n, char **args)
{
    char text[8192] = "";

    for (int i = 0; i < n; i++) {
        strncat(text, args[i], sizeof text - strlen(text) - 1);
        strncat(text, "\n", sizeof text - strlen(text) - 1);
    }
    return say_result("notify", notify(text, -1));
}

/* notify-fd TEXT: with a descriptor of /dev/null. */
static int do_notify_fd(int n, char **args)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void) n;
    return say_result("notify-fd", fd < 0 ? errno : notify(args[0], fd));
}

/* notify-barrier: waits until the reader has dropped the descriptor; ETIMEDOUT after ten seconds. */
static int do_barrier(int n, char **args)
{
    int ends[2], error;
    struct pollfd fd = { .events = 0 };

    (void) n;
    (void) args;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return say_result("notify-barrier", errno);
    error = notify("BARRIER=1", ends[1]);
    close(ends[1]);
    fd.fd = ends[0];
    if (!error && poll(&fd, 1, 10 * 1000) <= 0)
        error = ETIMEDOUT;
    close(ends[0]);
    return say_result("notify-barrier", error);
}

const struct action probe_notify_actions[] = {
    { "notify", 1, do_notify },
    { "notify-fd", 1, do_notify_fd },
    { "notify-barrier", 0, do_barrier },
    { NULL, 0, NULL },
};
