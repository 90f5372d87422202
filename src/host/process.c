/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.c - which process it is, and how it ended.
 */
#include "host/process.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* struct pidfd_info of linux/pidfd.h as of Linux 6.13; exit_code came with 6.15. */
struct pidfd_info_v0 {
    uint64_t mask, cgroup_id;
    uint32_t pid, tgid, ppid, ids[8];
    int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "PIDFD_INFO_SIZE_VER0");

#define INFO_EXIT 0x8U /* PIDFD_INFO_EXIT */
#define GET_INFO  _IOWR(0xFF, 11, struct pidfd_info_v0)

#define PIDFS_MAGIC 0x50494446 /* PID_FS_MAGIC of linux/magic.h */

/* Before pidfs all pidfds shared one inode. */
uint64_t host_process_inode(int pidfd)
{
    struct statfs fs;
    struct stat st;

    if (sizeof st.st_ino < sizeof(uint64_t) || sizeof(long) < sizeof(uint64_t))
        return 0; /* the kernel's own inode number is a long */
    if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0)
        return 0;
    return st.st_ino;
}

bool host_process_is(int pidfd, uint64_t inode)
{
    struct stat st;

    return fstat(pidfd, &st) == 0 && st.st_ino == inode;
}

bool host_process_has_ended(int pidfd)
{
    struct pollfd fd = { .fd = pidfd, .events = POLLIN };

    return poll(&fd, 1, 0) > 0;
}

static void set(int *ret_status, int *ret_signal, int status, int signal)
{
    *ret_status = status;
    if (ret_signal)
        *ret_signal = signal;
}

static void ask_kernel(int pidfd, int *ret_status, int *ret_signal)
{
    struct pidfd_info_v0 info = { .mask = INFO_EXIT };

    if (syscall(SYS_ioctl, pidfd, GET_INFO, &info) < 0 || !(info.mask & INFO_EXIT))
        set(ret_status, ret_signal, -1, 0);
    else if (WIFSIGNALED(info.exit_code))
        set(ret_status, ret_signal, 128 + WTERMSIG(info.exit_code), WTERMSIG(info.exit_code));
    else
        set(ret_status, ret_signal, WEXITSTATUS(info.exit_code), 0);
}

/* struct rusage as the kernel has it, which need not be that of the C library (32-bit musl): getrusage(2). */
struct kernel_rusage {
    long user[2], system[2]; /* seconds, microseconds */
    long maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock,
        oublock; /* maxrss in KiB, blocks of 512 bytes */
    long msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};

static void take_usage(const struct kernel_rusage *from, struct host_process_usage *ret)
{
    ret->user = (uint64_t) from->user[0] * 1000000 + (uint64_t) from->user[1];
    ret->system = (uint64_t) from->system[0] * 1000000 + (uint64_t) from->system[1];
    ret->memory = (uint64_t) from->maxrss * 1024;
    ret->read = (uint64_t) from->inblock * 512;
    ret->written = (uint64_t) from->oublock * 512;
}

int host_process_end_usage(int pidfd, int *ret_status, int *ret_signal, struct host_process_usage *ret_usage)
{
    struct kernel_rusage usage = { 0 };
    siginfo_t info = { 0 };
    long r;

    /* __WALL: also a child that was cloned without an exit signal. */
    do
        r = syscall(SYS_waitid, P_PIDFD, (id_t) pidfd, &info, WEXITED | __WALL, &usage);
    while (r < 0 && errno == EINTR);
    if (r < 0 && errno != ECHILD)
        return -errno;
    if (r < 0)
        ask_kernel(pidfd, ret_status, ret_signal);
    else if (info.si_code == CLD_EXITED)
        set(ret_status, ret_signal, info.si_status, 0);
    else
        set(ret_status, ret_signal, 128 + info.si_status, info.si_status);
    if (ret_usage)
        take_usage(&usage, ret_usage);
    return 0;
}

int host_process_end(int pidfd, int *ret_status, int *ret_signal)
{
    return host_process_end_usage(pidfd, ret_status, ret_signal, NULL);
}
