/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_descriptors.c - what a container has from outside: standard descriptors and namespaces.
 */
#include "engine/criu_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"

#define TERMINAL "tty["

/* ---- standard descriptors ------------------------------------------------------------------------------ */

/* The container's process, whose descriptors these are. */
struct holder {
    int proc_fd, pidfd;
    pid_t pid;
    struct host_mounts mounts;
};

/* By asking a copy of it: to open a terminal could have effects. */
static bool is_terminal(const struct holder *h, int fd)
{
    autoclose int copy = sys_pidfd_getfd(h->pidfd, fd);

    return copy >= 0 && isatty(copy);
}

/*
 * As CRIU calls a file on a mount that is not the container's; empty if it is one of the container's own.  A
 * terminal that is dumped as such, not as external, CRIU 4.2 crashes on at restore, for its mount is unknown.
 */
static int external_name(const struct holder *h, int fd, struct text *ret)
{
    char path[64];
    struct stat st;
    int id = host_mountinfo_of_fd(h->proc_fd, h->pid, fd);

    if (id < 0)
        return id;
    (void) snprintf(path, sizeof path, "%ld/fd/%d", (long) h->pid, fd);
    if (fstatat(h->proc_fd, path, &st, 0) < 0) /* a magic link of our own procfs */
        return -errno;
    if ((!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) || host_mountinfo_find(&h->mounts, id))
        return 0;
    if (S_ISCHR(st.st_mode) && is_terminal(h, fd))
        text_add(ret, TERMINAL "%llx:%llx]", (unsigned long long) st.st_rdev, (unsigned long long) st.st_dev);
    else
        text_add(ret, "file[%x:%llx]", (unsigned) id, (unsigned long long) st.st_ino);
    return text_result(ret);
}

static int read_name(const struct holder *h, int fd, struct arena *arena, const char **ret)
{
    char path[64], name[PATH_MAX];
    ssize_t n;

    (void) snprintf(path, sizeof path, "%ld/fd/%d", (long) h->pid, fd);
    n = readlinkat(h->proc_fd, path, name, sizeof name);
    if (n < 0)
        return -errno;
    *ret = arena_strndup(arena, name, (size_t) n);
    return *ret ? 0 : -ENOMEM;
}

/*
 * Sets *RET to what the descriptor is called in descriptors.json: for a file of the host CRIU's name, a space
 * and its path; "" if it is closed.
 */
static int describe(struct criu_request *q, const struct holder *h, int fd, struct arena *arena,
                    const char **ret)
{
    autotext struct text name = { 0 };
    const char *path;
    int r = read_name(h, fd, arena, &path);

    if (r < 0 && r != -ENOENT)
        return r;
    *ret = r < 0 ? "" : path;
    if (r < 0)
        return 0;
    r = external_name(h, fd, &name);
    if (r < 0 || !name.n)
        return r;
    *ret = arena_printf(arena, "%s %s", text_string(&name), path);
    return *ret && q->criu.add_external(q->criu.opts, text_string(&name)) >= 0 ? 0 : -ENOMEM;
}

static int check_terminal(const struct criu_request *q, int fd, const char *name, struct err *err)
{
    if (q->options.shell_job || strncmp(name, TERMINAL, strlen(TERMINAL)) != 0)
        return 0;
    return err_set(
        err, ERR_CHECKPOINT, 0,
        "descriptor %d is a terminal of the host (%s): --shell-job makes it that of the caller of restore",
        fd, strchr(name, ' ') + 1);
}

int criu_descriptors_save(struct criu_request *q, int proc_fd, int pidfd, pid_t pid, struct err *err)
{
    autoarena struct arena arena = { 0 };
    struct holder h = { .proc_fd = proc_fd, .pidfd = pidfd, .pid = pid };
    const char *names[3];
    int r = host_mountinfo_read(proc_fd, pid, &arena, &h.mounts);

    for (int fd = 0; r >= 0 && fd < 3; fd++)
        r = describe(q, &h, fd, &arena, &names[fd]);
    if (r < 0)
        return err_set(err, ERR_CHECKPOINT, r, "look at the standard descriptors of process %d", (int) pid);
    for (int fd = 0; r >= 0 && fd < 3; fd++)
        r = check_terminal(q, fd, names[fd], err);
    return r < 0 ? r : criu_images_save_descriptors(&q->images, names, err);
}

/*
 * NAME: as describe() made it.  CRIU seeks in what takes the place of a file, and so can't put a pipe or a
 * terminal there; what was the null device becomes that again then.
 */
