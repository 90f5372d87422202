/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup.c - name, make, enter and open the container's cgroup.
 */
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/cgroup_dirs.h"
#include "host/cgroup_manager.h"
#include "host/device_bpf.h"

void host_cgroup_done(struct host_cgroup *cg)
{
    if (cg->pending)
        host_cgroup_manager(cg)->release(cg);
    if (cg->process_fd >= 0 && cg->process_fd != cg->dir_fd)
        (void) close(cg->process_fd);
    for (size_t i = 0; i < cg->n_dirs; i++) {
        fd_cleanup(&cg->dirs[i].root_fd);
        fd_cleanup(&cg->dirs[i].fd);
        free(cg->dirs[i].name);
    }
    free(cg->dirs);
    free(cg->path);
    free(cg->scope);
    free(cg->subgroup);
    free(cg->made);
    *cg = (struct host_cgroup) HOST_CGROUP_INIT;
}

bool host_cgroup_exists(const struct host_cgroup *cg)
{
    for (size_t i = 0; i < cg->n_dirs; i++)
        if (cg->dirs[i].fd >= 0)
            return true;
    return false;
}

/* ---- the name ------------------------------------------------------------------------------------------ */

static bool is_unprivileged(const struct plan_facts *facts)
{
    return facts->rootless || facts->in_user_namespace || facts->euid != 0;
}

/*
 * Is there nothing that a container without a cgroup would miss?  Being given the cgroup for a writable mount
 * of it is no more than allowed (config-linux.md "Cgroup ownership"), unless the annotation asks for it.
 */
static bool can_do_without(const struct plan *plan)
{
    return plan->facts.may_lack_cgroup && plan->cgroup.writes->n == 0 && !plan->cgroup.delegate_path;
}

/* The path in the line "0::PATH" of proc_pid_cgroup. */
static char *own_v2_path(struct err *err)
{
    autoclose int proc_fd = procfs_open();
    char buf[8192];
    ssize_t n = proc_fd < 0 ? proc_fd : procfs_read(proc_fd, "self/cgroup", buf, sizeof buf);
    char *line = n < 0 ? NULL : strstr(buf, "0::/"), *path = NULL;

    if (n < 0)
        (void) err_set(err, ERR_CGROUP, (int) n, "read /proc/self/cgroup");
    else if (!line || strstr(line, "/.."))
        (void) err_set(err, ERR_CGROUP, 0, "the runtime's own cgroup is outside of its cgroup namespace");
    else if (!(path = strndup(line + 3, strcspn(line + 3, "\n"))))
        (void) err_nomem(err);
    return path;
}

/*
 * Where an unprivileged runtime puts relative paths: beside its own cgroup, for that has a process (the
 * runtime) and so can't have controllers for cgroups below (runc does the same).  "" is the root.
 */
static char *base_path(const struct plan *plan, struct err *err)
{
    char *path;

    if (!plan->cgroup.path_is_relative || !is_unprivileged(&plan->facts) ||
        plan->facts.cgroup_layout != PLAN_CGROUP_V2) {
        path = strdup("");
        if (!path)
            (void) err_nomem(err);
        return path;
    }
    path = own_v2_path(err);
    if (path)
        *strrchr(path, '/') = '\0';
    return path;
}

static int set_path(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    autofree char *base = base_path(plan, err);

    if (!base)
        return -err->number ? -err->number : -EINVAL;
    if (asprintf(&cg->path, "%s%s", base, plan->cgroup.path) < 0) {
        cg->path = NULL;
        return err_nomem(err);
    }
    if (plan->cgroup.delegate_path && !(cg->subgroup = strdup(plan->cgroup.delegate_path)))
        return err_nomem(err);
    return 0;
}

static int name_cgroupfs(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    int r;

    if (plan->facts.cgroup_layout == PLAN_CGROUP_NONE) {
        if (can_do_without(plan))
            return 0;
        r = err_set(err, ERR_CGROUP, ENOENT, "no cgroup file system is mounted on /sys/fs/cgroup");
        err_hint(err,
                 "mount one (mount -t cgroup2 none /sys/fs/cgroup), or run with --cgroup-manager disabled");
        return r;
    }
    r = set_path(plan, cg, err);
    if (r == 0)
        r = host_cgroup_dirs_open(cg, &plan->facts, err);
    for (size_t i = 0; r == 0 && i < cg->n_dirs; i++) {
        r = host_cgroup_missing(&cg->dirs[i], cg->path, &cg->dirs[i].made);
        if (r < 0)
            return err_set(err, ERR_CGROUP, r, "look for the cgroup %s%s%s", cg->path,
                           *cg->dirs[i].name ? " in " : "", cg->dirs[i].name);
    }
    if (r == 0 && host_cgroup_made_print(cg) < 0)
        r = err_nomem(err);
    return r;
}

