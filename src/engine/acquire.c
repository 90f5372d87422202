/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acquire.c - open what the plan names, before the clone: descriptors, not paths, are what init works with.
 *
 * All this is the host's side: paths of the configuration's trusted part.  Trees
 * are cloned here if we may; an unprivileged runtime leaves that to init.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/creation.h"
#include "engine/explain_denial.h"
#include "engine/explain_mount.h"
#include "engine/explain_path.h"
#include "host/idmap.h"
#include "host/mount_template.h"
#include "host/socket.h"

static int clone_tree(const char *path, bool recursive, bool nofollow)
{
    return sys_open_tree(AT_FDCWD, path,
                         OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0U) |
                             (nofollow ? AT_SYMLINK_NOFOLLOW : 0U));
}

static int open_root(struct creation *c, struct err *err)
{
    struct plan_root *root = &c->plan->root;
    const struct oci_root *from = c->bundle.spec.root;
    autoclose int fd = sys_openat(AT_FDCWD, root->path, O_PATH | O_DIRECTORY, 0);
    int r;

    if (fd < 0) {
        r = ERR_AT(err, from, path, ERR_ROOTFS, fd, "the root filesystem %s", root->path);
        explain_path(err, root->path);
        return r;
    }
    if (c->plan->facts.rootless)
        return 0;
    root->tree_fd = clone_tree(root->path, true, false);
    if (root->tree_fd >= 0)
        return 0;
    r = ERR_AT(err, from, path, ERR_ROOTFS, root->tree_fd, "clone the mounts of %s", root->path);
    const struct denial denial = { .calls = HOST_DENIAL_MOUNT, .capability = CAP_SYS_ADMIN };
    if (r == -EPERM && c->plan->facts.in_user_namespace)
        err_hint(
            err,
            "root of a user namespace needs a mount namespace of its own as well: begin with unshare -Urm, "
            "or as an ordinary user");
    else if (!explain_denial(err, &denial))
        explain_denial_perhaps(err, &denial);
    return r;
}

/* With copy-symlink, a source that is a link is not mounted but made again in the container. */
static int copy_symlink(struct creation *c, struct plan_mount *m)
{
    autoclose int fd = m->copy_symlink ? sys_openat(AT_FDCWD, m->source, O_PATH | O_NOFOLLOW, 0) : -EBADF;
    struct stat st;
    char *text;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode))
        return 0;
    text = arena_alloc(&c->plan->arena, 4096); /* PATH_MAX: no link is longer */
    if (!text)
        return -ENOMEM;
    n = readlinkat(fd, "", text, 4095);
    if (n < 0)
        return -errno;
    m->kind = PLAN_MOUNT_SYMLINK;
    m->source = text;
    return 0;
}

static int source_failed(const struct creation *c, struct plan_mount *m, int r, struct err *err)
{
    if (m->from)
        r = ERR_AT(err, m->from, source, ERR_MOUNT, r, "bind %s", m->source);
    else
        r = err_set(err, ERR_MOUNT, r, "bind %s", m->source);
    explain_mount(err, c->plan, m, "", 0);
    explain_path(err, m->source);
    return r;
}

/* Here and not by init, which may be root of a user namespace that does not own the filesystem. */
int acquire_id_map(const struct plan_mount *m, struct err *err)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
    int r;

    if (!m->id_map)
        return 0;
    attr.userns_fd = (unsigned) m->id_map->userns_fd;
    r = sys_mount_setattr(m->tree_fd, m->id_map_recursive ? AT_RECURSIVE : 0, &attr);
    if (r >= 0)
        return 0;
    (void) ERR_AT(err, m->from, options, ERR_MOUNT, r, "map the ids of %s", m->source);
    if (r == -EINVAL)
        err_hint(err, "the filesystem of %s can't be id-mapped by this kernel", m->source);
    return r;
}

static int open_source(struct creation *c, struct plan_mount *m, struct err *err);

/* The container's directory in the hierarchy of that name; it may have none there. */
static int hierarchy_fd(const struct creation *c, const char *name)
{
    if (!strcmp(name, "unified"))
        return c->cgroup.process_fd;
    for (size_t i = 0; i < c->cgroup.n_dirs; i++)
        if (!strcmp(c->cgroup.dirs[i].name, name))
            return c->cgroup.dirs[i].fd;
    return -1;
}

/*
 * cgroup v1 without a cgroup namespace: the container sees its own directories, or, where it has none, the
 * host's.
 */
