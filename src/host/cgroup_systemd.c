/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd.c - the systemd cgroup manager: a container's cgroup is that of a transient scope, or slice.
 *
 * A scope must have a process when it starts.  The container's own would have to be moved into it by systemd
 * while everybody waits: a round trip, and on many machines an RCU grace period for the move.  So the scope
 * starts with a placeholder, a child of ours that does nothing, while we open and compile what the container
 * needs; then the container's process is born in the scope (CLONE_INTO_CGROUP), and the placeholder ends.
 *
 * An unprivileged caller outside of its user manager's part of the tree (a login session) may not do that:
 * there the scope starts with the container's process, and the user manager asks the system's to move it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/cgroup_dirs.h"
#include "host/cgroup_manager.h"
#include "host/cgroup_systemd_unit.h"

struct host_cgroup_pending {
    struct host_systemd_start start;
    bool started;      /* start holds something */
    pid_t placeholder; /* 0: none */
};

/* ---- the placeholder ----------------------------------------------------------------------------------- */

/*
 * It has no exit signal: a caller's handler of SIGCHLD has no part in this.  It ends with us.  Only system
 * calls are allowed in it, for it may be the child of one thread of many.
 */
static pid_t start_placeholder(void)
{
    struct clone_args args = { .exit_signal = 0 };
    pid_t parent = getpid(), pid = sys_clone3(&args);

    if (pid != 0)
        return pid;
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        (void) pause();
    _exit(0);
}

static void end_placeholder(struct host_cgroup_pending *pending)
{
    if (pending->placeholder <= 0)
        return;
    (void) kill(pending->placeholder, SIGKILL);
    while (waitpid(pending->placeholder, NULL, __WALL) < 0 && errno == EINTR)
        continue;
    pending->placeholder = 0;
}

static void release(struct host_cgroup *cg)
{
    struct host_cgroup_pending *pending = cg->pending;

    if (!pending)
        return;
    end_placeholder(pending);
    if (pending->started)
        host_systemd_start_done(&pending->start);
    free(pending);
    cg->pending = NULL;
}

/* ---- names and paths ----------------------------------------------------------------------------------- */

static int name(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    const struct plan_cgroup *from = &plan->cgroup;
    const char *outer = from->subgroup, *inner = from->delegate_path;
    int r;

    if (plan->facts.cgroup_layout == PLAN_CGROUP_NONE)
        return err_set(err, ERR_CGROUP, ENOENT, "no cgroup file system is mounted on /sys/fs/cgroup");
    cg->scope = strdup(from->scope);
    if (!cg->scope)
        return err_nomem(err);
    if (!outer && !inner)
        return 0;
    r = asprintf(&cg->subgroup, "%s%s%s", outer ? outer : "", outer && inner ? "/" : "", inner ? inner : "");
    if (r >= 0)
        return 0;
    cg->subgroup = NULL;
    return err_nomem(err);
}

/* In proc_pid_cgroup: "0::PATH", and on v1 "1:name=systemd:PATH". */
static int read_path(const struct host_cgroup *cg, pid_t pid, char **ret)
{
    const char *key = cg->layout == PLAN_CGROUP_V1 ? ":name=systemd:" : "0::";
    autoclose int proc_fd = procfs_open();
    char file[32], buf[8192], *found, *path;
    ssize_t n;

    (void) snprintf(file, sizeof file, "%d/cgroup", pid);
    n = proc_fd < 0 ? proc_fd : procfs_read(proc_fd, file, buf, sizeof buf);
    if (n < 0)
        return (int) n;
    found = strstr(buf, key);
    if (!found || found[strlen(key)] != '/')
        return -ENODATA;
    found += strlen(key);
    path = strndup(found, strcspn(found, "\n"));
    if (!path)
        return -ENOMEM;
    *ret = path;
    return 0;
}

/* systemd only warns if it can't move a process. */
static bool is_in_unit(const char *path, const char *unit)
{
    const char *last = strrchr(path, '/');

    return last && !strcmp(last + 1, unit);
}

static int find_path(struct host_cgroup *cg, pid_t pid, struct err *err)
{
    autofree char *path = NULL;
    int r;

    if (pid == 0)
        return host_systemd_control_group(&cg->pending->start, &cg->path, err);
    r = read_path(cg, pid, &path);
    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "find the cgroup of process %d", pid);
    if (!is_in_unit(path, cg->scope))
        return err_set(err, ERR_SYSTEMD, 0, "systemd has not put process %d into %s: it is in %s", pid,
                       cg->scope, path);
    cg->path = take_ptr(&path);
    return 0;
}

