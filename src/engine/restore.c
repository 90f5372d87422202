/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore.c - a container from the files of a checkpoint, by CRIU.
 *
 * What create does on the host's side is done as for create: the record, the cgroup with its limits, hooks of
 * the runtime.  The processes, their namespaces and mounts are CRIU's work; it makes the container's process
 * a child of ours, so that `restore` waits for it as `run` does.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/creation.h"
#include "engine/criu_descriptors.h"
#include "engine/criu_mounts.h"
#include "engine/criu_request.h"
#include "engine/restore_root.h"
#include "host/criu_words.h"
#include "host/foreground.h"
#include "host/namespace.h"
#include "host/rdt.h"
#include "host/terminal.h"

struct restoration {
    struct criu_request request;
    struct creation creation;
    struct restore_root root;
};

/* ---- may it be? ---------------------------------------------------------------------------------------- */

static int check_plan(struct restoration *x, struct err *err)
{
    const struct plan *plan = x->creation.plan;
    int r = criu_request_allowed(plan, err);

    if (r >= 0)
        r = criu_namespaces_check(plan, err);
    if (r >= 0)
        r = criu_mounts_check(plan, err);
    if (r < 0)
        return r;
    if (plan->n_net_devices)
        return ERR_AT(err, plan->net_devices[0].from, name, ERR_UNSUPPORTED, 0,
                      "a network device can't be moved into a container that is restored");
    if (x->creation.options.no_pivot)
        return err_set(err, ERR_UNSUPPORTED, 0, "--no-pivot: CRIU always uses pivot_root(2)");
    return 0;
}

static bool wants_new_cgroup(const struct restoration *x)
{
    const char *mode = x->request.options.manage_cgroups_mode;

    return mode && !strcmp(mode, "strict");
}

/* The cgroup is made before CRIU looks, so "strict" is ours to keep: it must not have been there. */
static int check_cgroup(const struct restoration *x, struct err *err)
{
    const struct host_cgroup *cg = &x->creation.cgroup;

    if (!wants_new_cgroup(x) || cg->manager != PLAN_MANAGER_CGROUPFS)
        return 0;
    for (size_t i = 0; i < cg->n_dirs; i++)
        if (cg->dirs[i].fd >= 0 && !cg->dirs[i].made)
            return err_set(err, ERR_CGROUP, 0, "--manage-cgroups-mode strict: the cgroup %s is there already",
                           cg->path);
    return 0;
}

/* ---- telling CRIU -------------------------------------------------------------------------------------- */

static int supply_mounts(struct restoration *x, struct err *err)
{
    struct creation *c = &x->creation;
    struct criu_submounts submounts;
    int r = criu_images_load_submounts(&x->request.images, &c->bundle.arena, &submounts, err);

    if (r >= 0)
        r = criu_mounts_make_points(c->plan, err);
    return r < 0 ? r : criu_mounts_supply(&x->request.criu, c->plan, c->cgroup.path, &submounts, err);
}

/* The images have the path that the container's cgroup had: this is what it becomes. */
static int set_cgroup(struct restoration *x, struct err *err)
{
    const struct host_cgroup *cg = &x->creation.cgroup;
    struct host_criu *criu = &x->request.criu;
    autotext struct text path = { 0 };

    if (!cg->path)
        return 0;
    text_add(&path, "%s%s%s", cg->path, cg->subgroup ? "/" : "", cg->subgroup ? cg->subgroup : "");
    if (text_result(&path) < 0 || criu->add_cg_root(criu->opts, NULL, text_string(&path)) < 0)
        return err_nomem(err);
    return 0;
}

static int set_labels(struct restoration *x, struct err *err)
{
    const struct ocirt_checkpoint_options *o = &x->request.options;
    struct host_criu *criu = &x->request.criu;

    if ((o->lsm_profile && (!criu->set_lsm_profile || criu->version < 31600)) ||
        (o->lsm_mount_context && (!criu->set_lsm_mount_context || criu->version < 31600)))
        return err_set(err, ERR_CHECKPOINT, 0,
                       "--lsm-profile and --lsm-mount-context need CRIU 3.16 or newer");
    if ((o->lsm_profile && criu->set_lsm_profile(criu->opts, o->lsm_profile) < 0) ||
        (o->lsm_mount_context && criu->set_lsm_mount_context(criu->opts, o->lsm_mount_context) < 0))
        return err_nomem(err);
    return 0;
}

static int set_options(struct restoration *x, struct err *err)
{
    struct host_criu *criu = &x->request.criu;

    /* CRIU would refuse the cgroup that we have made; what it does with a new one, "full" does too. */
    if (wants_new_cgroup(x))
        criu->set_manage_cgroups_mode(criu->opts, host_criu_cgroup_mode("full"));
    criu->set_tcp_close(criu->opts, x->request.options.tcp_close);
    criu->set_evasive_devices(criu->opts, true);
    return criu->set_root(criu->opts, x->root.path) < 0 ? err_nomem(err) : 0;
}

