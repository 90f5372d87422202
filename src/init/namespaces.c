/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces.c - into the namespaces that are joined, out of those that are new.
 *
 * The pid and time namespaces are the runtime's work, before the clone: they
 * hold for children only.  With a user namespace the others are unshared here,
 * after its id maps are written: else the root of an mqueue belongs to 65534.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/init.h"

/* Dispositions and mask of the caller (nohup, a shell's background job) are not the container's. */
int init_reset(struct init *init)
{
    sigset_t none;

    (void) init;
    /*
     * By raw calls: the C library refuses to touch the signals that it uses itself, which make leaves
     * ignored.
     */
    for (int signal = 1; signal <= 64; signal++) {
        static const struct {
            void *handler;
            unsigned long flags;
            void *restorer;
            unsigned long mask[2];
        } plain;

        if (signal != SIGKILL && signal != SIGSTOP && syscall(SYS_rt_sigaction, signal, &plain, NULL, 8) < 0)
            return -errno;
    }
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return -errno;
    (void) umask(0); /* modes are as the plan says; the stub sets the program's own */
    (void) setsid(); /* EPERM: a group leader already, as the first of a pid namespace may be */
    /* From now on nobody but the kernel and the host's root looks into us (CVE-2019-5736, CVE-2016-9962). */
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/*
 * Who has no privilege outside enters the user namespace first: it gives the right to join the others.  Root
 * joins the others first, since they may belong to other user namespaces (a network namespace made by an
 * engine).  The mount namespace moves "/" and comes behind what is not the user namespace.
 */
static unsigned turn_of(const struct init *init, uint64_t flag)
{
    if (flag == CLONE_NEWUSER)
        return init->privileged ? 3 : 0;
    return flag == CLONE_NEWNS ? 2 : 1;
}

int init_join(struct init *init)
{
    struct plan_namespaces *ns = &init->plan->namespaces;

    for (unsigned turn = 0; turn < 4; turn++)
        for (size_t i = 0; i < ns->n_join; i++) {
            struct plan_join *join = &ns->join[i];
            int r;

            if (turn_of(init, join->flag) != turn || join->ns_fd < 0)
                continue;
            init->item = (uint32_t) i;
            r = sys_setns(join->ns_fd, (int) join->flag);
            if (r < 0)
                return r;
            if (join->flag == CLONE_NEWPID && init->birth)
                init->pidns_fd = take_fd(&join->ns_fd); /* a procfs of it is to be mounted */
            fd_cleanup(&join->ns_fd);
        }
    return 0;
}

/*
 * Then "/" is that of the container's mount namespace, or, where it has none of its own, where its init was
 * put.
 */
int init_exec_join(struct init *init)
{
    int r = init->exec_namespaces ? sys_setns(init->container_pidfd, (int) init->exec_namespaces) : 0;

    if (r < 0)
        return r;
    if (init->exec_root_fd >= 0 && (fchdir(init->exec_root_fd) < 0 || chroot(".") < 0))
        return -errno;
    init->root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    return init->root_fd < 0 ? init->root_fd : 0;
}

int init_become_root(struct init *init)
{
    const struct plan *plan = init->plan;
    uint64_t user = (plan->namespaces.fresh | plan->namespaces.joined) & CLONE_NEWUSER;
    bool zero = plan_id_is_mapped(plan->ids.uid, plan->ids.n_uid, 0);
    uid_t uid = zero || !init->process ? 0 : init->process->uid;
    gid_t gid =
        plan_id_is_mapped(plan->ids.gid, plan->ids.n_gid, 0) || !init->process ? 0 : init->process->gid;

    if (!user)
        return 0;
    /* By raw calls: the C library would ask other threads, which this process does not have, to follow. */
    if (!init->process || !init->process->keep_groups)
        (void) syscall(SYS_setgroups, 0, NULL); /* EPERM where setgroups is denied: the stub sees to that */
    if (syscall(SYS_setresgid, gid, gid, gid) < 0 || syscall(SYS_setresuid, uid, uid, uid) < 0)
        return -errno;
    /* A change of ids sets what the sysctl fs.suid_dumpable says, which may be "dumpable". */
    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return 0;
}

int init_unshare(struct init *init)
{
    return init->unshare_flags ? sys_unshare((int) init->unshare_flags) : 0;
}

/*
 * A session keyring of its own, named after the container as runc has it, so that a process of exec joins the
 * same, and the container neither sees nor outlives the caller's.  No keys in the kernel (ENOSYS) or too many
 * of them (EDQUOT; the runtime has no way to mend that) leave the container without one.
 */
int init_keyring(struct init *init)
{
    enum { JOIN_SESSION_KEYRING = 1 };
    char name[300] = "_ses."; /* an id has 255 characters at most: host_id_check() */
    size_t n = strlen(init->plan->options.id);

    if (init->plan->options.no_new_keyring)
        return 0;
    if (n >= sizeof name - 5)
        return -ENAMETOOLONG;
    memcpy(name + 5, init->plan->options.id, n + 1);
    if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, name, 0, 0, 0) < 0 && errno != ENOSYS && errno != EDQUOT)
        return -errno;
    return 0;
}

/*
 * The copy of the host's mount tree must neither tell the host what we mount and unmount, nor be told.  Not
 * where the mount namespace is not our own: that would change it for its owner.
 */
int init_private(struct init *init)
{
    if (!(init->plan->namespaces.fresh & CLONE_NEWNS) || init->template_namespace)
        return 0;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}
