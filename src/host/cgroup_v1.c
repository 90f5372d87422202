/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_v1.c - what cgroup v1 and hybrid hosts need beside the common; to be deleted one day.
 *
 * The container gets a directory in every hierarchy, also in those without a limit: statistics, freezing and
 * listing of its processes work from any of them, and it could otherwise be moved by who reads only one.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

/* ---- making -------------------------------------------------------------------------------------------- */

/* A new cpuset has no CPUs and no memory, and takes no process then: it inherits what is above. */
static int inherit(int fd, const char *file, const char *above)
{
    char buf[4096];
    ssize_t n = host_cgroup_read(fd, file, buf, sizeof buf);

    if (n < 0)
        return (int) n;
    if (buf[strspn(buf, " \n")])
        return 0;
    n = host_cgroup_read(fd, above, buf, sizeof buf);
    return n < 0 ? (int) n : host_cgroup_write(fd, file, buf);
}

static int init_cpuset(void *context, int fd, const char *path, size_t length)
{
    (void) context;
    (void) path;
    if (length == 0)
        return 0; /* the root has all */
    int r = inherit(fd, "cpuset.cpus", "../cpuset.cpus");
    return r < 0 ? r : inherit(fd, "cpuset.mems", "../cpuset.mems");
}

static int check_empty(const struct host_cgroup *cg, const struct host_cgroup_dir *dir, struct err *err)
{
    autotext struct text shown = host_cgroup_shown(cg, dir, NULL);
    char buf[64];
    ssize_t n = host_cgroup_read(dir->fd, "cgroup.procs", buf, sizeof buf);

    if (n < 0)
        return err_set(err, ERR_CGROUP, (int) n, "read cgroup.procs of %s", text_string(&shown));
    if (n == 0)
        return 0;
    n = err_set(err, ERR_CGROUP, EBUSY, "container's cgroup is not empty: there are processes in %s",
                text_string(&shown));
    err_hint(err, "each container needs a cgroup of its own: is another one running with this cgroupsPath?");
    return (int) n;
}

static int check_thawed(const struct host_cgroup *cg, const struct host_cgroup_dir *dir, struct err *err)
{
    char buf[64];
    ssize_t n = host_cgroup_read(dir->fd, "freezer.state", buf, sizeof buf);

    if (n < 0 || !strncmp(buf, "THAWED", 6))
        return 0;
    autotext struct text shown = host_cgroup_shown(cg, dir, NULL);
    int r = err_set(err, ERR_CGROUP, EBUSY, "container's cgroup unexpectedly frozen: %s, or one above it",
                    text_string(&shown));

    err_hint(err, "thaw it: write THAWED to its freezer.state");
    return r;
}

static int make(struct host_cgroup *cg, struct host_cgroup_dir *dir, bool cpuset)
{
    int r = host_cgroup_dir_make(dir, cg->path, cpuset ? init_cpuset : NULL, NULL);

    if (r < 0)
        return r;
    return cpuset ? init_cpuset(NULL, dir->fd, cg->path, strlen(cg->path)) : 0;
}

int host_cgroup_v1_make(struct host_cgroup *cg, struct host_cgroup_dir *dir, struct err *err)
{
    int r = make(cg, dir, plan_cgroup_lists(dir->name, "cpuset"));

    if (r < 0) {
        autotext struct text shown = host_cgroup_shown(cg, dir, NULL);

        r = err_set(err, ERR_CGROUP, r, "make the cgroup %s", text_string(&shown));
        if (r == -EROFS)
            err_hint(
                err,
                "cgroups are mounted read-only here, as in a container: mount them writable, or run with "
                "--cgroup-manager disabled");
        return r;
    }
    if (dir->made == 0)
        r = check_empty(cg, dir, err);
    if (r == 0 && plan_cgroup_lists(dir->name, "freezer"))
        r = check_thawed(cg, dir, err);
    return r;
}

