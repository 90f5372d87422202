/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.c - mounts that are added to, or taken from, a running container.
 *
 * They are compiled as those of a configuration are, their sources opened here, and a child that joins the
 * container's namespaces makes them with the code that makes those of a new container.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/creation.h"
#include "engine/existing.h"
#include "engine/explain_mount.h"
#include "engine/explain_path.h"
#include "host/idmap.h"
#include "host/words.h"

struct change {
    struct existing *container;
    struct bundle bundle; /* the container's configuration, with the given mounts in place of its own */
    struct plan *plan;
    struct init init;
    int gate_fd, init_gate_fd;
};

/* The mounts as those of a document, so that errors can name them. */
static int parse(struct change *c, const char *mounts, struct err *err)
{
    struct bundle *b = &c->bundle;
    struct oci_spec *given = arena_array(&b->arena, 1, sizeof *given); /* the mounts lead back to it */
    struct json_error why = { 0 };
    char *text =
        arena_printf(&b->arena, "{\"ociVersion\":\"%s\",\"mounts\":%s}", ocirt_spec_version(), mounts);
    int r;

    if (!text || !given)
        return err_nomem(err);
    r = json_read(&oci_spec_type, given, "mounts.json", text, strlen(text), &b->arena, &why);
    if (r < 0)
        return err_set(err, ERR_CONFIG_JSON, 0, "%s", why.text ? why.text : "out of memory");
    b->source = (struct err_source){ .name = "mounts.json", .text = text };
    b->spec.mounts.v = given->mounts.v;
    b->spec.mounts.n = given->mounts.n;
    return 0;
}

static int compile(struct change *c, const char *mounts, struct err *err)
{
    const struct plan_options options = {
        .id = c->container->id,
        .bundle = c->container->state->bundle,
        .manager = PLAN_MANAGER_DISABLED,
        .consented = true,
    };
    struct plan_facts facts;
    int r = existing_config(c->container, &c->bundle, NULL, err);

    if (r >= 0)
        r = parse(c, mounts, err);
    if (r >= 0)
        r = engine_facts(c->container->ocirt, &c->bundle.arena, &facts, err);
    return r < 0 ? r : plan_compile(&c->bundle.spec, &options, &facts, &c->plan, err);
}

static int open_sources(struct change *c, struct err *err)
{
    int r = existing_procfs(c->container, err);

    if (r >= 0)
        r = host_idmap_open_mounts(c->container->proc_fd, c->plan, err);
    for (size_t i = 0; r >= 0 && i < c->plan->n_mounts; i++) {
        struct plan_mount *m = &c->plan->mounts[i];

        if (!m->from)
            continue;
        if (m->kind == PLAN_MOUNT_CGROUP)
            return ERR_AT(err, m->from, type, ERR_UNSUPPORTED, 0,
                          "a cgroup can't be mounted in a running container");
        if (m->kind != PLAN_MOUNT_BIND)
            continue;
        m->tree_fd = sys_open_tree(AT_FDCWD, m->source, OPEN_TREE_CLONE | (m->recursive ? AT_RECURSIVE : 0U));
        if (m->tree_fd < 0) {
            (void) ERR_AT(err, m->from, source, ERR_MOUNT, m->tree_fd, "bind %s", m->source);
            explain_mount(err, c->plan, m, "", 0);
            explain_path(err, m->source);
            return m->tree_fd;
        }
        r = acquire_id_map(m, err);
    }
    return r;
}

