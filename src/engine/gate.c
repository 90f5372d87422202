/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gate.c - the runtime's end of the socket to init and stub.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/creation.h"

int gate_go(int gate_fd, pid_t pid)
{
    const struct msg m = { .type = MSG_GO, .item = (uint32_t) pid };

    return send(gate_fd, &m, sizeof m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int received_fd(struct msghdr *packet)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(packet);
    int fd = -1;

    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

int gate_receive(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd)
{
    struct msg m;
    struct iovec parts[2] = { { .iov_base = &m, .iov_len = sizeof m }, { .iov_base = text, .iov_len = *n } };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr packet = {
        .msg_iov = parts,
        .msg_iovlen = 2,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t size;

    do
        size = recvmsg(gate_fd, &packet, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return 0; /* reset: it died with a message of ours unread */
    if (size < 0)
        return -errno;
    if ((size_t) size < sizeof m)
        return -EPROTO;
    *ret = m;
    *n = (size_t) size - sizeof m;
    *ret_fd = received_fd(&packet);
    return 1;
}
