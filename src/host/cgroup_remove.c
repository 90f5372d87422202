/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_remove.c - remove a cgroup and what its processes made below it.
 *
 * rmdir(2) of a cgroup with a process says EBUSY, and killed processes take their time; some kernels
 * (6.19.11, 7.0) even hang if they are asked while one is dying.  So it is not tried before cgroup.events
 * says that none is left.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/cgroup_manager.h"
#include "host/device_bpf.h"

/* ---- the error: who is still there --------------------------------------------------------------------- */

enum { SHOWN_PIDS = 8, KILL_AGAIN = 200 /* milliseconds */ };

static void add_process(int proc_fd, pid_t pid, struct text *text)
{
    autotext struct text file = { 0 };
    char buf[128], state = '?';
    uint64_t ticks;

    (void) procfs_start_time(proc_fd, pid, &ticks, &state);
    text_add(text, "%s%d (state %c", text->n ? ", " : "", pid, state);
    text_add(&file, "%d/wchan", pid);
    if (text_result(&file) == 0 && procfs_read(proc_fd, text_string(&file), buf, sizeof buf) > 1)
        text_add(text, " in %s", buf);
    text_add(text, ")");
}

static int still_busy(const struct host_cgroup *cg, int error, struct err *err)
{
    autoclose int proc_fd = procfs_open();
    autotext struct text text = { 0 };
    autofree pid_t *pids = NULL;
    struct err ignored = { 0 };
    size_t n = 0;
    int r;

    (void) host_cgroup_pids(cg, &pids, &n, &ignored);
    err_done(&ignored);
    for (size_t i = 0; proc_fd >= 0 && i < n && i < SHOWN_PIDS; i++)
        add_process(proc_fd, pids[i], &text);
    r = err_set(err, ERR_CGROUP, error, "remove the cgroup %s%s%s%s", cg->path,
                text.n ? ": processes are left in it: " : "", text_string(&text),
                n > SHOWN_PIDS ? " and more" : "");
    if (strstr(text_string(&text), "state D"))
        err_hint(
            err,
            "a process in state D waits for a device or a file server and can't be killed before; delete it "
            "later");
    return r;
}

/* ---- removing ------------------------------------------------------------------------------------------ */

static int remove_child(void *context, int parent_fd, const char *name)
{
    autoclose int fd = -EBADF;
    int r;

    if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY && errno != ENOTEMPTY)
        return -errno;
    fd = sys_openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    r = fd < 0 ? fd : host_cgroup_children(fd, remove_child, context);
    if (r == 0 && unlinkat(parent_fd, name, AT_REMOVEDIR) < 0)
        r = -errno;
    return r == -ENOENT ? 0 : r;
}

/*
 * The kernel tells of the last process's end a moment before it lets the cgroup go, and v1 does not tell at
 * all: where it still says EBUSY, ask again.  KILL_FD, of v2: an exec may have put a process in since all had
 * ended, and one into a paused container does not end by itself.
 */
static int remove_dir(const struct host_cgroup_dir *d, const char *path, int kill_fd, int64_t time)
{
    int step = 1, r;

    path += strspn(path, "/");
    while ((r = remove_child(NULL, d->root_fd, path)) == -EBUSY) {
        if (kill_fd >= 0)
            (void) host_cgroup_write(kill_fd, "cgroup.kill", "1");
        if (host_cgroup_pause(&step, time) < 0)
            return -EBUSY;
    }
    return r;
}

/*
 * Who has killed all processes waits for their end here; but an exec that was under way may have put one in
 * since: so all are killed again, now and then.
 */
static int await_end_of_all(int dir_fd, int64_t time)
{
    for (;;) {
        int64_t soon = host_cgroup_now() + KILL_AGAIN;
        int r = host_cgroup_await(dir_fd, "populated", 0, soon < time ? soon : time);

        if (r != -ETIMEDOUT || soon >= time)
            return r;
        (void) host_cgroup_write(dir_fd, "cgroup.kill", "1");
    }
}

/* One that was there before may have other processes, and stays. */
static int wait_empty(const struct host_cgroup *cg, int64_t time)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_v2(cg);
    bool stays = d && cg->manager == PLAN_MANAGER_CGROUPFS && d->made == 0;
    int r = cg->dir_fd < 0 || stays ? 0 : await_end_of_all(cg->dir_fd, time);

    return r == -ENODEV || r == -ENOENT ? 0 : r;
}

/* What was there before the container stays, as it was: without our restriction of devices. */
static void leave_dir(const struct host_cgroup_dir *d)
{
    if (d->v2 && d->fd >= 0)
        (void) host_device_bpf_detach(d->fd); /* an old kernel may have no BPF, then there is none */
}

static int remove_dirs(struct host_cgroup *cg, int64_t time)
{
    int r = 0;

    for (size_t i = 0; i < cg->n_dirs; i++) {
        struct host_cgroup_dir *d = &cg->dirs[i];
        int s = 0;

        if (d->made)
            s = remove_dir(d, cg->path, d->v2 ? cg->dir_fd : -1, time);
        else
            leave_dir(d);
        r = r ? r : s;
    }
    return r;
}

bool host_cgroup_remove_empty(struct host_cgroup *cg)
{
    if (cg->manager != PLAN_MANAGER_CGROUPFS || cg->layout != PLAN_CGROUP_V2 || !cg->path || !cg->n_dirs ||
        !cg->dirs[0].made)
        return false;
    if (unlinkat(cg->dirs[0].root_fd, cg->path + strspn(cg->path, "/"), AT_REMOVEDIR) < 0 && errno != ENOENT)
        return false;
    host_cgroup_remove_parents(cg);
    return true;
}

int host_cgroup_remove(struct host_cgroup *cg, struct err *err)
{
    int64_t time = host_cgroup_now() + HOST_CGROUP_DEADLINE;
    const struct host_cgroup_manager *manager = host_cgroup_manager(cg);
    int r;

    if (manager)
        manager->release(cg);
    else if (!cg->path)
        return 0;
    r = wait_empty(cg, time);
    if (r < 0)
        return still_busy(cg, r, err);
    if (manager) {
        r = manager->remove(cg, err);
        if (r < 0)
            return r;
    }
    r = remove_dirs(cg, time);
    if (r < 0)
        return still_busy(cg, r, err);
    host_cgroup_remove_parents(cg);
    return 0;
}