int host_cgroup_name(const struct plan *plan, struct host_cgroup *ret, struct err *err)
{
    struct host_cgroup cg = HOST_CGROUP_INIT;
    const struct host_cgroup_manager *manager;
    int r = 0;

    cg.manager = plan->cgroup.manager;
    cg.layout = plan->facts.cgroup_layout;
    manager = host_cgroup_manager(&cg);
    if (manager)
        r = manager->name(plan, &cg, err);
    else if (cg.manager == PLAN_MANAGER_CGROUPFS)
        r = name_cgroupfs(plan, &cg, err);
    if (r < 0) {
        host_cgroup_done(&cg);
        return r;
    }
    *ret = cg;
    return 0;
}

/* ---- making -------------------------------------------------------------------------------------------- */

static int make_dirs(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < cg->n_dirs; i++) {
        struct host_cgroup_dir *d = &cg->dirs[i];

        if (d->v2)
            r = host_cgroup_v2_make(cg, d, plan->cgroup.writes, plan->cgroup.delegate, err);
        else
            r = host_cgroup_v1_make(cg, d, err);
    }
    if (r == 0 && host_cgroup_made_print(cg) < 0)
        r = err_nomem(err);
    return r;
}

/* On v1 the devices are among the writes. */
int host_cgroup_restrict_devices(const struct host_cgroup *cg, const struct plan_facts *facts,
                                 const struct plan_device_rules *rules, struct err *err)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_v2(cg);

    if (host_cgroup_dir_of(cg, "devices") && !host_cgroup_dir_of(cg, "devices")->v2)
        return 0;
    /* Who has no rights over the host can't be given any by BPF, nor make device nodes: there is nothing to
       restrict. */
    if (facts->rootless || facts->in_user_namespace)
        return 0;
    if (!d || d->fd < 0) {
        if (plan_device_rules_allow_all(rules))
            return 0;
        return err_set(err, ERR_UNSUPPORTED, 0,
                       "linux.resources.devices: the cgroup v1 controller \"devices\" is not mounted");
    }
    return host_device_bpf_attach(d->fd, rules, err);
}

/* The cgroup that the container gets as its own; the limits above it stay out of its reach. */
static int make_subgroup(struct host_cgroup *cg, const struct plan *plan, struct err *err)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_v2(cg);
    autofree char *path = NULL;
    struct host_cgroup_dir sub = { .v2 = true, .root_fd = d ? d->root_fd : -1, .fd = -1 };
    struct host_cgroup as = { .layout = cg->layout };
    int r;

    if (!cg->subgroup)
        return 0;
    if (asprintf(&path, "%s/%s", cg->path, cg->subgroup) < 0) {
        path = NULL;
        return err_nomem(err);
    }
    as.path = path;
    r = host_cgroup_v2_make(&as, &sub, plan->cgroup.writes, true, err);
    fd_cleanup(&sub.fd);
    return r;
}

static int make_all(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    int r = make_dirs(plan, cg, err);

    if (r == 0)
        r = host_cgroup_write_all(cg, plan->cgroup.writes, err);
    if (r == 0 && !cg->devices_wait)
        r = host_cgroup_restrict_devices(cg, &plan->facts, plan->cgroup.device_rules, err);
    if (r == 0)
        r = make_subgroup(cg, plan, err);
    if (r == 0)
        r = host_cgroup_dirs_done(cg, err);
    return r;
}

static void undo(struct host_cgroup *cg)
{
    struct err ignored = { 0 }; /* the first error is the one to tell */

    (void) host_cgroup_remove(cg, &ignored);
    err_done(&ignored);
}

static void do_without(struct host_cgroup *cg)
{
    struct host_cgroup none = HOST_CGROUP_INIT;

    none.manager = cg->manager;
    none.layout = cg->layout;
    host_cgroup_done(cg);
    *cg = none;
}

int host_cgroup_create(const struct plan *plan, struct host_cgroup *cg, struct err *err)
{
    const struct host_cgroup_manager *manager = host_cgroup_manager(cg);
    int r;

    cg->devices_wait = cg->devices_wait && !manager && cg->path;
    if (manager)
        return manager->begin(plan, cg, err);
    if (!cg->path)
        return 0;
    r = make_all(plan, cg, err);
    if (r == 0)
        return 0;
    undo(cg);
    if (can_do_without(plan) && (r == -EACCES || r == -EPERM || r == -EROFS)) {
        err_done(err);
        do_without(cg);
        return 0;
    }
    return r;
}

/* ---- entering ------------------------------------------------------------------------------------------ */

static int enter_dir(const struct host_cgroup *cg, const struct host_cgroup_dir *d, pid_t pid,
                     struct err *err)
{
    int fd = d->v2 && cg->process_fd >= 0 ? cg->process_fd : d->fd, r;
    char text[16];

    if (fd < 0)
        return 0;
    (void) snprintf(text, sizeof text, "%d", pid);
    r = host_cgroup_write(fd, "cgroup.procs", text);
    if (r < 0) {
        autotext struct text shown = host_cgroup_shown(cg, d, "cgroup.procs");

        return err_set(err, ERR_CGROUP, r, "write %s to %s", text, text_string(&shown));
    }
    return 0;
}