static int tell_criu(struct restoration *x, struct err *err)
{
    int r = set_options(x, err);

    if (r >= 0)
        r = set_labels(x, err);
    if (r >= 0)
        r = set_cgroup(x, err);
    if (r >= 0)
        r = supply_mounts(x, err);
    if (r >= 0)
        r = criu_descriptors_supply(&x->request, err);
    return r < 0 ? r : criu_namespaces_supply(&x->request, x->creation.plan, err);
}

/* ---- while CRIU works ---------------------------------------------------------------------------------- */

/* The content of the network namespace was left out: CRIU leaves its loopback device down. */
static int raise_loopback(struct restoration *x, struct err *err)
{
    const struct creation *c = &x->creation;
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    autoclose int ns_fd = -EBADF, fd = -EBADF;

    if (!c->plan->loopback_up || !(x->request.empty & CLONE_NEWNET))
        return 0;
    ns_fd = host_namespace_open(c->proc_fd, c->pid, "net");
    fd = ns_fd < 0 ? ns_fd : host_namespace_socket(c->proc_fd, ns_fd, AF_INET, SOCK_DGRAM, 0);
    if (fd == -EAFNOSUPPORT)
        return 0;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return err_set(err, ERR_NETWORK, fd < 0 ? fd : errno, "raise the container's loopback device");
    return 0;
}

static int take_process(struct creation *c, pid_t pid, struct err *err)
{
    if (c->pid == pid)
        return 0;
    fd_cleanup(&c->pidfd);
    c->pid = pid;
    c->pidfd = sys_pidfd_open(pid);
    if (c->pidfd < 0)
        return err_set(err, ERR_PROCESS, c->pidfd, "open a pidfd of the restored process %d", (int) pid);
    return creation_save_pid(c, err);
}

/* Hooks see the host as it is, not our own mount namespace. */
static int run_hooks(struct restoration *x, struct err *err)
{
    const struct plan *plan = x->creation.plan;
    int r, again;

    if (!plan->hooks[PLAN_PRESTART].n && !plan->hooks[PLAN_CREATE_RUNTIME].n)
        return 0;
    r = restore_root_leave(&x->root, err);
    if (r < 0)
        return r;
    r = creation_run_runtime_hooks(&x->creation, err);
    again = restore_root_return(&x->root, err);
    return r < 0 ? r : again;
}

static int namespaces_are_made(struct restoration *x, pid_t pid, struct err *err)
{
    int r = pid > 0 ? take_process(&x->creation, pid, err) : 0;

    if (r >= 0 && pid > 0)
        r = raise_loopback(x, err);
    return r < 0 ? r : run_hooks(x, err);
}

static int notify(void *data, const char *action, pid_t pid, struct err *err)
{
    struct restoration *x = data;
    struct creation *c = &x->creation;

    if (!strcmp(action, "setup-namespaces"))
        return namespaces_are_made(x, pid, err);
    if (!strcmp(action, "orphan-pts-master")) {
        fd_cleanup(&c->master_fd);
        c->master_fd = fcntl(x->request.criu.get_orphan_pts_master_fd(), F_DUPFD_CLOEXEC, 3);
        (void) close(x->request.criu.get_orphan_pts_master_fd());
        if (c->master_fd < 0)
            return err_set(err, ERR_TERMINAL, errno, "take the container's terminal");
    }
    if (!strcmp(action, "post-restore") && pid > 0)
        return take_process(c, pid, err);
    return 0;
}

/* ---- afterwards ---------------------------------------------------------------------------------------- */

/* With --manage-cgroups-mode ignore CRIU leaves the processes in our own cgroup. */
static int enter_cgroup(struct creation *c, pid_t pid, unsigned depth, struct err *err)
{
    char path[64], buf[4096], *s = buf;
    ssize_t n;
    int r = host_cgroup_enter(depth ? NULL : c->plan, &c->cgroup, pid, false, err);

    (void) snprintf(path, sizeof path, "%ld/task/%ld/children", (long) pid, (long) pid);
    n = r < 0 || depth > 64 ? 0 : procfs_read(c->proc_fd, path, buf, sizeof buf);
    for (long child; r >= 0 && n > 0 && (child = strtol(s, &s, 10)) > 0;)
        r = enter_cgroup(c, (pid_t) child, depth + 1, err);
    return r;
}

static bool is_in_cgroup(struct creation *c)
{
    pid_t *pids = NULL;
    size_t n = 0;
    struct err ignored = { 0 };
    bool found = false;

    if (host_cgroup_pids(&c->cgroup, &pids, &n, &ignored) >= 0)
        for (size_t i = 0; i < n; i++)
            found = found || pids[i] == c->pid;
    err_done(&ignored);
    free(pids);
    return found;
}

static int settle_cgroup(struct creation *c, struct err *err)
{
    if (!c->cgroup.path)
        return 0;
    if (!is_in_cgroup(c))
        return enter_cgroup(c, c->pid, 0, err);
    return c->cgroup.pending ? host_cgroup_enter(c->plan, &c->cgroup, c->pid, true, err) : 0;
}

