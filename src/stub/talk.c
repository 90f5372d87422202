/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk.c - waits for GO, and tells what failed.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "stub/run.h"
#include "stub/sys.h"

static bool receive_go(int fd, uint32_t *ret_item)
{
    struct msg message;
    long r;

    do
        r = sys_read(fd, &message, sizeof message);
    while (r == -EINTR);
    if (r != (long) sizeof message || message.type != MSG_GO)
        return false;
    *ret_item = message.item;
    return true;
}

/*
 * What is wrong with the listener itself stays wrong.  All else passes: no descriptor, memory or limit left
 * for a while (the caller then waits in the queue), a caller that is gone, a denial that was meant for one
 * caller.
 */
static bool is_final(int r)
{
    return r == -EBADF || r == -EINVAL || r == -ENOTSOCK || r == -EOPNOTSUPP || r == -EFAULT || r == -ENOSYS;
}

static void wait_for_better(int r)
{
    struct __kernel_timespec time = { .tv_nsec = 10000000 };

    if (r != -EINTR && r != -ECONNABORTED)
        sys_ppoll(NULL, 0, &time);
}

/*
 * Accepts one connection after the other until one says GO: a runtime that was killed between connect and GO
 * must not take the container with it. Then closes the listener, which ends the "created" state: connect(2)
 * is refused.
 */
static int accept_go(int listener, uint32_t *ret_pid)
{
    for (;;) {
        int fd = sys_accept(listener, O_CLOEXEC);

        if (fd < 0 && is_final(fd))
            sys_exit(127);
        if (fd < 0) {
            wait_for_better(fd);
            continue;
        }
        if (receive_go(fd, ret_pid)) {
            sys_close(listener);
            return fd;
        }
        sys_close(fd);
    }
}

/* Ours as the runtime sees it; argv[1] was that of the process before the birth. */
static void know_pid(struct stub *s, uint32_t pid)
{
    char *end = s->pid_text + sizeof s->pid_text - 1;

    *end = '\0';
    s->pid = stub_decimal(pid, end);
}

void talk_wait(struct stub *s)
{
    const struct stub_config *c = s->config;
    uint32_t pid;

    if (c->start == STUB_ACCEPT) {
        s->connection = accept_go(c->start_fd, &pid);
        if (stub_has(s, STUB_BIRTH))
            know_pid(s, pid);
    } else if (c->start == STUB_NOW || receive_go(c->start_fd, &pid))
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

/* With our credentials the kernel tells the runtime our pid as seen there, which nobody can make up. */
static void tell_born(const struct stub *s)
{
    struct msg message = { .type = MSG_BORN };
    struct iovec part = { .iov_base = &message, .iov_len = sizeof message };
    struct sys_cmsg_credentials credentials = {
        .size = offsetof(struct sys_cmsg_credentials, gid) + sizeof credentials.gid,
        .level = SYS_SOL_SOCKET,
        .type = SYS_SCM_CREDENTIALS,
        .pid = (int) sys_getpid(),
        .uid = s->config->uid,
        .gid = s->config->gid,
    };
    struct sys_msghdr packet = {
        .iov = &part, .n_iov = 1, .control = &credentials, .control_size = sizeof credentials
    };

    (void) sys_sendmsg(s->connection, &packet, SYS_MSG_NOSIGNAL);
}

int talk_born(struct stub *s)
{
    uint32_t pid;

    tell_born(s);
    if (stub_waits_when_born(s)) {
        sys_close(s->connection);
        s->connection = -1;
        talk_wait(s);
        return 0;
    }
    if (!stub_has(s, STUB_PAUSE))
        return 0;
    if (!receive_go(s->connection, &pid))
        sys_exit(127);
    know_pid(s, pid);
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
