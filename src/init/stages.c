/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.c - the table of stages, and the walk through it.
 *
 * The order is the design: namespaces, then what is seen from outside is cut
 * off, then the root is furnished, then entered, then closed, and at last the
 * program is looked up.  The stub does the rest.
 */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/sys.h"
#include "base/trace.h"

struct stage {
    enum init_stage id;
    const char *name; /* in a trace */
    int (*run)(struct init *init);
};

/*
 * Who goes ahead pivots early, while the runtime is still at work: the kernel's wait until nobody looks at
 * the old root any more (RCU) costs most time here, and without hooks nothing needs that root once ours is
 * attached.
 */
static int pivot_ahead(struct init *init)
{
    return init->ahead ? init_pivot(init) : 0;
}

static int pivot(struct init *init)
{
    return init->ahead ? 0 : init_pivot(init);
}

static const struct stage container_stages[] = {
    { INIT_STAGE_RESET, "reset", init_reset },
    { INIT_STAGE_JOIN, "join", init_join },
    { INIT_STAGE_ROOT_TARGET, "root target", init_root_target },
    { INIT_STAGE_BECOME_ROOT, "become root", init_become_root },
    { INIT_STAGE_UNSHARE, "unshare", init_unshare },
    { INIT_STAGE_KEYRING, "keyring", init_keyring },
    { INIT_STAGE_SOURCES, "sources", init_sources },
    { INIT_STAGE_PRIVATE, "private", init_private },
    { INIT_STAGE_HOSTNAME, "hostname", init_hostname },
    { INIT_STAGE_DOMAINNAME, "domainname", init_domainname },
    { INIT_STAGE_ROOT, "root attach", init_root_attach },
    { INIT_STAGE_PIVOT, "pivot ahead", pivot_ahead },
    { INIT_STAGE_LOOPBACK, "loopback", init_loopback },
    { INIT_STAGE_SYSCTL, "sysctls", init_sysctls },
    { INIT_STAGE_MOUNT, "mounts", init_mounts },
    { INIT_STAGE_DEVICE, "devices", init_devices },
    { INIT_STAGE_SYMLINK, "symlinks", init_symlinks },
    { INIT_STAGE_CONSOLE, "console", init_console },
    { INIT_STAGE_RUNTIME_HOOKS, "runtime hooks", init_runtime_hooks },
    { INIT_STAGE_CONTAINER_HOOKS, "container hooks", init_container_hooks },
    { INIT_STAGE_PIVOT, "pivot", pivot },
    { INIT_STAGE_HIDE, "hide", init_hide },
    { INIT_STAGE_CWD, "cwd", init_cwd },
    { INIT_STAGE_MOUNT, "mounts close", init_mounts_close },
    { INIT_STAGE_ROOT_READONLY, "root readonly", init_root_readonly },
    { INIT_STAGE_ROOT_PROPAGATION, "root propagation", init_root_propagation },
    { INIT_STAGE_MEMORY_POLICY, "memory policy", init_memory_policy },
    { INIT_STAGE_PROGRAM, "program", init_program },
    { INIT_STAGE_STDIO, "stdio", init_stdio },
    { 0, NULL, NULL },
};

static const struct stage exec_stages[] = {
    { INIT_STAGE_RESET, "reset", init_reset },
    { INIT_STAGE_EXEC_JOIN, "exec join", init_exec_join },
    { INIT_STAGE_BECOME_ROOT, "become root", init_become_root },
    { INIT_STAGE_KEYRING, "keyring", init_keyring },
    { INIT_STAGE_CONSOLE, "console", init_console },
    { INIT_STAGE_CWD, "cwd", init_cwd },
    { INIT_STAGE_MEMORY_POLICY, "memory policy", init_memory_policy },
    { INIT_STAGE_PROGRAM, "program", init_program },
    { INIT_STAGE_STDIO, "stdio", init_stdio },
    { 0, NULL, NULL },
};

static const struct stage mount_stages[] = {
    { INIT_STAGE_RESET, "reset", init_reset },
    { INIT_STAGE_EXEC_JOIN, "exec join", init_exec_join },
    { INIT_STAGE_MOUNT, "mounts", init_mounts },
    { INIT_STAGE_MOUNT, "mounts close", init_mounts_close },
    { 0, NULL, NULL },
};

static const struct stage unmount_stages[] = {
    { INIT_STAGE_RESET, "reset", init_reset },
    { INIT_STAGE_EXEC_JOIN, "exec join", init_exec_join },
    { INIT_STAGE_MOUNT, "unmounts", init_unmounts },
    { 0, NULL, NULL },
};

void init_say(struct init *init, const char *s, size_t n)
{
    if (n > sizeof init->text)
        n = sizeof init->text;
    memcpy(init->text, s, n);
    init->text_size = n;
}

void init_say_of_fs(struct init *init, int fs_fd)
{
    char buf[256];
    ssize_t n = read(fs_fd, buf, sizeof buf);

    if (n > 2) /* "e " in front tells that it is an error */
        init_say(init, buf + 2, (size_t) n - 2);
}

