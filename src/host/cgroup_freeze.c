/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_freeze.c - stop a cgroup's processes where they are, and let them go on.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static int freeze_v2(const struct host_cgroup *cg, bool frozen)
{
    int r = host_cgroup_write(cg->dir_fd, "cgroup.freeze", frozen ? "1" : "0");

    if (r == 0)
        r = host_cgroup_await(cg->dir_fd, "frozen", frozen, host_cgroup_now() + HOST_CGROUP_DEADLINE);
    if (r < 0 && frozen)
        (void) host_cgroup_write(cg->dir_fd, "cgroup.freeze", "0");
    return r;
}

int host_cgroup_freeze(struct host_cgroup *cg, bool frozen, struct err *err)
{
    int r;

    if (cg->dir_fd < 0)
        return host_cgroup_v1_freeze(cg, frozen, err);
    r = freeze_v2(cg, frozen);
    if (r == 0)
        return 0;
    r = err_set(err, ERR_CGROUP, r, "%s the cgroup %s", frozen ? "freeze" : "thaw", cg->path);
    if (r == -ETIMEDOUT && frozen)
        err_hint(err, "a process sleeps uninterruptibly (state D): it can be frozen when it wakes");
    else if (r == -ETIMEDOUT)
        err_hint(err, "a cgroup above is frozen");
    return r;
}

static bool says_frozen_v1(const char *state)
{
    return strncmp(state, "THAWED", 6) != 0;
}

static int is_frozen_v1(const struct host_cgroup *cg)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(cg, "freezer");
    char buf[64];
    ssize_t n;

    if (!d || d->v2 || d->fd < 0)
        return 0;
    n = host_cgroup_read(d->fd, "freezer.state", buf, sizeof buf);
    return n < 0 ? (int) n : says_frozen_v1(buf);
}

int host_cgroup_is_frozen(const struct host_cgroup *cg)
{
    uint64_t frozen = 0;
    char buf[256];
    ssize_t n;

    if (cg->dir_fd < 0)
        return is_frozen_v1(cg);
    n = host_cgroup_read(cg->dir_fd, "cgroup.events", buf, sizeof buf);
    if (n < 0)
        return (int) n;
    (void) host_cgroup_key(buf, "frozen", &frozen);
    /* On hybrid, others (a container engine of old) may have used the v1 freezer. */
    return frozen || cg->layout != PLAN_CGROUP_HYBRID ? (int) frozen : is_frozen_v1(cg);
}

/* ---- many containers ----------------------------------------------------------------------------------- */

/* v1: one mount point for each hierarchy. */
static int open_hierarchies(struct host_cgroup_top *top, int fd)
{
    autoarena struct arena arena = { 0 };
    struct plan_facts facts;
    int r = host_cgroup_facts(&facts, &arena);

    if (r < 0)
        return r;
    top->layout = facts.cgroup_layout;
    if (top->layout == PLAN_CGROUP_HYBRID)
        top->v2_fd = sys_openat(fd, "unified", O_PATH | O_DIRECTORY, 0);
    for (size_t i = 0; i < facts.n_hierarchies; i++)
        if (top->freezer_fd < 0 && plan_cgroup_lists(facts.hierarchies[i].name, "freezer"))
            top->freezer_fd = sys_openat(fd, facts.hierarchies[i].name, O_PATH | O_DIRECTORY, 0);
    return 0;
}

int host_cgroup_top_open(struct host_cgroup_top *ret, struct err *err)
{
    struct host_cgroup_top top = HOST_CGROUP_TOP_INIT;
    autoclose int fd = sys_openat(AT_FDCWD, "/sys/fs/cgroup", O_PATH | O_DIRECTORY, 0);
    struct statfs fs;
    int r = fd == -ENOENT || fd == -EACCES ? 0 : fd < 0 ? fd : fstatfs(fd, &fs) < 0 ? -errno : 0;

    if (r == 0 && fd >= 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
        top.layout = PLAN_CGROUP_V2;
        top.v2_fd = take_fd(&fd);
    } else if (r == 0 && fd >= 0) {
        r = open_hierarchies(&top, fd);
    }
    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "look at /sys/fs/cgroup");
    *ret = top;
    return 0;
}

void host_cgroup_top_close(struct host_cgroup_top *top)
{
    fd_cleanup(&top->v2_fd);
    fd_cleanup(&top->freezer_fd);
}

/* As much of FILE as one read(2) gives, which for these short ones is all of it. */
static int read_below(int root_fd, const char *path, const char *file, char *buf, size_t size)
{
    autotext struct text text = { 0 };
    autoclose int fd = -EBADF;
    ssize_t n;

    text_add(&text, "%s/%s", path + strspn(path, "/"), file);
    if (text_result(&text) < 0)
        return -ENOMEM;
    fd = sys_openat2(root_fd, text.s + strspn(text.s, "/"), O_RDONLY, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    n = fd < 0 ? fd : read(fd, buf, size - 1);
    if (n < 0)
        return fd < 0 ? fd : -errno;
    buf[n] = '\0';
    return 0;
}

static int is_gone(int r)
{
    return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int host_cgroup_top_frozen(const struct host_cgroup_top *top, const char *path)
{
    uint64_t frozen = 0;
    char buf[256];
    int r;

    if (!path)
        return 0;
    if (top->v2_fd >= 0) {
        r = read_below(top->v2_fd, path, "cgroup.events", buf, sizeof buf);
        if (is_gone(r) < 0)
            return r;
        if (r == 0)
            (void) host_cgroup_key(buf, "frozen", &frozen);
    }
    if (frozen || top->freezer_fd < 0)
        return (int) frozen;
    r = read_below(top->freezer_fd, path, "freezer.state", buf, sizeof buf);
    return r < 0 ? is_gone(r) : says_frozen_v1(buf);
}
