/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor.c - the floor under every runtime: a program that makes the kernel calls which a default container
 * needs, and nothing else.
 *
 *     floor ROOTFS PROGRAM
 *
 * What `run` of the default configuration asks of the kernel: a cgroup (v2) with a device program, new pid,
 * network, ipc, uts, mount and cgroup namespaces, the default mounts, devices and links, masked and read-only
 * paths, pivot_root, no capabilities but three, execve, wait, removal.  It parses nothing, keeps no state,
 * and ends at the first error.  Benchmarks give a runtime's time as a multiple of this one's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
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

/* ---- cgroup -------------------------------------------------------------------------------------------- */

/* Allows everything, in as few instructions as can be: a runtime's list of rules costs the verifier more. */
static void restrict_devices(int cgroup_fd)
{
    static const struct bpf_insn program[] = {
        { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
        { .code = BPF_JMP | BPF_EXIT },
    };
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = 2,
        .insns = (uintptr_t) program,
        .license = (uintptr_t) "GPL",
    };
    int fd = (int) DO(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load));
    union bpf_attr attach = {
        .target_fd = (uint32_t) cgroup_fd,
        .attach_bpf_fd = (uint32_t) fd,
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };

    DO(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach));
    close(fd);
}

/* ---- mounts -------------------------------------------------------------------------------------------- */

struct filesystem {
    const char *type, *target, *keys[6][2];
    unsigned attributes;
};

enum { SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const struct filesystem filesystems[] = {
    { "proc", "proc", { { 0 } }, 0 },
    { "tmpfs",
      "dev",
      { { "mode", "755" }, { "size", "65536k" } },
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME },
    { "devpts",
      "dev/pts",
      { { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "5" } },
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
    { "tmpfs", "dev/shm", { { "mode", "1777" }, { "size", "65536k" } }, SAFE },
    { "mqueue", "dev/mqueue", { { 0 } }, SAFE },
    { "sysfs", "sys", { { 0 } }, SAFE | MOUNT_ATTR_RDONLY },
    { "cgroup2", "sys/fs/cgroup", { { 0 } }, SAFE | MOUNT_ATTR_RDONLY },
};

static void attach(int tree_fd, int target_fd)
{
    DO(syscall(SYS_move_mount, tree_fd, "", target_fd, "",
               MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
    close(target_fd);
}

static int make(const struct filesystem *f)
{
    int fs_fd = (int) DO(syscall(SYS_fsopen, f->type, FSOPEN_CLOEXEC)), fd;

    for (size_t i = 0; i < 6 && f->keys[i][0]; i++)
        DO(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, f->keys[i][0], f->keys[i][1], 0));
    DO(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    fd = (int) DO(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, f->attributes));
    close(fs_fd);
    return fd;
}

static void mount_all(int root_fd)
{
    for (size_t i = 0; i < sizeof filesystems / sizeof *filesystems; i++) {
        const struct filesystem *f = &filesystems[i];
        int fd = make(f);

        if (!strncmp(f->target, "dev/", 4))
            DO(mkdirat(root_fd, f->target, 0755));
        attach(fd, (int) DO(openat(root_fd, f->target, O_PATH | O_CLOEXEC)));
        close(fd);
    }
}

static void make_devices(int root_fd)
{
    static const struct {
        const char *name;
        unsigned major, minor;
    } devices[] = {
        { "null", 1, 3 },   { "zero", 1, 5 },    { "full", 1, 7 },
        { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
    };
    static const char *const links[][2] = {
        { "/proc/self/fd", "fd" },       { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
        { "/proc/self/fd/2", "stderr" }, { "pts/ptmx", "ptmx" },
    };
    int dev_fd = (int) DO(openat(root_fd, "dev", O_PATH | O_CLOEXEC));

    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        DO(mknodat(dev_fd, devices[i].name, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)));
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        DO(symlinkat(links[i][0], dev_fd, links[i][1]));
    close(dev_fd);
}

static void mask(int root_fd, int null_fd)
{
    static const char *const masked[] = {
        "proc/acpi",
        "proc/asound",
        "proc/kcore",
        "proc/keys",
        "proc/latency_stats",
        "proc/timer_list",
        "proc/timer_stats",
        "proc/sched_debug",
        "proc/scsi",
        "sys/firmware",
        "sys/devices/virtual/powercap",
    };
    static const struct filesystem empty = { "tmpfs", NULL, { { 0 } }, SAFE | MOUNT_ATTR_RDONLY };
    int empty_fd = make(&empty);
    bool used[2] = { false, false };

    for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
        int fd = openat(root_fd, masked[i], O_PATH | O_CLOEXEC), cover;
        struct stat st;

        if (fd < 0)
            continue;
        DO(fstat(fd, &st));
        cover = S_ISDIR(st.st_mode) ? empty_fd : null_fd;
        if (used[cover == empty_fd])
            cover = (int) DO(
                syscall(SYS_open_tree, cover, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
        used[S_ISDIR(st.st_mode)] = true;
        attach(cover, fd);
    }
}

static void close_paths(int root_fd)
{
    static const char *const paths[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                         "proc/sysrq-trigger" };

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        int fd = openat(root_fd, paths[i], O_PATH | O_CLOEXEC), tree;

        if (fd < 0)
            continue;
        tree = (int) DO(syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
        DO(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr));
        attach(tree, fd);
        close(tree);
    }
}

/* ---- the process --------------------------------------------------------------------------------------- */

static void bring_up_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    int fd = (int) DO(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

    DO(ioctl(fd, SIOCSIFFLAGS, &request));
    close(fd);
}

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

static _Noreturn void be_container(int root_fd, int null_fd, const char *rootfs, const char *program)
{
    char *argv[] = { (char *) (uintptr_t) program, NULL }, *envp[] = { NULL };
    struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };

    umask(0);
    setsid();
    DO(unshare(CLONE_NEWCGROUP));
    DO(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    DO(sethostname("floor", 5));
    bring_up_loopback();
    attach(root_fd, (int) DO(open(rootfs, O_PATH | O_CLOEXEC)));
    mount_all(root_fd);
    make_devices(root_fd);
    DO(fchdir(root_fd));
    DO(syscall(SYS_pivot_root, ".", "."));
    DO(umount2(".", MNT_DETACH));
    DO(chdir("/"));
    mask(root_fd, null_fd);
    close_paths(root_fd);
    DO(syscall(SYS_mount_setattr, root_fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly));
    umask(022);
    drop_capabilities();
    execve(program, argv, envp);
    perror(program);
    _exit(127);
}

static int clone_tree(const char *path)
{
    return (int) DO(
        syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

int main(int argc, char **argv)
{
    char cgroup[64];
    int cgroup_fd, root_fd, null_fd, status;
    pid_t pid;

    if (argc != 3) {
        fprintf(stderr, "usage: floor ROOTFS PROGRAM\n");
        return 2;
    }
    (void) snprintf(cgroup, sizeof cgroup, "/sys/fs/cgroup/floor-%d", (int) getpid());
    DO(mkdir(cgroup, 0755));
    cgroup_fd = (int) DO(open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    restrict_devices(cgroup_fd);
    root_fd = clone_tree(argv[1]);
    null_fd = clone_tree("/dev/null");

    struct clone_args args = {
        .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (uint64_t) (unsigned) cgroup_fd,
    };
    pid = (pid_t) DO(syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0)
        be_container(root_fd, null_fd, argv[1], argv[2]);
    DO(waitpid(pid, &status, 0));
    DO(rmdir(cgroup));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
