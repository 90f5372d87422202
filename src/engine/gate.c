/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gate.c - the runtime's end of the socket to init and stub.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/creation.h"

int gate_go(int gate_fd, pid_t pid)
{
    const struct msg m = { .type = MSG_GO, .item = (uint32_t) pid };

    return send(gate_fd, &m, sizeof m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int gate_go_with(int gate_fd, pid_t pid, int fd)
{
    struct msg m = { .type = MSG_GO, .item = (uint32_t) pid };
    struct iovec part = { .iov_base = &m, .iov_len = sizeof m };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fd)];
    } control = { 0 };
    struct msghdr packet = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };

    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(gate_fd, &packet, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* One descriptor is all that is ever sent; a stranger's others must not stay open. */
static void take_fd_of(struct cmsghdr *c, int *ret_fd)
{
    for (size_t at = CMSG_LEN(0); at + sizeof *ret_fd <= c->cmsg_len; at += sizeof *ret_fd) {
        int fd;

        memcpy(&fd, (const char *) c + at, sizeof fd);
        if (*ret_fd < 0)
            *ret_fd = fd;
        else
            (void) close(fd);
    }
}

/* musl's macro compares signed with unsigned. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
static struct cmsghdr *next_control(struct msghdr *packet, struct cmsghdr *c)
{
    return CMSG_NXTHDR(packet, c);
}
#pragma GCC diagnostic pop

static void take_control(struct msghdr *packet, int *ret_fd, pid_t *ret_pid)
{
    struct ucred sender;

    *ret_fd = -1;
    *ret_pid = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(packet); c; c = next_control(packet, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_RIGHTS)
            take_fd_of(c, ret_fd);
        if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof sender)) {
            memcpy(&sender, CMSG_DATA(c), sizeof sender);
            *ret_pid = sender.pid;
        }
    }
}

static int receive(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd, pid_t *ret_pid)
{
    struct msg m;
    struct iovec parts[2] = { { .iov_base = &m, .iov_len = sizeof m }, { .iov_base = text, .iov_len = *n } };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct msghdr packet = {
        .msg_iov = parts,
        .msg_iovlen = 2,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    bool reset =
        false; /* it ended with a message of ours unread, which is told once, before what it said itself */
    ssize_t size;

    for (;;) {
        size = recvmsg(gate_fd, &packet, MSG_CMSG_CLOEXEC);
        if (size >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
            break;
        reset = reset || errno == ECONNRESET;
    }
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return 0;
    if (size < 0)
        return -errno;
    if ((size_t) size < sizeof m)
        return -EPROTO;
    *ret = m;
    *n = (size_t) size - sizeof m;
    take_control(&packet, ret_fd, ret_pid);
    return 1;
}

int gate_receive(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd)
{
    pid_t pid;

    return receive(gate_fd, ret, text, n, ret_fd, &pid);
}

int gate_receive_from(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd, pid_t *ret_pid)
{
    const int on = 1, off = 0;
    int r;

    if (setsockopt(gate_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -errno;
    r = receive(gate_fd, ret, text, n, ret_fd, ret_pid);
    /* A sender that has it on is given a name in the abstract namespace. */
    if (setsockopt(gate_fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof off) < 0 && r >= 0)
        r = -errno;
    return r;
}
