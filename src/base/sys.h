/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys.h - system calls that return a value or -errno, and those that glibc 2.36 and musl 1.2 do not wrap.
 *
 * Nothing here allocates, logs or retries, but sys_read and sys_write, which retry EINTR.
 * Safe in the child of clone3.
 */
#ifndef OCIRT_BASE_SYS_H
#define OCIRT_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct clone_args; /* linux/sched.h */
struct mount_attr; /* linux/mount.h or sys/mount.h */
struct rlimit64;
struct sched_attr_ocirt;

/* openat2(2); RESOLVE is of RESOLVE_*, MODE counts only with O_CREAT.  O_CLOEXEC is always added. */
int sys_openat2(int dir_fd, const char *path, uint64_t flags, uint32_t mode, uint64_t resolve);

/* openat(2) for trusted host paths.  O_CLOEXEC is always added. */
int sys_openat(int dir_fd, const char *path, int flags, mode_t mode);

/* clone3(2) as fork does it: returns 0 in the child. */
pid_t sys_clone3(struct clone_args *args);

/*
 * prlimit64(2): soft and hard limit; either may be NULL.  (glibc and musl disagree on the type of RESOURCE.)
 */
int sys_prlimit(pid_t pid, int resource, const uint64_t set[2], uint64_t get[2]);

int sys_pidfd_open(pid_t pid);
int sys_pidfd_send_signal(int pidfd, int signal);
int sys_pidfd_getfd(int pidfd, int fd); /* a copy of the process's descriptor FD; close-on-exec */
int sys_setns(int fd, int flags);
int sys_unshare(int flags);
int sys_close_range(unsigned first, unsigned last, unsigned flags);

/*
 * The new mount API.  See fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2), mount_setattr(2).
 */
int sys_fsopen(const char *type);
int sys_fsconfig_flag(int fs_fd, const char *key);
int sys_fsconfig_string(int fs_fd, const char *key, const char *value);
int sys_fsconfig_fd(int fs_fd, const char *key, int fd);
int sys_fsconfig_create(int fs_fd);
int sys_fsconfig_reconfigure(int fs_fd);
int sys_fsmount(int fs_fd, unsigned attributes);
int sys_fspick(int dir_fd);
int sys_open_tree(int dir_fd, const char *path, unsigned flags);
int sys_move_mount(int tree_fd, int target_fd); /* both by descriptor, nothing is resolved */
int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr); /* AT_EMPTY_PATH is added */
int sys_pivot_root(const char *new_root, const char *put_old);

/* Reads or writes all of it unless the file ends; the number of bytes, or -errno. */
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);

/*
 * One write(2) of the whole text, as cgroup and proc files want it; 0, or -errno (-EIO if it was cut short).
 */
int sys_write_all(int fd, const char *text, size_t size);

#endif
