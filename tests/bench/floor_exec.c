/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor_exec.c - the floor under every runtime's exec: what the kernel must be asked to put one more process
 * into a container, and nothing else.
 *
 *     floor_exec PID CGROUP PROGRAM
 *
 * PID is the container's first process, CGROUP the directory of its cgroup (v2).  All namespaces are entered
 * at once by a pidfd, the process is born in its cgroup, drops its capabilities but three, and executes the
 * program, which is waited for.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long check(long r, const char *what)
{
    if (r < 0) {
        perror(what);
        _exit(1);
    }
    return r;
}

#define DO(call) check(call, #call)

static void drop_capabilities(void)
{
    const uint64_t kept = 1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE;
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = {
        { .effective = (uint32_t) kept, .permitted = (uint32_t) kept },
        { .effective = (uint32_t) (kept >> 32), .permitted = (uint32_t) (kept >> 32) },
    };

    for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
        if (!(kept >> i & 1))
            DO(prctl(PR_CAPBSET_DROP, i, 0, 0, 0));
    DO(syscall(SYS_capset, &header, data));
    DO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static _Noreturn void be_process(const char *program)
{
    char *argv[] = { (char *) (uintptr_t) program, NULL }, *envp[] = { NULL };

    setsid();
    DO(chdir("/"));
    drop_capabilities();
    execve(program, argv, envp);
    perror(program);
    _exit(127);
}

int main(int argc, char **argv)
{
    int pid_fd, cgroup_fd, status;
    pid_t pid;

    if (argc != 4) {
        fprintf(stderr, "usage: floor_exec PID CGROUP PROGRAM\n");
        return 2;
    }
    pid_fd = (int) DO(syscall(SYS_pidfd_open, (pid_t) strtol(argv[1], NULL, 10), 0));
    cgroup_fd = (int) DO(open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DO(setns(pid_fd,
             CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));

    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (uint64_t) (unsigned) cgroup_fd,
    };
    pid = (pid_t) DO(syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0)
        be_process(argv[3]);
    DO(waitpid(pid, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