static int open_hierarchy(struct creation *c, struct plan_mount *m, struct err *err)
{
    int fd = hierarchy_fd(c, m->source);

    if (fd >= 0 && !c->plan->facts.rootless) {
        m->tree_fd = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
        return m->tree_fd < 0 ? source_failed(c, m, m->tree_fd, err) : 0;
    }
    m->kind = PLAN_MOUNT_BIND;
    m->source =
        arena_printf(&c->plan->arena, "/sys/fs/cgroup/%s%s", m->source, fd >= 0 ? c->cgroup.path : "");
    if (!m->source)
        return err_nomem(err);
    return c->plan->facts.rootless ? 0 : open_source(c, m, err);
}

static int open_source(struct creation *c, struct plan_mount *m, struct err *err)
{
    int r = copy_symlink(c, m);

    if (r < 0)
        return source_failed(c, m, r, err);
    if (m->kind == PLAN_MOUNT_CGROUP)
        return open_hierarchy(c, m, err);
    if (m->kind != PLAN_MOUNT_BIND || c->plan->facts.rootless)
        return 0;
    m->tree_fd = clone_tree(m->source, m->recursive, m->source_nofollow);
    if (m->tree_fd < 0)
        return m->optional && m->tree_fd == -ENOENT ? 0 : source_failed(c, m, m->tree_fd, err);
    return acquire_id_map(m, err);
}

/* Maps without ranges mean those of the user namespace that is joined. */
static int use_joined_maps(struct creation *c, struct plan_mount *m, struct err *err)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;

    if (!m->id_map || m->id_map->n_uid || m->id_map->userns_fd >= 0)
        return 0;
    for (size_t i = 0; i < ns->n_join; i++)
        if (ns->join[i].flag == CLONE_NEWUSER)
            m->id_map->userns_fd = fcntl(ns->join[i].ns_fd, F_DUPFD_CLOEXEC, 3);
    return m->id_map->userns_fd < 0 ? err_set(err, ERR_ID_MAP, errno, "use the joined user namespace's ids")
                                    : 0;
}

static int open_id_maps(struct creation *c, struct err *err)
{
    for (size_t i = 0; i < c->plan->n_mounts; i++) {
        int r = use_joined_maps(c, &c->plan->mounts[i], err);

        if (r < 0)
            return r;
    }
    return host_idmap_open_mounts(c->proc_fd, c->plan, err);
}

static int open_mounts(struct creation *c, struct err *err)
{
    for (size_t i = 0; i < c->plan->n_mounts; i++) {
        int r = open_source(c, &c->plan->mounts[i], err);

        if (r < 0)
            return r;
    }
    return 0;
}

static int open_devices(struct creation *c, struct err *err)
{
    struct plan *plan = c->plan;

    if (!plan->bind_devices || plan->facts.rootless)
        return 0;
    for (size_t i = 0; i < plan->n_devices; i++) {
        struct plan_device *d = &plan->devices[i];

        if (S_ISFIFO(d->mode))
            continue;
        d->tree_fd = clone_tree(d->path, false, false);
        if (d->tree_fd < 0 && d->from)
            return ERR_AT(err, d->from, path, ERR_DEVICE, d->tree_fd, "bind the host's %s", d->path);
        if (d->tree_fd < 0)
            return err_set(err, ERR_DEVICE, d->tree_fd, "bind the host's %s", d->path);
    }
    return 0;
}

