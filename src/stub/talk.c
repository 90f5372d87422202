/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk.c - waits for GO, and tells what failed.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "stub/run.h"
#include "stub/sys.h"

static bool receive_go(int fd)
{
    struct msg message;
    long r;

    do
        r = sys_read(fd, &message, sizeof message);
    while (r == -EINTR);
    return r == (long) sizeof message && message.type == MSG_GO;
}

/*
 * Accepts one connection after the other until one says GO: a runtime that was killed between connect and GO
 * must not take the container with it. Then closes the listener, which ends the "created" state: connect(2)
 * is refused.
 */
static int accept_go(int listener)
{
    for (;;) {
        int fd = sys_accept(listener, O_CLOEXEC);

        if (fd < 0 && fd != -EINTR && fd != -ECONNABORTED)
            sys_exit(127);
        if (fd < 0)
            continue;
        if (receive_go(fd)) {
            sys_close(listener);
            return fd;
        }
        sys_close(fd);
    }
}

void talk_wait(struct stub *s)
{
    const struct stub_config *c = s->config;

    if (c->start == STUB_ACCEPT)
        s->connection = accept_go(c->start_fd);
    else if (c->start == STUB_NOW || receive_go(c->start_fd))
        s->connection = c->start_fd;
    else
        sys_exit(127);
}

/* Whoever started us may be gone by now; the program runs all the same. */
int talk_announce(struct stub *s)
{
    struct msg message = { .type = MSG_EXEC };
    struct iovec part = { .iov_base = &message, .iov_len = sizeof message };
    struct sys_msghdr packet = { .iov = &part, .n_iov = 1 };

    (void) sys_sendmsg(s->connection, &packet, SYS_MSG_NOSIGNAL);
    return 0;
}

_Noreturn void talk_fail(struct stub *s, enum stub_stage stage, int err)
{
    struct msg message = { .type = MSG_FAILED, .stage = stage, .item = s->item, .err = err };
    struct iovec iov[2] = {
        { .iov_base = &message, .iov_len = sizeof message },
        { .iov_base = s->text, .iov_len = s->text_size },
    };

    /* Past a seccomp filter this may well be denied: try the plainest call there is. */
    if (s->text_size == 0)
        sys_write(s->connection, &message, sizeof message);
    else
        sys_writev(s->connection, iov, 2);
    sys_exit(127);
}
