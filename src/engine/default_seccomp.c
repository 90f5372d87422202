/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * default_seccomp.c - the default filter: which system calls a container may make.
 *
 * All that is not listed fails with EPERM, and calls newer than the newest one listed with ENOSYS, so that
 * programs fall back.  A call is listed if it acts on what the container has anyway: its memory, its files,
 * its processes, its sockets.  It is not if it acts on the whole host (clock, modules, swap, kernel log), if
 * it makes namespaces or mounts, which give an unprivileged process capabilities to reach seldom-used code of
 * the kernel with, or if it is such code itself and few programs need it (docs/seccomp.md names each, with
 * the reason).  Calls that the kernel lets only the holder of a capability make are allowed to a container
 * that has been given it: who gives a capability wants its use.
 */
#include "engine/default_seccomp.h"

#include <errno.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/socket.h>

/* Namespaces that clone(2) can make. CLONE_NEWTIME has the place of a signal there. */
#define NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     (uint64_t) CLONE_NEWNET)
#define NEWTIME 0x80U

#ifdef __s390x__
#define CLONE_FLAGS 1 /* the stack is the first argument there */
#else
#define CLONE_FLAGS 0
#endif

/* int and unsigned int: what stands in the upper half of the register, the kernel does not see. */
#define HALF UINT32_MAX

#define ALLOW(names) \
    { \
        names, NULL, false, 0, false, 0, 0, 0 \
    }
#define ALLOW_IF(names, n, m, v) \
    { \
        names, NULL, false, 0, true, n, m, v \
    }
#define ALLOW_WITH(capability, names) \
    { \
        names, capability, false, 0, false, 0, 0, 0 \
    }

