/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_stats.c - what a container uses: what both layouts share.
 */
#include "host/cgroup_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "host/cgroup_dirs.h"

char *host_cgroup_stats_text(int dir_fd, const char *file, struct arena *arena)
{
    autotext struct text text = { 0 };
    char *copy = NULL;

    if (host_cgroup_slurp(dir_fd, file, &text) == 0)
        copy = arena_strdup(arena, text_string(&text));
    return copy ? copy : arena_strdup(arena, "");
}

uint64_t host_cgroup_stats_number(int dir_fd, const char *file)
{
    uint64_t value = 0;

    (void) host_cgroup_read_number(dir_fd, file, &value);
    return value;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

void host_cgroup_stats_values(char *text, struct arena *arena, struct host_cgroup_stats *ret)
{
    ret->memory.raw.v = text ? arena_array(arena, count_lines(text) + 1, sizeof *ret->memory.raw.v) : NULL;
    if (!ret->memory.raw.v)
        return;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *space;

        *end = '\0';
        space = strchr(line, ' ');
        if (!space)
            continue;
        *space = '\0';
        ret->memory.raw.v[ret->memory.raw.n++] =
            (struct host_cgroup_value){ .name = line, .value = strtoull(space + 1, NULL, 10) };
    }
}

/* ---- huge pages ---------------------------------------------------------------------------------------- */

static void add_size(const char *size, size_t n, struct arena *arena, struct host_cgroup_stats *ret)
{
    struct host_cgroup_hugetlb *v;

    if (ret->hugetlb.n % 8 == 0) {
        v = arena_array(arena, ret->hugetlb.n + 8, sizeof *v);
        if (!v)
            return;
        if (ret->hugetlb.n)
            memcpy(v, ret->hugetlb.v, ret->hugetlb.n * sizeof *v);
        ret->hugetlb.v = v;
    }
    ret->hugetlb.v[ret->hugetlb.n] =
        (struct host_cgroup_hugetlb){ .page_size = arena_strndup(arena, size, n) };
    if (ret->hugetlb.v[ret->hugetlb.n].page_size)
        ret->hugetlb.n++;
}

void host_cgroup_stats_sizes(int dir_fd, const char *ending, struct arena *arena,
                             struct host_cgroup_stats *ret)
{
    int list_fd = sys_openat(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);

    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *size = e->d_name + strlen("hugetlb.");
        const char *dot = strncmp(e->d_name, "hugetlb.", 8) ? NULL : strchr(size, '.');

        if (dot && !strcmp(dot + 1, ending))
            add_size(size, (size_t) (dot - size), arena, ret);
    }
    if (dir)
        (void) closedir(dir);
    else if (list_fd >= 0)
        (void) close(list_fd);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

int host_cgroup_stats(const struct host_cgroup *cg, struct arena *arena, struct host_cgroup_stats *ret,
                      struct err *err)
{
    struct host_cgroup_stats stats = { 0 };

    if (!host_cgroup_exists(cg))
        return err_set(err, ERR_CGROUP, ENOENT, "cgroup not exist: the container has no statistics");
    if (cg->layout == PLAN_CGROUP_V2)
        host_cgroup_stats_v2(cg->dir_fd, arena, &stats);
    else
        host_cgroup_stats_v1(cg, arena, &stats);
    *ret = stats;
    return 0;
}