static int enter_dirs(const struct host_cgroup *cg, pid_t pid, bool born, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < cg->n_dirs; i++)
        if (!(born && cg->dirs[i].v2))
            r = enter_dir(cg, &cg->dirs[i], pid, err);
    return r;
}

/* The manager may do what we may not. */
static int let_enter(struct host_cgroup *cg, pid_t pid, bool born, struct err *err)
{
    const struct host_cgroup_manager *manager = host_cgroup_manager(cg);
    struct err refused = { 0 };
    int r = enter_dirs(cg, pid, born, &refused);

    if (r < 0 && (r != -EACCES || !manager))
        err_move(err, &refused);
    else if (r < 0)
        r = manager->attach(cg, pid, err);
    err_done(&refused);
    return r;
}

int host_cgroup_enter(const struct plan *plan, struct host_cgroup *cg, pid_t pid, bool born, struct err *err)
{
    bool managed = host_cgroup_manager(cg) && plan;
    int r = managed ? host_cgroup_managed_enter(plan, cg, pid, &born, err) : 0;

    if (r == 0)
        r = let_enter(cg, pid, born, err);
    return r == 0 && managed ? host_cgroup_managed_entered(plan, cg, err) : r;
}

/* ---- ownership ----------------------------------------------------------------------------------------- */

/*
 * The files that a cgroup's new owner needs, one a line (cgroups(7) "Cgroup delegation"); the kernel's list
 * if it has one.
 */
static void delegated_files(struct text *list)
{
    if (host_cgroup_slurp(AT_FDCWD, "/sys/kernel/cgroup/delegate", list) < 0 || !list->n)
        text_add(list, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
}

static int give(int dir_fd, const char *file, uid_t uid)
{
    return fchownat(dir_fd, file, uid, (gid_t) -1, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int host_cgroup_delegate(const struct plan *plan, struct host_cgroup *cg, uid_t uid, struct err *err)
{
    autotext struct text list = { 0 };
    int r;

    /* What we make is ours already. */
    if (!plan->cgroup.delegate || cg->layout != PLAN_CGROUP_V2 || cg->process_fd < 0 ||
        uid == plan->facts.euid)
        return 0;
    delegated_files(&list);
    if (text_result(&list) < 0)
        return err_nomem(err);
    r = give(cg->process_fd, "", uid);
    for (char *s = list.s, *end; r == 0 && (end = strchr(s, '\n')); s = end + 1) {
        *end = '\0';
        r = *s && !strchr(s, '/') ? give(cg->process_fd, s, uid) : 0;
        if (r == -ENOENT)
            r = 0;
    }
    return r < 0 ? err_set(err, ERR_CGROUP, r, "give the cgroup %s to user %u", cg->path, uid) : 0;
}

/* ---- an existing one ----------------------------------------------------------------------------------- */

static int copy(char **ret, const char *s, struct err *err)
{
    if (s && !(*ret = strdup(s)))
        return err_nomem(err);
    return 0;
}

static int open_dirs(struct host_cgroup *cg, struct err *err)
{
    autoarena struct arena arena = { 0 };
    struct plan_facts facts = { 0 };
    int r = host_cgroup_facts(&facts, &arena);

    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "look at /sys/fs/cgroup");
    cg->layout = facts.cgroup_layout;
    if (facts.cgroup_layout == PLAN_CGROUP_NONE || !cg->path)
        return 0;
    r = host_cgroup_dirs_open(cg, &facts, err);
    if (r == 0)
        r = host_cgroup_dirs_find(cg, err);
    host_cgroup_made_parse(cg, cg->made);
    return r;
}

/*
 * A container whose subgroup is gone has no process left; its limits' directory is what remains to be
 * removed.
 */
static int open_subgroup(struct host_cgroup *cg, struct err *err)
{
    struct err gone = { 0 };
    int r = host_cgroup_dirs_done(cg, &gone);

    if (r == -ENOENT) {
        r = 0;
        cg->process_fd = -1;
    } else if (r < 0) {
        err_move(err, &gone);
    }
    err_done(&gone);
    return r;
}

int host_cgroup_open(enum plan_cgroup_manager manager, const char *path, const char *scope,
                     const char *subgroup, const char *made, struct host_cgroup *ret, struct err *err)
{
    struct host_cgroup cg = HOST_CGROUP_INIT;
    int r;

    cg.manager = manager;
    cg.asked = true;
    r = copy(&cg.path, path, err);
    if (r == 0)
        r = copy(&cg.scope, scope, err);
    if (r == 0)
        r = copy(&cg.subgroup, subgroup, err);
    if (r == 0)
        r = copy(&cg.made, made, err);
    if (r == 0)
        r = open_dirs(&cg, err);
    if (r == 0)
        r = open_subgroup(&cg, err);
    if (r < 0) {
        host_cgroup_done(&cg);
        return r;
    }
    *ret = cg;
    return 0;
}
