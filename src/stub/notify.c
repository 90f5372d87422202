/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify.c - loads a filter with SCMP_ACT_NOTIFY and sends its listener to listenerPath.
 *
 * From the moment the filter is loaded, each of our system calls may wait for
 * the very agent that has not got the listener yet.  So a thread that was begun
 * before, and has no filter, does the sending; until it is done the process
 * makes no system call at all, it spins.  A thread, because a child would be
 * left to the program as a child that it never made; execve(2) ends it.
 * (config-linux.md "The container process state")
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include "stub/run.h"
#include "stub/sys.h"

enum { WAITING = -1 };

struct helper {
    struct stub *s;
    int listener; /* WAITING until the filter is loaded */
    int sent;     /* WAITING, then 1 */
    int yielded;  /* likewise: a normal process */
    _Alignas(16) char stack[4096];
};

static const unsigned thread_flags =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

static void sleep_shortly(void)
{
    struct __kernel_timespec time = { .tv_nsec = 20000 };

    sys_ppoll(NULL, 0, &time);
}

/* Skips the first N bytes of what is still to be sent. */
static void skip(struct sys_msghdr *message, size_t n)
{
    while (message->n_iov && (n || message->iov->iov_len == 0)) {
        struct iovec *first = message->iov;
        size_t step = n < first->iov_len ? n : first->iov_len;

        first->iov_base = (char *) first->iov_base + step;
        first->iov_len -= step;
        n -= step;
        if (first->iov_len == 0) {
            message->iov++;
            message->n_iov--;
        }
    }
}

static struct iovec part(const struct stub *s, int i)
{
    struct stub_span span = s->config->notify_state[i];

    return (struct iovec){ (void *) (uintptr_t) stub_data(s, span), span.size };
}

/* The descriptor goes with the first part: "fds MUST only be in the first" if the text needs several. */
static int send_state(const struct stub *s, int listener)
{
    const struct stub_config *c = s->config;
    size_t pid_size = 0;
    struct iovec iov[5];
    struct sys_cmsg_fd rights = {
        .size = offsetof(struct sys_cmsg_fd, fd) + sizeof listener,
        .level = SYS_SOL_SOCKET,
        .type = SYS_SCM_RIGHTS,
        .fd = listener,
    };
    struct sys_msghdr message = { .iov = iov, .n_iov = 5, .control = &rights, .control_size = rights.size };

    while (s->pid[pid_size])
        pid_size++;
    iov[0] = part(s, 0);
    iov[1] = iov[3] = (struct iovec){ (void *) (uintptr_t) s->pid, pid_size };
    iov[2] = part(s, 1);
    iov[4] = part(s, 2);
    while (message.n_iov) {
        long r = sys_sendmsg(c->notify_fd, &message, SYS_MSG_NOSIGNAL);

        if (r < 0 && r != -EINTR)
            return (int) r;
        if (r < 0)
            continue;
        message.control = NULL;
        message.control_size = 0;
        skip(&message, (size_t) r);
    }
    return 0;
}

/* In the thread: exit_group(2) on failure takes the spinning process along, with status 127. */
static void send_listener(void *argument)
{
    struct helper *helper = argument;
    int listener, r;

    if (limits_helper_must_yield(helper->s))
        limits_yield();
    __atomic_store_n(&helper->yielded, 1, __ATOMIC_RELEASE);
    while ((listener = __atomic_load_n(&helper->listener, __ATOMIC_ACQUIRE)) == WAITING)
        sleep_shortly();
    helper->s->item = 1;
    r = send_state(helper->s, listener);
    if (r < 0)
        talk_fail(helper->s, STUB_STAGE_NOTIFY, r);
    __atomic_store_n(&helper->sent, 1, __ATOMIC_RELEASE);
    for (;;)
        sys_ppoll(NULL, 0, NULL);
}

int notify_load(struct stub *s, const void *program)
{
    const unsigned flags = s->config->seccomp_flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
    /* not on our stack: we return while the thread still runs */
    struct helper *helper = sys_memory(sizeof *helper);
    long r;

    if (!helper)
        talk_fail(s, STUB_STAGE_NOTIFY, -ENOMEM);
    helper->s = s;
    helper->listener = helper->sent = helper->yielded = WAITING;
    r = arch_clone(thread_flags, helper->stack + sizeof helper->stack, send_listener, helper);
    if (r < 0)
        talk_fail(s, STUB_STAGE_NOTIFY, (int) r);
    while (limits_helper_must_yield(s) && __atomic_load_n(&helper->yielded, __ATOMIC_ACQUIRE) == WAITING)
        sleep_shortly();
    r = limits_lower_priority(s);
    if (r < 0)
        talk_fail(s, STUB_STAGE_SCHEDULER, (int) r);
    r = sys_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
    if (r < 0)
        return (int) r; /* told by the caller; exit_group(2) takes the thread along */
    __atomic_store_n(&helper->listener, (int) r, __ATOMIC_RELEASE);
    while (__atomic_load_n(&helper->sent, __ATOMIC_ACQUIRE) == WAITING)
        arch_relax();
    return 0;
}
