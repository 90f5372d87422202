/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_facts.c - how control groups are mounted on this host.
 *
 * On v2, one statfs(2) tells.  On v1 and hybrid, /sys/fs/cgroup is a tmpfs with a directory for each
 * hierarchy, named after its controllers: what every init system and container engine makes of it.  So no
 * mount table is read.
 */
#include "host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/sys.h"
#include "plan/cgroup.h"

#define MOUNT_POINT "/sys/fs/cgroup"

struct scan {
    struct plan_hierarchy *v;
    size_t n, room;
    bool unified;
    struct arena *arena;
};

/*
 * A directory whose name has a word that is no controller of the kernel is a named hierarchy ("systemd",
 * "elogind").
 */
static bool is_controllers(const char *name)
{
    static const char known[] =
        "cpuset,cpu,cpuacct,blkio,memory,devices,freezer,net_cls,perf_event,net_prio,hugetlb,"
        "pids,rdma,misc,debug";
    char word[32];
    size_t n;

    for (const char *s = name; *s; s += n + (s[n] == ',')) {
        n = strcspn(s, ",");
        if (n >= sizeof word)
            return false;
        memcpy(word, s, n);
        word[n] = '\0';
        if (!plan_cgroup_lists(known, word))
            return false;
    }
    return true;
}

static int add(struct scan *scan, const char *name)
{
    struct plan_hierarchy *v = scan->v;

    if (scan->n == scan->room) {
        scan->room = scan->room ? scan->room * 2 : 16;
        v = arena_array(scan->arena, scan->room, sizeof *v);
        if (!v)
            return -ENOMEM;
        if (scan->n)
            memcpy(v, scan->v, scan->n * sizeof *v);
        scan->v = v;
    }
    v[scan->n].name = arena_strdup(scan->arena, name);
    v[scan->n].options =
        is_controllers(name) ? v[scan->n].name : arena_printf(scan->arena, "none,name=%s", name);
    if (!v[scan->n].name || !v[scan->n].options)
        return -ENOMEM;
    scan->n++;
    return 0;
}

/*
 * Symlinks ("cpu" to "cpu,cpuacct") are left out: they are no directories of their own; and what may not be
 * looked at.  Any other error would make a hierarchy disappear, and with it the container's limits, or what
 * is to be removed.
 */
static int look_at(struct scan *scan, int top_fd, const char *name)
{
    autoclose int fd = sys_openat(top_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    struct statfs fs;

    if (fd < 0)
        return fd == -ENOTDIR || fd == -ELOOP || fd == -ENOENT || fd == -EACCES ? 0 : fd;
    if (fstatfs(fd, &fs) < 0)
        return -errno;
    if (fs.f_type == CGROUP2_SUPER_MAGIC && !strcmp(name, "unified"))
        scan->unified = true;
    else if (fs.f_type == CGROUP_SUPER_MAGIC)
        return add(scan, name);
    return 0;
}

static int scan_hierarchies(struct scan *scan)
{
    autoclose int fd = sys_openat(AT_FDCWD, MOUNT_POINT, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int r = 0;

    if (!dir)
        return fd < 0 ? fd : -errno;
    (void) take_fd(&fd);
    for (struct dirent *e; r == 0 && (errno = 0, e = readdir(dir));)
        if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
            r = look_at(scan, dirfd(dir), e->d_name);
    if (r == 0)
        r = -errno;
    (void) closedir(dir);
    return r;
}

int host_cgroup_facts(struct plan_facts *facts, struct arena *arena)
{
    struct scan scan = { .arena = arena };
    struct statfs fs;
    int r;

    facts->cgroup_layout = PLAN_CGROUP_NONE;
    facts->hierarchies = NULL;
    facts->n_hierarchies = 0;
    if (statfs(MOUNT_POINT, &fs) < 0)
        return errno == ENOENT || errno == EACCES ? 0 : -errno;
    if (fs.f_type == CGROUP2_SUPER_MAGIC) {
        facts->cgroup_layout = PLAN_CGROUP_V2;
        return 0;
    }
    r = scan_hierarchies(&scan);
    if (r < 0)
        return r;
    if (scan.unified)
        facts->cgroup_layout = PLAN_CGROUP_HYBRID;
    else if (scan.n)
        facts->cgroup_layout = PLAN_CGROUP_V1;
    facts->hierarchies = scan.v;
    facts->n_hierarchies = scan.n;
    return 0;
}