static int spawn(struct change *c, void (*run)(struct init *init), int *ret_pidfd, struct err *err)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t) (uintptr_t) ret_pidfd,
        .exit_signal = SIGCHLD,
    };
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(err, ERR_IO, errno, "make a socket pair");
    c->gate_fd = pair[0];
    c->init_gate_fd = pair[1];
    c->init = (struct init){
        .plan = c->plan,
        .gate_fd = c->init_gate_fd,
        .proc_fd = c->container->proc_fd,
        .stub_fd = -1,
        .container_pidfd = c->container->pidfd,
        .exec_root_fd = -1,
        .pidns_fd = -1,
        .template_fd = -1,
        .target_fd = -1,
        .root_fd = -1,
        .master_fd = -1,
        .slave_fd = -1,
        .privileged = true,
        .exec_namespaces = (ns->fresh | ns->joined) & ~(uint64_t) (CLONE_NEWPID | CLONE_NEWTIME),
    };
    pid = sys_clone3(&args);
    if (pid == 0) {
        fd_cleanup(&c->gate_fd); /* it is to see our end */
        run(&c->init);
    }
    if (pid < 0)
        return err_set(err, ERR_PROCESS, pid, "create a process for the mounts");
    fd_cleanup(&c->init_gate_fd);
    return gate_go(c->gate_fd, pid) < 0 ? err_set(err, ERR_INIT_DIED, 0, "the process for the mounts is gone")
                                        : 0;
}

static int await(struct change *c, int pidfd, struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    size_t n = sizeof text;
    autoclose int fd = -EBADF;
    int r = gate_receive(c->gate_fd, &m, text, &n, &fd);

    if (r == 0)
        return engine_init_died(pidfd, NULL, err);
    if (r < 0)
        return err_set(err, ERR_INIT_DIED, r, "listen to the process for the mounts");
    return m.type == MSG_FAILED ? engine_init_failed(c->plan, NULL, &m, text, n, err) : 0;
}

static int change(struct change *c, const char *mounts, bool add, struct err *err)
{
    autoclose int pidfd = -EBADF;
    siginfo_t info;
    int r;

    if (c->container->status != OCI_STATUS_RUNNING && c->container->status != OCI_STATUS_CREATED)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    r = compile(c, mounts, err);
    if (r >= 0 && c->plan->facts.rootless)
        r = err_set(err, ERR_UNSUPPORTED, EPERM, "mounts of a running container can be changed by root only");
    if (r >= 0 && c->plan->root.how == PLAN_ROOT_CHROOT)
        r = err_set(err, ERR_UNSUPPORTED, 0, "the container has no mount namespace of its own");
    if (r >= 0 && add)
        r = open_sources(c, err);
    if (r >= 0)
        r = spawn(c, add ? init_run_mounts : init_run_unmounts, &pidfd, err);
    if (r >= 0)
        r = await(c, pidfd, err);
    if (pidfd >= 0)
        while (waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED) < 0 && errno == EINTR)
            continue;
    return r;
}

static void done(struct change *c)
{
    for (size_t i = 0; c->plan && i < c->plan->n_mounts; i++) {
        fd_cleanup(&c->plan->mounts[i].tree_fd);
        if (c->plan->mounts[i].id_map)
            fd_cleanup(&c->plan->mounts[i].id_map->userns_fd);
    }
    fd_cleanup(&c->gate_fd);
    fd_cleanup(&c->init_gate_fd);
    plan_free(c->plan);
    bundle_done(&c->bundle);
}

static int change_mounts(struct ocirt *ocirt, const char *id, const char *mounts, bool add,
                         struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct change c = { .container = &e, .gate_fd = -1, .init_gate_fd = -1 };
    int r = existing_open(ocirt, id, EXISTING_CHANGE, &e, &err);

    if (r >= 0)
        r = change(&c, mounts, add, &err);
    if (r < 0)
        err_prefix(&err, "%s mounts %s %s", add ? "add" : "remove", add ? "to" : "from", id);
    r = engine_result(r, &err, ret_error);
    done(&c);
    existing_done(&e);
    return r;
}

int ocirt_mounts_add(struct ocirt *ocirt, const char *id, const char *mounts, struct ocirt_error **ret_error)
{
    return change_mounts(ocirt, id, mounts, true, ret_error);
}

int ocirt_mounts_remove(struct ocirt *ocirt, const char *id, const char *mounts,
                        struct ocirt_error **ret_error)
{
    return change_mounts(ocirt, id, mounts, false, ret_error);
}
