/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys.h - the stub's system calls: without libc, returning a value or -errno.
 *
 * Only the kernel's own headers are used, so what they lack (struct msghdr) is
 * declared here as the kernel has it.
 */
#ifndef OCIRT_STUB_SYS_H
#define OCIRT_STUB_SYS_H

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "stub/arch_x86_64.h"
#elif defined(__aarch64__)
#include "stub/arch_aarch64.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "stub/arch_riscv64.h"
#elif defined(__i386__)
#include "stub/arch_i386.h"
#elif defined(__arm__)
#include "stub/arch_arm.h"
#elif defined(__powerpc64__)
#include "stub/arch_ppc64le.h"
#elif defined(__s390x__)
#include "stub/arch_s390x.h"
#elif defined(__loongarch64)
#include "stub/arch_loongarch64.h"
#else
#error "no stub for this architecture: it needs a header like arch_x86_64.h"
#endif

/* 32-bit architectures that are older than 32-bit ids and 64-bit time have second versions of these calls. */
#ifdef __NR_setresuid32
#define NR_setresuid __NR_setresuid32
#define NR_setresgid __NR_setresgid32
#define NR_setgroups __NR_setgroups32
#else
#define NR_setresuid __NR_setresuid
#define NR_setresgid __NR_setresgid
#define NR_setgroups __NR_setgroups
#endif
#ifdef __NR_ppoll_time64
#define NR_ppoll __NR_ppoll_time64
#else
#define NR_ppoll __NR_ppoll
#endif
#ifndef __NR_close_range
#define __NR_close_range 436
#endif

/* None of them has six arguments. */
#define SYS_ARG(x) ((long) (x))
#define sys_call(nr, a, b, c, d, e) \
    arch_syscall((nr), SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e))
#define sys_call3(nr, a, b, c) sys_call((nr), (a), (b), (c), 0, 0)

/* alike everywhere but on parisc, mips and sparc */
enum { SYS_MSG_NOSIGNAL = 0x4000, SYS_SOL_SOCKET = 1, SYS_SCM_RIGHTS = 1, SYS_SCM_CREDENTIALS = 2 };

struct sys_msghdr {
    void *name;
    int name_size;
    struct iovec *iov;
    size_t n_iov;
    void *control;
    size_t control_size;
    unsigned flags;
};

struct sys_cmsg_fd { /* struct cmsghdr with one descriptor */
    size_t size;
    int level, type;
    int fd;
};

struct sys_cmsg_credentials { /* struct cmsghdr with one struct ucred */
    size_t size;
    int level, type;
    int pid;
    uint32_t uid, gid;
};

struct sys_pollfd {
    int fd;
    short events, revents;
};

static inline long sys_read(int fd, void *buf, size_t size)
{
    return sys_call3(__NR_read, fd, buf, size);
}

static inline long sys_write(int fd, const void *buf, size_t size)
{
    return sys_call3(__NR_write, fd, buf, size);
}

static inline long sys_writev(int fd, const struct iovec *iov, size_t n)
{
    return sys_call3(__NR_writev, fd, iov, n);
}

static inline long sys_sendmsg(int fd, const struct sys_msghdr *message, int flags)
{
    return sys_call3(__NR_sendmsg, fd, message, flags);
}

static inline int sys_accept(int fd, int flags)
{
    return (int) sys_call(__NR_accept4, fd, 0, 0, flags, 0);
}

static inline long sys_close(int fd)
{
    return sys_call3(__NR_close, fd, 0, 0);
}

static inline long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    return sys_call3(__NR_close_range, first, last, flags);
}

static inline long sys_fcntl(int fd, int command, long argument)
{
    return sys_call3(__NR_fcntl, fd, command, argument);
}

static inline long sys_prctl(int option, unsigned long a, unsigned long b)
{
    return sys_call(__NR_prctl, option, a, b, 0, 0);
}

static inline long sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct *data)
{
    return sys_call3(__NR_capget, header, data, 0);
}

static inline long sys_capset(struct __user_cap_header_struct *header,
                              const struct __user_cap_data_struct *data)
{
    return sys_call3(__NR_capset, header, data, 0);
}

/* A TIMEOUT is updated to what is left of it. */
static inline long sys_ppoll(struct sys_pollfd *fds, size_t n, struct __kernel_timespec *timeout)
{
    return sys_call(NR_ppoll, fds, n, timeout, 0, 0);
}

static inline long sys_kill(int pid, int signal)
{
    return sys_call3(__NR_kill, pid, signal, 0);
}

static inline long sys_execve(const char *path, char *const *argv, char *const *envp)
{
    return sys_call3(__NR_execve, path, argv, envp);
}

static inline long sys_getpid(void)
{
    return sys_call3(__NR_getpid, 0, 0, 0);
}

/* Zeroed memory that lasts until execve(2), aligned for anything; NULL if there is none. */
static inline void *sys_memory(size_t size)
{
    long start = (sys_call3(__NR_brk, 0, 0, 0) + 15) & ~15L;
    long end = start + (long) size;

    return sys_call3(__NR_brk, end, 0, 0) == end ? (void *) start : NULL;
}

_Noreturn static inline void sys_exit(int status)
{
    for (;;)
        sys_call3(__NR_exit_group, status, 0, 0);
}

#endif