static bool is_null(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* CVE-2025-31133: what covers a masked file must be the null device itself. */
static int open_null(struct creation *c, struct err *err)
{
    struct plan *plan = c->plan;

    if (!plan->n_hidden || plan->hidden[0].readonly || plan->facts.rootless)
        return 0;
    plan->null_tree_fd = clone_tree("/dev/null", false, true);
    if (plan->null_tree_fd < 0)
        return err_set(err, ERR_DEVICE, plan->null_tree_fd, "linux.maskedPaths: clone the host's /dev/null");
    if (!is_null(plan->null_tree_fd))
        return err_set(err, ERR_DEVICE, 0, "linux.maskedPaths: the host's /dev/null is not the null device");
    return 0;
}

static int open_namespaces(struct creation *c, struct err *err)
{
    for (size_t i = 0; i < c->plan->namespaces.n_join; i++) {
        struct plan_join *join = &c->plan->namespaces.join[i];
        struct statfs fs;
        int type;

        join->ns_fd = sys_openat(AT_FDCWD, join->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (join->ns_fd < 0)
            return ERR_AT(err, join->from, path, ERR_NAMESPACE, join->ns_fd, "open %s", join->path);
        if (fstatfs(join->ns_fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
            return ERR_AT(err, join->from, path, ERR_NAMESPACE, 0, "%s is not a namespace", join->path);
        type = ioctl(join->ns_fd, NS_GET_NSTYPE);
        if (type < 0 || (uint64_t) type != join->flag)
            return ERR_AT(err, join->from, path, ERR_NAMESPACE, 0, "%s is a namespace of another type",
                          join->path);
    }
    return 0;
}

int engine_check_preserved(unsigned n, struct err *err)
{
    for (unsigned i = 0; i < n; i++) {
        int flags = fcntl(3 + (int) i, F_GETFD);

        if (flags < 0 || flags & FD_CLOEXEC) /* ours all have it */
            return err_set(err, ERR_USAGE, EBADF, "--preserve-fds %u: descriptor %u is not open", n, 3 + i);
    }
    return 0;
}

static int check_preserved(struct creation *c, struct err *err)
{
    return engine_check_preserved(c->plan->options.preserve_fds, err);
}

static int listen_for_start(struct creation *c, struct err *err)
{
    if (c->run)
        return 0;
    c->listener_fd = host_socket_listen(c->dir_fd, HOST_STATE_SOCKET, SOCK_SEQPACKET, 8);
    if (c->listener_fd < 0)
        return err_set(err, ERR_STATE_FILE, c->listener_fd, "listen on %s", HOST_STATE_SOCKET);
    if (!c->plan->process) /* nobody will listen: start says why; the file alone means "created" */
        fd_cleanup(&c->listener_fd);
    return 0;
}

static int connect_to_agent(struct creation *c, struct err *err)
{
    const struct plan_seccomp *seccomp = c->plan->seccomp;

    if (!seccomp || !seccomp->notify)
        return 0;
    c->notify_fd = host_socket_connect(seccomp->listener_path, SOCK_STREAM);
    if (c->notify_fd < 0)
        return ERR_AT(err, seccomp->from, listener_path, ERR_SECCOMP, c->notify_fd,
                      "connect to the agent at %s", seccomp->listener_path);
    return 0;
}

/*
 * Overlay's layers, a disk, a socket: what a filesystem is made from is looked up by init, as a path of the
 * host.
 */
static bool makes_from_paths(const struct plan_mount *m)
{
    static const char *const pathless[] = { "proc",    "sysfs",   "tmpfs",     "devpts",    "mqueue",
                                            "cgroup",  "cgroup2", "ramfs",     "hugetlbfs", "bpf",
                                            "tracefs", "debugfs", "securityfs" };

    if (m->kind != PLAN_MOUNT_FS && m->kind != PLAN_MOUNT_CLASSIC)
        return false;
    for (size_t i = 0; i < sizeof pathless / sizeof *pathless; i++)
        if (strcmp(m->type, pathless[i]) == 0)
            return false;
    return true;
}

static bool needs_paths_of_the_host(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_mounts; i++)
        if (makes_from_paths(&plan->mounts[i]))
            return true;
    return plan->hooks[PLAN_PRESTART].n || plan->hooks[PLAN_CREATE_RUNTIME].n ||
           plan->hooks[PLAN_CREATE_CONTAINER].n;
}

/*
 * Hooks look for the host's files, and for the root filesystem at its own path: with them the namespace is a
 * copy of the host's.  In a user namespace the template can't be entered.
 */
static int open_template(struct creation *c, struct err *err)
{
    const struct plan *plan = c->plan;
    const uint64_t user = (plan->namespaces.fresh | plan->namespaces.joined) & CLONE_NEWUSER;

    (void) err;
    c->template_fd = -1;
    if (!(plan->namespaces.fresh & CLONE_NEWNS) || user || !c->init.privileged ||
        plan->facts.in_user_namespace || plan->root.how != PLAN_ROOT_PIVOT || needs_paths_of_the_host(plan))
        return 0;
    c->template_fd = host_mount_template_open();
    return 0; /* without it the start is slower, and nothing else */
}

int creation_open_gate(struct creation *c, struct err *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(err, ERR_IO, errno, "make a socket pair");
    c->gate_fd = pair[0];
    c->init_gate_fd = pair[1];
    return 0;
}

int creation_acquire(struct creation *c, struct err *err)
{
    int (*const steps[])(struct creation *, struct err *) = {
        check_preserved, open_namespaces, open_root,        open_id_maps,     open_mounts,
        open_devices,    open_null,       listen_for_start, connect_to_agent, open_template,
    };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < sizeof steps / sizeof *steps; i++)
        r = steps[i](c, err);
    return r;
}
