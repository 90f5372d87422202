/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * protect.c - keeps the runtime's program out of reach of a container that may trace (CVE-2019-5736).
 *
 * Until it is the stub, a process of exec is seen in the container's pid namespace as the runtime's program.  With
 * CAP_SYS_PTRACE in the host's user namespace a program there can open /proc/PID/exe, wait until nobody executes the
 * file, and write to it as root.  So the runtime executes itself again from a clone of its mount that is
 * read-only: a descriptor from there can't be written to, ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "engine/exec.h"

static bool may_trace_us(const struct plan *plan)
{
    const struct plan_process *p = plan->process;

    if (plan->facts.rootless || (plan->namespaces.fresh | plan->namespaces.joined) & CLONE_NEWUSER)
        return false; /* a capability there is none here; and we are not dumpable */
    return p && p->capabilities[STUB_BOUNDING] >> CAP_SYS_PTRACE & 1;
}

static bool is_readonly(int fd)
{
    struct statvfs fs;

    return fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

/* Our own arguments as execve(2) takes them. */
static int read_arguments(int proc_fd, struct arena *arena, char ***ret)
{
    autoclose int fd = procfs_file(proc_fd, "self/cmdline", O_RDONLY);
    size_t size, n = 0;
    char *text, **list;
    int r = fd < 0 ? fd : json_slurp(fd, arena, &text, &size);

    if (r < 0)
        return r;
    list = arena_array(arena, size + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    for (size_t at = 0; at < size; at += strlen(text + at) + 1)
        list[n++] = text + at;
    *ret = list;
    return 0;
}

static int execute_again(const struct execution *x, struct arena *arena, int exe_fd)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
    autoclose int tree_fd = sys_open_tree(exe_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    char **arguments = NULL;
    sigset_t none;
    int r = tree_fd < 0 ? tree_fd : sys_mount_setattr(tree_fd, 0, &attr);

    if (r >= 0)
        r = read_arguments(x->proc_fd, arena, &arguments);
    if (r < 0)
        return r;
    sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
    (void) syscall(SYS_execveat, tree_fd, "", arguments, environ, AT_EMPTY_PATH);
    return -errno;
}

int execution_protect(struct execution *x, struct err *err)
{
    autoclose int exe_fd = -EBADF;
    int r;

    if (!x->options.execute_again || !may_trace_us(x->plan))
        return 0;
    exe_fd = sys_openat(x->proc_fd, "self/exe", O_PATH, 0);
    if (exe_fd >= 0 && is_readonly(exe_fd)) {
        (void) prctl(PR_SET_NAME, "ocirt", 0, 0, 0); /* execveat(2) names a process after a descriptor */
        return 0;
    }
    r = exe_fd < 0 ? exe_fd : execute_again(x, &x->bundle.arena, exe_fd);
    return err_set(err, ERR_KERNEL, r,
                   "execute the runtime from a read-only mount, since the container has CAP_SYS_PTRACE");
}