/* ---- start --------------------------------------------------------------------------------------------- */

/*
 * May we put a child into a cgroup of the manager's?  The kernel wants the right to write cgroup.procs of the
 * lowest cgroup above both ours and the new one: at the worst that is the topmost that the manager has.
 */
static bool may_clone_into(const struct plan *plan, const struct host_cgroup *cg)
{
    autofree char *own = NULL;
    autoclose int root_fd = -EBADF, fd = -EBADF;
    char *service;

    if (!plan->facts.rootless && !plan->facts.in_user_namespace)
        return true;
    if (cg->layout != PLAN_CGROUP_V2 || read_path(cg, getpid(), &own) < 0)
        return false;
    if (sdbus_whose() == SDBUS_USER) {
        service = strstr(own, "/user@");
        if (!service)
            return false;
        service[1 + strcspn(service + 1, "/")] = '\0';
    } else {
        own[1] = '\0';
    }
    root_fd = sys_openat(AT_FDCWD, "/sys/fs/cgroup", O_PATH | O_DIRECTORY, 0);
    fd = root_fd < 0 ? root_fd : host_cgroup_open_below(root_fd, own);
    return fd >= 0 && faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

/* Where units go that no slice is given for: of the system or of a user, as systemd does it. */
static const char *parent_slice(const struct plan_cgroup *from, enum sdbus_whose whose)
{
    if (plan_systemd_is_slice(from))
        return NULL;
    if (from->slice)
        return from->slice;
    return whose == SDBUS_USER ? "user.slice" : "system.slice";
}

static int ask(const struct plan *plan, struct host_cgroup *cg, pid_t pid, struct err *err)
{
    const struct plan_cgroup *from = &plan->cgroup;
    enum sdbus_whose whose = sdbus_whose();
    int r;

    r = host_systemd_start(&cg->pending->start, whose, cg->scope, from->properties, parent_slice(from, whose),
                           pid, err);
    cg->pending->started = cg->asked = r == 0;
    return r;
}

static int begin(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    bool slice = plan_systemd_is_slice(&plan->cgroup), early = may_clone_into(plan, cg);
    pid_t pid = 0;
    int r;

    if (slice && !early)
        return err_set(err, ERR_SYSTEMD, EPERM,
                       "put a process into the slice %s from outside of the user manager", cg->scope);
    if (!early)
        return 0;
    cg->pending = calloc(1, sizeof *cg->pending);
    if (!cg->pending)
        return err_nomem(err);
    if (!slice)
        cg->pending->placeholder = pid = start_placeholder();
    r = pid < 0 ? err_set(err, ERR_PROCESS, pid, "start a process for the scope %s", cg->scope)
                : ask(plan, cg, pid, err);
    if (r < 0)
        release(cg);
    return r;
}

/* PID is 0: wait for what begin has asked for. */
static int finish(const struct plan *plan, struct host_cgroup *cg, pid_t pid, struct err *err)
{
    int r = 0;

    if (!cg->pending) {
        cg->pending = calloc(1, sizeof *cg->pending);
        if (!cg->pending)
            return err_nomem(err);
        r = ask(plan, cg, pid, err);
    } else {
        pid = cg->pending->placeholder;
    }
    if (r == 0)
        r = host_systemd_started(&cg->pending->start, err);
    return r < 0 ? r : find_path(cg, pid, err);
}

/* ---- change and end ------------------------------------------------------------------------------------ */

static int attach(struct host_cgroup *cg, pid_t pid, struct err *err)
{
    return host_systemd_attach(sdbus_whose(), cg->scope, cg->subgroup, pid, err);
}

static int update(struct host_cgroup *cg, const struct plan_systemd_properties *properties, struct err *err)
{
    return host_systemd_set(sdbus_whose(), cg->scope, properties, err);
}

/*
 * systemd removes the cgroup with all that is below it.  Without a path it was never ours for sure: the unit
 * may have belonged to somebody else, which made the start fail.  Ours would have been empty: its placeholder
 * has ended.
 */
static int stop(struct host_cgroup *cg, struct err *err)
{
    release(cg);
    return cg->asked && cg->scope ? host_systemd_stop(sdbus_whose(), cg->scope, !cg->path, err) : 0;
}

const struct host_cgroup_manager host_cgroup_systemd = {
    .name = name,
    .begin = begin,
    .finish = finish,
    .release = release,
    .attach = attach,
    .update = update,
    .remove = stop,
};