/* clang-format off */
const struct default_seccomp_rule default_seccomp_rules[] = {
    /* Files: open, read, write, name, describe. */
    ALLOW("open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv"
          " pwritev preadv2 pwritev2 lseek _llseek sendfile sendfile64 splice tee vmsplice copy_file_range"
          " readahead fadvise64 fadvise64_64 arm_fadvise64_64 fallocate truncate truncate64 ftruncate"
          " ftruncate64 sync syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range"
          " cachestat"),
    ALLOW("stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64 statx oldstat oldlstat oldfstat"
          " statfs statfs64 fstatfs fstatfs64 access faccessat faccessat2 readlink readlinkat getcwd chdir"
          " fchdir getdents getdents64 readdir name_to_handle_at statmount listmount"),
    ALLOW("mkdir mkdirat mknod mknodat rmdir unlink unlinkat link linkat symlink symlinkat rename renameat"
          " renameat2 chmod fchmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchown fchown32 fchownat"
          " utime utimes futimesat utimensat utimensat_time64 umask file_getattr file_setattr"),
    ALLOW("getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr"
          " llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat"),
    ALLOW("dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2 select _newselect pselect6 pselect6_time64 poll"
          " ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old"
          " epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1"
          " inotify_add_watch inotify_rm_watch memfd_create memfd_secret"),
    ALLOW("io_setup io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64 io_destroy"),

    /* Memory. */
    ALLOW("brk mmap mmap2 munmap mremap mprotect madvise process_madvise mincore msync mlock mlock2 mlockall"
          " munlock munlockall mseal remap_file_pages pkey_alloc pkey_free pkey_mprotect membarrier"
          " map_shadow_stack get_mempolicy set_mempolicy set_mempolicy_home_node mbind cacheflush"
          " riscv_flush_icache"),

    /* Processes and threads: make, end, wait, signal. */
    ALLOW("fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pidfd_open"
          " pidfd_getfd pidfd_send_signal process_mrelease pause restart_syscall sigaction sigpending"
          " sigprocmask sigreturn sigsuspend signal sgetmask ssetmask sigaltstack rt_sigaction rt_sigpending"
          " rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64"
          " rt_tgsigqueueinfo"),
    ALLOW_IF("clone", CLONE_FLAGS, NAMESPACES, 0),
    ALLOW_IF("unshare", 0, NAMESPACES | NEWTIME, 0),
    /* Its flags lie in memory, where a filter can't see them; libc falls back to clone. */
    { "clone3", "CAP_SYS_ADMIN", true, ENOSYS, false, 0, 0, 0 },
    ALLOW("futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue set_robust_list get_robust_list"
          " set_tid_address set_thread_area get_thread_area arch_prctl set_tls get_tls rseq rseq_slice_yield"
          " sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam"
          " sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max"
          " sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority"
          " nice ioprio_get ioprio_set getcpu"),
    /* Since Linux 4.8 a tracer can't change a call after the filter has seen it. */
    ALLOW("ptrace process_vm_readv process_vm_writev uprobe uretprobe breakpoint"),

    /* What a process is: ids, groups, sessions, limits, capabilities, restrictions of its own. */
    ALLOW("getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid getuid32 geteuid geteuid32"
          " getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups"
          " getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid"
          " setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32"
          " capget capset prctl"),
    ALLOW("getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname olduname oldolduname"),
    ALLOW("seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self lsm_get_self_attr"
          " lsm_set_self_attr lsm_list_modules"),
    /*
     * PER_LINUX, PER_LINUX32, each also with UNAME26; without randomisation of addresses, for debuggers; the
     * question.
     */
    ALLOW_IF("personality", 0, HALF, 0x0), ALLOW_IF("personality", 0, HALF, 0x8),
    ALLOW_IF("personality", 0, HALF, 0x20000), ALLOW_IF("personality", 0, HALF, 0x20008),
    ALLOW_IF("personality", 0, HALF, 0x40000), ALLOW_IF("personality", 0, HALF, 0xffffffff),

    /* Time: ask, wait, be woken.  adjtimex asks as well; changing takes a capability. */
    ALLOW("time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep"
          " clock_nanosleep_time64 nanosleep adjtimex clock_adjtime clock_adjtime64 alarm getitimer setitimer"
          " timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime"
          " timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime"
          " timerfd_settime64 getrandom"),

    /*
     * Sockets, of the families that programs use.  Each other family is a module of the kernel that is loaded
     * when somebody asks for a socket.  socketcall hides the family from the filter, and libc has not used it
     * since 2015.
     */
    ALLOW_IF("socket socketpair", 0, HALF, AF_UNIX), ALLOW_IF("socket socketpair", 0, HALF, AF_INET),
    ALLOW_IF("socket socketpair", 0, HALF, AF_INET6), ALLOW_IF("socket socketpair", 0, HALF, AF_NETLINK),
    { "socket", "CAP_NET_RAW", false, 0, true, 0, HALF, AF_PACKET },
    ALLOW("bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown send"
          " sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64"),

    /* Between processes, in the container's own IPC namespace. */
    ALLOW("ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl"
          " shmdt shmget mq_open mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64"
          " mq_timedsend mq_timedsend_time64"),

    /* Of some processors. */
    ALLOW("riscv_hwprobe swapcontext switch_endian s390_guarded_storage s390_runtime_instr"),

    /* With a capability. */
    ALLOW_WITH("CAP_SYS_ADMIN", "clone clone3 unshare setns mount umount umount2 pivot_root fsopen fsconfig"
                                " fsmount fspick move_mount open_tree open_tree_attr mount_setattr"
                                " sethostname setdomainname quotactl quotactl_fd fanotify_init fanotify_mark"
                                " listns"),
    ALLOW_WITH("CAP_SYS_CHROOT", "chroot"),
    ALLOW_WITH("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
    ALLOW_WITH("CAP_SYS_PTRACE", "kcmp"),
    ALLOW_WITH("CAP_SYS_NICE", "move_pages migrate_pages"),
    ALLOW_WITH("CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
    ALLOW_WITH("CAP_SYS_TTY_CONFIG", "vhangup"),
    ALLOW_WITH("CAP_SYS_PACCT", "acct"),
    ALLOW_WITH("CAP_SYS_RAWIO", "ioperm iopl s390_pci_mmio_read s390_pci_mmio_write"),
    ALLOW_WITH("CAP_SYS_BOOT", "reboot"),
    ALLOW_WITH("CAP_SYS_MODULE", "init_module finit_module delete_module"),
    ALLOW_WITH("CAP_SYSLOG", "syslog"),
    ALLOW_WITH("CAP_BPF", "bpf"),
    ALLOW_WITH("CAP_PERFMON", "perf_event_open"),
    { NULL, NULL, false, 0, false, 0, 0, 0 },
};

const char *const default_seccomp_architectures[] = {
#if defined __x86_64__
    "SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
#elif defined __aarch64__
    "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
#elif defined __s390x__
    "SCMP_ARCH_S390X", "SCMP_ARCH_S390",
#endif
    NULL,
};
/* clang-format on */
