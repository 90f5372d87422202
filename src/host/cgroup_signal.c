/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_signal.c - the processes of a cgroup and of those below: list and signal them.
 *
 * A process id may come to mean another process between reading and signalling.  So a pidfd is opened first,
 * and the process signalled only if the list, read once more, still has the id.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"

struct pids {
    pid_t *v;
    size_t n, room;
    bool refused;  /* some cgroup is threaded: it lists no processes, but threads */
    bool threaded; /* the topmost is: the processes are the threads that lead */
};

/* ---- listing ------------------------------------------------------------------------------------------- */

static int add_pid(struct pids *pids, pid_t pid)
{
    size_t room = pids->room ? pids->room * 2 : 64;
    pid_t *v = pids->v;

    if (pids->n == pids->room) {
        v = reallocarray(v, room, sizeof *v);
        if (!v)
            return -ENOMEM;
        pids->v = v;
        pids->room = room;
    }
    v[pids->n++] = pid;
    return 0;
}

/* pidfd_open(2) refuses a thread that does not lead. */
static bool leads(pid_t tid)
{
    autoclose int fd = sys_pidfd_open(tid);

    return fd >= 0;
}

static int add_procs(struct pids *pids, int fd)
{
    autotext struct text text = { 0 };
    int r = host_cgroup_slurp(fd, pids->threaded ? "cgroup.threads" : "cgroup.procs", &text);

    /*
     * The processes of threaded cgroups are listed by the one above that is not threaded, if it is one of
     * ours.
     */
    if (r == -EOPNOTSUPP) {
        pids->refused = true;
        return 0;
    }
    for (char *s = text.s, *end; r == 0 && s && (end = strchr(s, '\n')); s = end + 1) {
        long pid = strtol(s, NULL, 10);

        if (pid > 0 && (!pids->threaded || leads((pid_t) pid))) /* 0: it is not in our pid namespace */
            r = add_pid(pids, (pid_t) pid);
    }
    return r;
}

static int add_tree(void *context, int parent_fd, const char *name)
{
    autoclose int fd = sys_openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    int r = fd < 0 ? fd : add_procs(context, fd);

    if (r == 0)
        r = host_cgroup_children(fd, add_tree, context);
    return r == -ENOENT || r == -ENODEV ? 0 : r; /* removed meanwhile */
}

static int by_number(const void *a, const void *b)
{
    pid_t x = *(const pid_t *) a, y = *(const pid_t *) b;

    return (x > y) - (x < y);
}

/* Any hierarchy has them all; the v2 one is the first. */
static int any_fd(const struct host_cgroup *cg)
{
    for (size_t i = 0; i < cg->n_dirs; i++)
        if (cg->dirs[i].fd >= 0)
            return cg->dirs[i].fd;
    return -1;
}

static int list(const struct host_cgroup *cg, struct pids *pids)
{
    int fd = any_fd(cg), r = fd < 0 ? 0 : add_tree(pids, fd, ".");
    size_t n = 0;

    if (r >= 0 && pids->n == 0 && pids->refused) {
        pids->threaded = true;
        r = add_tree(pids, fd, ".");
    }
    if (r < 0)
        return r;
    if (pids->n)
        qsort(pids->v, pids->n, sizeof *pids->v, by_number);
    for (size_t i = 0; i < pids->n; i++)
        if (n == 0 || pids->v[n - 1] != pids->v[i])
            pids->v[n++] = pids->v[i];
    pids->n = n;
    return 0;
}

int host_cgroup_pids(const struct host_cgroup *cg, pid_t **ret, size_t *ret_n, struct err *err)
{
    struct pids pids = { 0 };
    int r = list(cg, &pids);

    if (r < 0) {
        free(pids.v);
        return err_set(err, ERR_CGROUP, r, "list the processes of the cgroup %s", cg->path);
    }
    *ret = pids.v;
    *ret_n = pids.n;
    return 0;
}

/* ---- signalling ---------------------------------------------------------------------------------------- */

static bool has(const struct pids *pids, pid_t pid)
{
    return pids->n && bsearch(&pid, pids->v, pids->n, sizeof pid, by_number);
}

enum { AT_ONCE = 256 }; /* descriptors held at a time */

static int signal_some(const struct host_cgroup *cg, const pid_t *v, size_t n, int signal)
{
    struct pids again = { 0 };
    int fds[AT_ONCE], r;

    for (size_t i = 0; i < n; i++)
        fds[i] = sys_pidfd_open(v[i]);
    r = list(cg, &again);
    for (size_t i = 0; i < n; i++) {
        if (r == 0 && fds[i] >= 0 && has(&again, v[i])) {
            int sent = sys_pidfd_send_signal(fds[i], signal);

            r = sent < 0 && sent != -ESRCH ? sent : 0;
        }
        fd_cleanup(&fds[i]);
    }
    free(again.v);
    return r;
}

/* Their number at the time, or an error. */
static int signal_all(const struct host_cgroup *cg, int signal, size_t *ret_n)
{
    struct pids pids = { 0 };
    int r = list(cg, &pids);

    for (size_t i = 0; r == 0 && i < pids.n; i += AT_ONCE)
        r = signal_some(cg, pids.v + i, pids.n - i < AT_ONCE ? pids.n - i : AT_ONCE, signal);
    if (r == 0)
        *ret_n = pids.n;
    free(pids.v);
    return r;
}

/* ---- killing ------------------------------------------------------------------------------------------- */

static void set_v1_freezer(const struct host_cgroup *cg, const char *state)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(cg, "freezer");

    if (d && !d->v2 && d->fd >= 0)
        (void) host_cgroup_write(d->fd, "freezer.state", state); /* a help, not a need */
}

/* Frozen, none can fork away; thawed, each dies.  Again, for those that were born in between. */
static int kill_on_v1(const struct host_cgroup *cg)
{
    int64_t time = host_cgroup_now() + HOST_CGROUP_DEADLINE;
    int step = 1;

    for (;;) {
        size_t n = 0;
        int r;

        set_v1_freezer(cg, "FROZEN");
        r = signal_all(cg, SIGKILL, &n);
        set_v1_freezer(cg, "THAWED");
        if (r < 0 || n == 0)
            return r;
        r = host_cgroup_pause(&step, time);
        if (r < 0)
            return r;
    }
}

static int kill_all(const struct host_cgroup *cg)
{
    int r = -ENOENT;

    if (cg->dir_fd >= 0)
        r = host_cgroup_write(cg->dir_fd, "cgroup.kill", "1");
    if (r == -ENODEV) /* removed meanwhile */
        return 0;
    /* cgroup.kill does not wake who sleeps in the v1 freezer. */
    set_v1_freezer(cg, "THAWED");
    return r == -ENOENT || r == -EOPNOTSUPP ? kill_on_v1(cg) : r;
}

int host_cgroup_kill(struct host_cgroup *cg, int signal, struct err *err)
{
    size_t n;
    int r;

    if (!host_cgroup_exists(cg))
        return 0;
    r = signal == SIGKILL ? kill_all(cg) : signal_all(cg, signal, &n);
    if (r < 0 && r != -ENODEV)
        return err_set(err, ERR_CGROUP, r, "send signal %d to the processes of the cgroup %s", signal,
                       cg->path);
    return 0;
}