static int supply_file(struct criu_request *q, int fd, const char *name, struct err *err)
{
    const char *path = strchr(name, ' ');
    autofree char *key = strndup(name, strcspn(name, " "));
    autoclose int null_fd = -EBADF;

    if (!key)
        return err_nomem(err);
    /* The caller's file may well have other permissions than the one that was there before. */
    if (q->criu.set_skip_file_rwx_check)
        q->criu.set_skip_file_rwx_check(q->criu.opts, true);
    if (lseek(fd, 0, SEEK_CUR) >= 0)
        return criu_request_inherit(q, fd, key, err);
    if (!path || strcmp(path + 1, "/dev/null") != 0)
        return err_set(err, ERR_CHECKPOINT, errno, "descriptor %d was a file (%s): it must be a file again",
                       fd, path ? path + 1 : key);
    null_fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
    return null_fd < 0 ? err_set(err, ERR_DEVICE, null_fd, "open /dev/null")
                       : criu_request_inherit(q, null_fd, key, err);
}

static int supply_terminal(struct criu_request *q, int fd, const char *name, struct err *err)
{
    const char *path = strchr(name, ' ');
    autofree char *key = strndup(name, strcspn(name, " "));

    if (!key)
        return err_nomem(err);
    if (!isatty(fd))
        return err_set(err, ERR_CHECKPOINT, 0, "descriptor %d was a terminal (%s): it must be one again", fd,
                       path ? path + 1 : key);
    return criu_request_inherit(q, fd, key, err);
}

int criu_descriptors_supply(struct criu_request *q, struct err *err)
{
    autoarena struct arena arena = { 0 };
    struct json_strings names = { 0 };
    int r = criu_images_load_descriptors(&q->images, &arena, &names, err);

    for (int fd = 0; r >= 0 && fd < 3; fd++) {
        if (!strncmp(names.v[fd], "file[", 5))
            r = supply_file(q, fd, names.v[fd], err);
        else if (!strncmp(names.v[fd], TERMINAL, strlen(TERMINAL)))
            r = supply_terminal(q, fd, names.v[fd], err);
        else if (!strncmp(names.v[fd], "pipe:", 5))
            r = criu_request_inherit(q, fd, names.v[fd], err);
    }
    return r;
}

/* ---- namespaces ---------------------------------------------------------------------------------------- */

static const struct namespace
{
    uint64_t flag;
    const char *name;
    const char *key; /* CRIU leaves it alone, and gets it by descriptor; NULL: it is joined by its path */
}
namespaces[] = {
    { CLONE_NEWNET, "net", "extRootNetNS" }, { CLONE_NEWPID, "pid", "extRootPidNS" },
    { CLONE_NEWIPC, "ipc", NULL },           { CLONE_NEWUTS, "uts", NULL },
    { CLONE_NEWTIME, "time", NULL },         { CLONE_NEWUSER, "user", NULL },
};

static const struct namespace *find_namespace(uint64_t flag)
{
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
        if (namespaces[i].flag == flag)
            return &namespaces[i];
    return NULL;
}

int criu_namespaces_check(const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->namespaces.n_join; i++) {
        const struct plan_join *join = &plan->namespaces.join[i];

        if (!find_namespace(join->flag))
            return ERR_AT(err, join->from, path, ERR_UNSUPPORTED, 0,
                          "CRIU can't restore a container into a %s namespace that is there already",
                          join->flag == CLONE_NEWCGROUP ? "cgroup" : "mount");
    }
    return 0;
}

static int declare(struct criu_request *q, const struct plan_join *join, struct err *err)
{
    const struct namespace *ns = find_namespace(join->flag);
    autoclose int fd =
        ns->key ? sys_openat(AT_FDCWD, join->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0) : -EBADF;
    autotext struct text name = { 0 };
    struct stat st;

    if (!ns->key)
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return ERR_AT(err, join->from, path, ERR_NAMESPACE, fd < 0 ? fd : errno, "open %s", join->path);
    text_add(&name, "%s[%llu]:%s", ns->name, (unsigned long long) st.st_ino, ns->key);
    if (text_result(&name) < 0 || q->criu.add_external(q->criu.opts, text_string(&name)) < 0)
        return err_nomem(err);
    return 0;
}

int criu_namespaces_declare(struct criu_request *q, const struct plan *plan, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->namespaces.n_join; i++)
        r = declare(q, &plan->namespaces.join[i], err);
    return r;
}

static int supply(struct criu_request *q, const struct plan_join *join, struct err *err)
{
    const struct namespace *ns = find_namespace(join->flag);
    autoclose int fd = sys_openat(AT_FDCWD, join->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

    if (fd < 0)
        return ERR_AT(err, join->from, path, ERR_NAMESPACE, fd, "open %s", join->path);
    if (ns->key)
        return criu_request_inherit(q, fd, ns->key, err);
    if (!q->criu.join_ns_add)
        return ERR_AT(err, join->from, path, ERR_CHECKPOINT, 0,
                      "CRIU is too old to join a namespace: it needs 3.16.1");
    return q->criu.join_ns_add(q->criu.opts, ns->name, join->path, NULL) < 0 ? err_nomem(err) : 0;
}

int criu_namespaces_supply(struct criu_request *q, const struct plan *plan, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < plan->namespaces.n_join; i++)
        r = supply(q, &plan->namespaces.join[i], err);
    return r;
}
