/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_cgroup.c - which control groups there are, and what of them this caller may use.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/doctor.h"

#define MOUNT_POINT "/sys/fs/cgroup"

static char *own_path(struct host_doctor *d)
{
    autoclose int fd = procfs_file(d->proc_fd, "self/cgroup", O_RDONLY);
    char *text, *line;
    size_t n;

    if (fd < 0 || json_slurp(fd, d->arena, &text, &n) < 0)
        return NULL;
    line = strstr(text, "0::/");
    return line ? arena_strndup(d->arena, line + 3, strcspn(line + 3, "\n")) : NULL;
}

/*
 * Where cgroups of containers are made: of root's below the mount point, of others' beside the caller's own.
 */
static int open_base(struct host_doctor *d)
{
    const struct doctor_cgroup *cg = d->facts->cgroup;
    autofree char *path = NULL;

    if (d->host->cgroup_layout != PLAN_CGROUP_V2) {
        const char *name = d->host->n_hierarchies ? d->host->hierarchies[0].name : "unified";

        for (size_t i = 0; i < d->host->n_hierarchies; i++)
            if (strcmp(d->host->hierarchies[i].name, "memory") == 0)
                name = "memory";
        if (asprintf(&path, MOUNT_POINT "/%s", name) < 0)
            return -ENOMEM;
    } else if (d->host->euid == 0 || !cg->own) {
        return sys_openat(AT_FDCWD, MOUNT_POINT, O_PATH | O_DIRECTORY, 0);
    } else if (asprintf(&path, MOUNT_POINT "%s/..", cg->own) < 0) {
        return -ENOMEM;
    }
    return sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
}

static bool may_write(int dir_fd, const char *name)
{
    return faccessat(dir_fd, name, W_OK, AT_EACCESS) == 0;
}

/* What systemd's manager of the user may give. */
static char *session_controllers(struct host_doctor *d)
{
    char *path =
        arena_printf(d->arena, MOUNT_POINT "/user.slice/user-%u.slice/user@%u.service/cgroup.controllers",
                     (unsigned) d->host->euid, (unsigned) d->host->euid);

    return path ? host_doctor_text(d, AT_FDCWD, path) : NULL;
}

static void look_at_base(struct host_doctor *d)
{
    struct doctor_cgroup *cg = d->facts->cgroup;
    autoclose int fd = open_base(d);
    char *text = NULL;

    if (fd >= 0)
        cg->writable = may_write(fd, ".") && may_write(fd, "cgroup.procs");
    if (d->host->cgroup_layout != PLAN_CGROUP_V2)
        return;
    if (cg->writable && may_write(fd, "cgroup.subtree_control"))
        text = host_doctor_text(d, fd, "cgroup.controllers");
    else if (cg->writable)
        text = host_doctor_text(d, fd, "cgroup.subtree_control");
    host_doctor_words(d, text, " ", &cg->usable);
    if (d->facts->systemd->running && d->facts->systemd->user && !d->facts->systemd->connect)
        host_doctor_words(d, session_controllers(d), " ", &cg->usable);
}

static void look_at_controllers(struct host_doctor *d)
{
    struct json_strings *list = &d->facts->cgroup->controllers;

    host_doctor_words(d, host_doctor_text(d, AT_FDCWD, MOUNT_POINT "/cgroup.controllers"), " ", list);
    host_doctor_words(d, host_doctor_text(d, AT_FDCWD, MOUNT_POINT "/unified/cgroup.controllers"), " ", list);
    for (size_t i = 0; i < d->host->n_hierarchies; i++)
        host_doctor_words(d, arena_strdup(d->arena, d->host->hierarchies[i].name), ",", list);
}

/* The line of the mount in /proc/self/mountinfo that is of type cgroup2. */
static bool favors_moves(struct host_doctor *d)
{
    autoclose int fd = procfs_file(d->proc_fd, "self/mountinfo", O_RDONLY);
    char *text, *save = NULL;
    size_t n;

    if (fd < 0 || json_slurp(fd, d->arena, &text, &n) < 0)
        return false;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *type = strstr(line, " - cgroup2 ");

        if (type && strstr(line, " " MOUNT_POINT) && strstr(type, "favordynmods"))
            return true;
    }
    return false;
}

/* The root of the hierarchy has no such file. */
static bool has_kill(struct host_doctor *d)
{
    const struct doctor_cgroup *cg = d->facts->cgroup;
    bool hybrid = d->host->cgroup_layout == PLAN_CGROUP_HYBRID;
    autofree char *path = NULL;

    if (d->host->cgroup_layout != PLAN_CGROUP_V2 && !hybrid)
        return false;
    if (!cg->own || strcmp(cg->own, "/") == 0)
        return host_doctor_at_least(d, 5, 14);
    if (asprintf(&path, MOUNT_POINT "%s%s/cgroup.kill", hybrid ? "/unified" : "", cg->own) < 0)
        return false;
    autoclose int fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
    return fd >= 0;
}

void host_doctor_cgroup(struct host_doctor *d)
{
    static const char *const layouts[] = { [PLAN_CGROUP_NONE] = "none",
                                           [PLAN_CGROUP_V1] = "v1",
                                           [PLAN_CGROUP_V2] = "v2",
                                           [PLAN_CGROUP_HYBRID] = "hybrid" };
    struct doctor_cgroup *cg = d->facts->cgroup;

    cg->layout = (char *) (uintptr_t) layouts[d->host->cgroup_layout];
    if (d->host->cgroup_layout == PLAN_CGROUP_NONE)
        return;
    if (d->host->cgroup_layout != PLAN_CGROUP_V1)
        cg->own = own_path(d);
    look_at_controllers(d);
    look_at_base(d);
    cg->favor_dynmods = favors_moves(d);
    d->facts->kernel->cgroup_kill = has_kill(d);
}