/* ---- freezing ------------------------------------------------------------------------------------------ */

static int await_state(int fd, const char *state)
{
    int64_t time = host_cgroup_now() + HOST_CGROUP_DEADLINE;
    char buf[64];
    int step = 1, r;

    for (;;) {
        ssize_t n = host_cgroup_read(fd, "freezer.state", buf, sizeof buf);

        if (n < 0)
            return (int) n;
        if (!strncmp(buf, state, strlen(state)))
            return 0;
        r = host_cgroup_pause(&step, time);
        if (r < 0)
            return r;
        /* A process that forked while FREEZING may have been missed; writing again looks again. */
        r = host_cgroup_write(fd, "freezer.state", state);
        if (r < 0)
            return r;
    }
}

int host_cgroup_v1_freeze(const struct host_cgroup *cg, bool frozen, struct err *err)
{
    const struct host_cgroup_dir *dir = host_cgroup_dir_of(cg, "freezer");
    const char *state = frozen ? "FROZEN" : "THAWED";
    int r;

    if (!dir || dir->fd < 0)
        return err_set(err, ERR_CGROUP, ENOENT, "the container has no cgroup with the freezer controller");
    r = host_cgroup_write(dir->fd, "freezer.state", state);
    if (r == 0)
        r = await_state(dir->fd, state);
    if (r < 0 && frozen)
        (void) host_cgroup_write(dir->fd, "freezer.state", "THAWED");
    if (r < 0) {
        autotext struct text shown = host_cgroup_shown(cg, dir, "freezer.state");

        return err_set(err, ERR_CGROUP, r, "write %s to %s", state, text_string(&shown));
    }
    return 0;
}

/* ---- devices of a running container -----------------------------------------------------------------------
 *
 * "deny a" first, as for a new cgroup, would take the devices from the running processes for a moment.  So
 * only the exceptions that are not among the new ones are taken away, then the new ones added.
 */

static bool is_wanted(const struct plan_cgroup_writes *writes, const char *line, size_t n)
{
    for (size_t i = 1; i < writes->n; i++)
        if (!strncmp(writes->v[i].value, line, n) && !writes->v[i].value[n])
            return true;
    return false;
}

static int drop_unwanted(int fd, const struct plan_cgroup_writes *writes, const char *list)
{
    int r = 0;

    for (size_t n; r == 0 && *list; list += n + (list[n] == '\n')) {
        autotext struct text line = { 0 };

        n = strcspn(list, "\n");
        text_add(&line, "%.*s", (int) n, list);
        if (text_result(&line) < 0)
            return -ENOMEM;
        if (n && !is_wanted(writes, list, n))
            r = host_cgroup_write(fd, "devices.deny", text_string(&line));
    }
    return r;
}

int host_cgroup_v1_update_devices(const struct host_cgroup *cg, const struct plan_device_rules *rules,
                                  struct err *err)
{
    const struct host_cgroup_dir *dir = host_cgroup_dir_of(cg, "devices");
    struct plan_cgroup_writes *writes, additions;
    autotext struct text list = { 0 };
    autoarena struct arena arena = { 0 };
    int r = plan_device_writes_compile(rules, &arena, &writes, err);

    if (r < 0)
        return r;
    r = host_cgroup_slurp(dir->fd, "devices.list", &list);
    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "read devices.list of the cgroup %s", cg->path);
    /* Exceptions are kept only within the same behaviour. */
    if (!strncmp(text_string(&list), "a ", 2) || strcmp(writes->v[0].file, "devices.deny"))
        return host_cgroup_write_all(cg, writes, err);
    r = drop_unwanted(dir->fd, writes, text_string(&list));
    if (r < 0)
        return err_set(err, ERR_CGROUP, r, "write devices.deny of the cgroup %s", cg->path);
    additions = (struct plan_cgroup_writes){ .v = writes->v + 1, .n = writes->n - 1 };
    return host_cgroup_write_all(cg, &additions, err);
}