static int join_rdt(struct creation *c, struct err *err)
{
    pid_t *pids = NULL;
    size_t n = 0;
    int r = c->rdt_made ? host_cgroup_pids(&c->cgroup, &pids, &n, err) : 0;

    for (size_t i = 0; r >= 0 && i < n; i++)
        r = host_rdt_join(c->rdt_fd, &c->state_rdt, pids[i], err);
    free(pids);
    return r;
}

/* CRIU gives the container a time namespace, so that its clocks go on: exec must know. */
static void look_at_clocks(struct creation *c)
{
    autoclose int ours = host_namespace_open(c->proc_fd, 0, "time");
    autoclose int theirs = host_namespace_open(c->proc_fd, c->pid, "time");

    c->state.has_time_namespace = ours >= 0 && theirs >= 0 && !host_namespace_same(ours, theirs);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static int ask_criu(struct restoration *x, struct err *err)
{
    struct criu_request *q = &x->request;
    int r = restore_root_enter(&x->root, &x->creation, err), again;

    if (r >= 0)
        r = criu_request_reopen(q, err);
    if (r >= 0)
        r = tell_criu(x, err);
    if (r >= 0)
        r = criu_request_run(q, q->criu.restore_child, "restore the container", err);
    if (r >= 0)
        r = take_process(&x->creation, r, err);
    again = restore_root_leave(&x->root, err);
    return r < 0 ? r : again;
}

static int make(struct restoration *x, struct err *err)
{
    struct creation *c = &x->creation;
    int r = ask_criu(x, err);

    if (r >= 0)
        r = settle_cgroup(c, err);
    if (r >= 0)
        r = join_rdt(c, err);
    if (r < 0)
        return r;
    look_at_clocks(c);
    if (c->master_fd >= 0)
        host_terminal_copy_size(STDIN_FILENO, c->master_fd);
    return creation_publish(c, err);
}

/* CRIU opens some images as the root of the container's user namespace. */
static int check_access(const struct restoration *x, struct err *err)
{
    const struct plan *plan = x->creation.plan;
    uint32_t root = plan->ids.n_uid ? plan->ids.uid[0].outside : 0;
    struct stat st;

    for (size_t i = 0; i < plan->ids.n_uid; i++)
        if (plan->ids.uid[i].inside == 0)
            root = plan->ids.uid[i].outside;
    if (!(plan->namespaces.fresh & CLONE_NEWUSER) || root == 0 || fstat(x->request.images.fd, &st) < 0 ||
        st.st_uid == root || st.st_mode & S_IXOTH)
        return 0;
    return err_set(
        err, ERR_CHECKPOINT, EACCES,
        "--image-path %s: CRIU opens it as root of the user namespace, uid %u, who must be allowed to enter "
        "it",
        x->request.images.path, root);
}

static int prepare(struct restoration *x, struct err *err)
{
    struct creation *c = &x->creation;
    int r = creation_plan(c, err);

    if (r >= 0)
        r = check_plan(x, err);
    if (r >= 0)
        r = criu_request_open(&x->request, c->plan, false, "restore.log", err);
    if (r >= 0)
        r = check_access(x, err);
    if (r >= 0)
        r = criu_request_check_features(&x->request, false, x->request.options.lazy_pages, err);
    return r;
}

static int restore(struct restoration *x, struct host_foreground *foreground, int *ret_status,
                   struct err *err)
{
    struct creation *c = &x->creation;
    int r = prepare(x, err);

    if (r < 0)
        return r;
    x->request.notify = notify;
    x->request.data = x;
    r = creation_open_procfs(c, err);
    if (r >= 0)
        r = creation_claim(c, err);
    if (r >= 0)
        r = check_cgroup(x, err);
    if (r >= 0)
        r = make(x, err);
    if (r < 0) {
        creation_undo(c, err);
        return r;
    }
    criu_request_done(&x->request);
    return c->options.detach ? 0 : creation_wait(c, foreground, ret_status, err);
}

int ocirt_restore(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *create,
                  const struct ocirt_checkpoint_options *options, int *ret_status,
                  struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct host_foreground foreground = { .signal_fd = -1 };
    struct restoration x = { .request = CRIU_REQUEST_INIT, .root = RESTORE_ROOT_INIT };
    int status = 0, r;

    r = creation_init(&x.creation, ocirt, id, create, &err);
    x.creation.run = true;
    if (r >= 0)
        r = criu_request_init(&x.request, ocirt, options, &err);
    if (r >= 0 && !x.creation.options.detach)
        r = host_foreground_open(&foreground, x.creation.options.leave_signals, &err);
    if (r >= 0)
        r = restore(&x, &foreground, &status, &err);
    if (!x.creation.options.detach)
        host_foreground_close(&foreground);
    if (r < 0)
        err_prefix(&err, "restore %s", id);
    else
        *ret_status = status;
    r = engine_result(r, &err, ret_error);
    criu_request_done(&x.request);
    restore_root_done(&x.root);
    creation_done(&x.creation);
    return r;
}