/* *RET_FD: what came with it, or -1. */
static int receive_go(struct init *init, struct msg *ret, int *ret_fd)
{
    struct iovec part = { .iov_base = ret, .iov_len = sizeof *ret };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr packet = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t n;

    do
        n = recvmsg(init->gate_fd, &packet, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    *ret_fd = -1;
    if (packet.msg_controllen >= CMSG_LEN(sizeof *ret_fd) && control.header.cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(&control.header), sizeof *ret_fd);
    return n == sizeof *ret && ret->type == MSG_GO ? 0 : -EPIPE;
}

int init_wait_go(struct init *init)
{
    struct msg m;
    int none, r = receive_go(init, &m, &none);

    return r;
}

/* The runtime may be gone: then nobody wants to know. */
static _Noreturn void fail(struct init *init, enum init_stage stage, int r)
{
    struct msg m = { .type = MSG_FAILED, .stage = (uint32_t) stage, .item = init->item, .err = r };
    struct iovec parts[2] = {
        { .iov_base = &m, .iov_len = sizeof m },
        { .iov_base = init->text, .iov_len = init->text_size },
    };
    struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 2 };

    (void) sendmsg(init->gate_fd, &packet, MSG_NOSIGNAL);
    _exit(1);
}

/* READY, and with it the terminal, if there is one. */
static int send_ready(struct init *init)
{
    struct msg m = { .type = MSG_READY };
    struct iovec part = { .iov_base = &m, .iov_len = sizeof m };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

    if (init->master_fd >= 0) {
        packet.msg_control = &control;
        packet.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &init->master_fd, sizeof(int));
    }
    return sendmsg(init->gate_fd, &packet, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void write_pid(struct init *init, uint32_t pid)
{
    init->pid_text[decimal_put(init->pid_text, pid)] = '\0';
}

/*
 * What the stub does not need is closed by its execution: a container that waits must not hold the caller's
 * pipes (conmon waits for their end).
 */
static int keep_few(const struct init *init)
{
    int r = sys_close_range(3 + init->preserve_fds, ~0U, CLOSE_RANGE_CLOEXEC);

    for (size_t i = 0; r >= 0 && i < sizeof init->inherit_fds / sizeof *init->inherit_fds; i++)
        if (init->inherit_fds[i] >= 0 && fcntl(init->inherit_fds[i], F_SETFD, 0) < 0)
            r = -errno;
    return r;
}

/* The stub's argv: the program, our pid, then the program's own argv. */
static _Noreturn void become_stub(struct init *init)
{
    int r = keep_few(init);

    if (r < 0)
        fail(init, INIT_STAGE_STUB, r);
    init->stub_argv[0] = (char *) (uintptr_t) init->program;
    init->stub_argv[1] = init->pid_text;
    (void) syscall(SYS_execveat, init->stub_fd, "", init->stub_argv, init->process->envp, AT_EMPTY_PATH);
    fail(init, INIT_STAGE_STUB, -errno);
}

void init_join_and_clone(struct init *init, uint64_t flags, int *ret_pid)
{
    struct clone_args args = { .flags = flags | CLONE_PARENT };
    int r = init_join(init);
    pid_t pid;

    if (r < 0)
        fail(init, INIT_STAGE_JOIN, r);
    r = init_become_root(init);
    if (r < 0)
        fail(init, INIT_STAGE_BECOME_ROOT, r);
    pid = sys_clone3(&args);
    if (pid < 0)
        fail(init, INIT_STAGE_UNSHARE, pid);
    if (pid == 0)
        return;
    *ret_pid = pid;
    _exit(0);
}

/* Without the runtime nobody wants to know how far we came. */
void init_await_go(struct init *init)
{
    struct msg m;
    int network_fd = -1, r;

    if (init->pid)
        return;
    if (receive_go(init, &m, &network_fd) < 0)
        _exit(1);
    init->pid = m.item;
    write_pid(init, m.item);
    if (!init->network_comes)
        return;
    r = network_fd < 0 ? -EPROTO : sys_setns(network_fd, CLONE_NEWNET);
    if (r < 0)
        fail(init, INIT_STAGE_UNSHARE, r);
    (void) close(network_fd);
}

static void walk(struct init *init, const struct stage *stages)
{
    for (const struct stage *s = stages; s->run; s++) {
        if (!init->ahead || s->id == INIT_STAGE_DEVICE)
            init_await_go(init);

        int64_t begin = trace_begin(init->trace_fd);
        int r;

        init->item = 0;
        r = s->run(init);
        trace_end(init->trace_fd, "init", s->name, (pid_t) init->pid, begin);
        if (r < 0)
            fail(init, s->id, r);
    }
}

/* A container without a process waits to be deleted, or for `start` to say that there is nothing to start. */
static _Noreturn void wait_for_the_end(void)
{
    for (;;)
        (void) pause();
}

/*
 * READY is sent before the stub is executed: if that fails, the message that follows says so, and the runtime
 * reads on until the gate closes.
 */
static _Noreturn void finish(struct init *init)
{
    int r = send_ready(init);

    if (r < 0)
        _exit(1);
    if (!init->process) {
        (void) sys_close_range(0, ~0U, 0);
        wait_for_the_end();
    }
    become_stub(init);
}

_Noreturn void init_run(struct init *init)
{
    walk(init, container_stages);
    finish(init);
}

_Noreturn void init_run_exec(struct init *init)
{
    walk(init, exec_stages);
    finish(init);
}

_Noreturn void init_run_mounts(struct init *init)
{
    walk(init, mount_stages);
    _exit(send_ready(init) < 0);
}

_Noreturn void init_run_unmounts(struct init *init)
{
    walk(init, unmount_stages);
    _exit(send_ready(init) < 0);
}
