/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt.c - cache and memory bandwidth groups of the resctrl filesystem.
 *
 * A group is a directory that the kernel fills; its schemata file takes one line a write, and after a refusal
 * info/last_cmd_status has the kernel's reason.
 */
#include "host/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/rdt_schemata.h"

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

#define STANDARD_PLACE "/sys/fs/resctrl"

enum { SCHEMATA_MAX = 65536, STATUS_MAX = 512 };

/* ---- where it is ------------------------------------------------------------------------------------- */

/* Mount point of the first resctrl in mountinfo; NULL if there is none.  For free(3). */
static char *search_mounts(void)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, *found = NULL;
    size_t room = 0;

    while (mounts && !found && getline(&line, &room, mounts) >= 0) {
        char *place = NULL;

        if (strstr(line, " - resctrl ") && sscanf(line, "%*s %*s %*s %*s %ms", &place) == 1)
            found = place;
    }
    free(line);
    if (mounts)
        (void) fclose(mounts);
    return found;
}

static int open_resctrl(const char *path)
{
    autoclose int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    struct statfs fs;

    if (fd < 0)
        return fd;
    if (fstatfs(fd, &fs) < 0)
        return -errno;
    return fs.f_type == RDTGROUP_SUPER_MAGIC ? take_fd(&fd) : -ENOENT;
}

int host_rdt_open(int *ret_root_fd, struct err *err)
{
    autofree char *elsewhere = NULL;
    int fd = open_resctrl(STANDARD_PLACE);

    if (fd < 0) {
        elsewhere = search_mounts();
        fd = elsewhere ? open_resctrl(elsewhere) : -ENOENT;
    }
    if (fd < 0) {
        int r = err_set(err, ERR_RDT, 0, "linux.intelRdt: no resctrl filesystem is mounted");

        err_hint(err, "mount -t resctrl resctrl %s; the processor and the kernel must support it",
                 STANDARD_PLACE);
        return r;
    }
    *ret_root_fd = fd;
    return 0;
}

/* ---- files of a group -------------------------------------------------------------------------------- */

/* "" is the root itself. */
static int open_group(int root_fd, const char *group)
{
    return sys_openat2(root_fd, *group ? group : ".", O_RDONLY | O_DIRECTORY, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

static int open_monitoring(int group_fd, const char *name)
{
    autoclose int all_fd = open_group(group_fd, "mon_groups");

    return all_fd < 0 ? all_fd : open_group(all_fd, name);
}

static int write_line(int dir_fd, const char *file, const char *line)
{
    autoclose int fd = sys_openat(dir_fd, file, O_WRONLY | O_NOFOLLOW, 0);
    autotext struct text text = { 0 };

    if (fd < 0)
        return fd;
    text_add(&text, "%s\n", line);
    return text_result(&text) < 0 ? -ENOMEM : sys_write_all(fd, text.s, text.n);
}

static ssize_t read_text(int dir_fd, const char *file, char *buf, size_t size)
{
    autoclose int fd = sys_openat(dir_fd, file, O_RDONLY | O_NOFOLLOW, 0);
    ssize_t n = fd < 0 ? fd : sys_read(fd, buf, size - 1);

    if (n >= 0)
        buf[n] = '\0';
    return n;
}

/* The kernel's own words about the last write that it refused, in front of them ": "; or "". */
static void last_status(int root_fd, char *buf, size_t size)
{
    char status[STATUS_MAX];
    ssize_t n = read_text(root_fd, "info/last_cmd_status", status, sizeof status);

    *buf = '\0';
    if (n <= 0 || !strcmp(status, "ok\n"))
        return;
    status[strcspn(status, "\n")] = '\0';
    (void) snprintf(buf, size, ": %s", status);
}

/* ---- schemata ---------------------------------------------------------------------------------------- */

/* All that the configuration has, in the order in which it is written (config-linux.md "IntelRdt"). */
static int collect_lines(const struct oci_intel_rdt *rdt, struct host_rdt_lines *lines)
{
    lines->v = calloc(rdt->schemata.n + 2, sizeof *lines->v);
    lines->n = 0;
    if (!lines->v)
        return -ENOMEM;
    if (rdt->l3_cache_schema && *rdt->l3_cache_schema)
        lines->v[lines->n++] = rdt->l3_cache_schema;
    if (rdt->mem_bw_schema && *rdt->mem_bw_schema)
        lines->v[lines->n++] = rdt->mem_bw_schema;
    for (size_t i = 0; i < rdt->schemata.n; i++)
        lines->v[lines->n++] = rdt->schemata.v[i];
    return 0;
}

static int write_schemata(int root_fd, int group_fd, const struct host_rdt_lines *lines, struct err *err)
{
    for (size_t i = 0; i < lines->n; i++) {
        char status[STATUS_MAX + 2];
        int r = write_line(group_fd, "schemata", lines->v[i]);

        if (r == 0)
            continue;
        last_status(root_fd, status, sizeof status);
        return err_set(err, ERR_RDT, r, "linux.intelRdt: write the schema \"%s\"%s", lines->v[i], status);
    }
    return 0;
}

static int compare_schemata(int group_fd, const struct host_rdt_lines *lines, const char *group,
                            struct err *err)
{
    autofree char *have = malloc(SCHEMATA_MAX);
    ssize_t n = have ? read_text(group_fd, "schemata", have, SCHEMATA_MAX) : -ENOMEM;

    if (n < 0)
        return err_set(err, ERR_RDT, (int) n, "linux.intelRdt: read the schemata of group %s", group);
    const char *differs = host_rdt_first_difference(have, lines);
    if (differs)
        return err_set(err, ERR_RDT, 0,
                       "linux.intelRdt: group %s exists, and its schemata differ from \"%s\"", group,
                       differs);
    return 0;
}

/* ---- make -------------------------------------------------------------------------------------------- */

static bool is_group_name(const char *name)
{
    static const char *const taken[] = { ".", "..", "info", "mon_groups", "mon_data" };

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (!strcmp(name, taken[i]))
            return false;
    return *name && !strpbrk(name, "/\n");
}

static bool has_schemata(const struct oci_intel_rdt *rdt)
{
    return (rdt->l3_cache_schema && *rdt->l3_cache_schema) || (rdt->mem_bw_schema && *rdt->mem_bw_schema) ||
           rdt->schemata.n;
}

static int choose_group(const struct oci_intel_rdt *rdt, const char *id, struct arena *arena,
                        struct host_state_rdt *groups, struct err *err)
{
    bool configured = rdt->clos_id && *rdt->clos_id;
    const char *name = configured ? rdt->clos_id : id;
    bool is_root = configured && !strcmp(name, "/");

    if (!is_root && !is_group_name(name))
        return ERR_AT(err, rdt, clos_id, ERR_RDT, 0, "\"%s\" can't be the name of a resctrl group", name);
    groups->keep = configured;
    groups->group = arena_strdup(arena, is_root ? "" : name);
    if (rdt->enable_monitoring)
        groups->monitoring = arena_strdup(arena, id);
    return !groups->group || (rdt->enable_monitoring && !groups->monitoring) ? err_nomem(err) : 0;
}

int host_rdt_plan(int root_fd, const struct oci_intel_rdt *rdt, const char *id, struct arena *arena,
                  struct host_state_rdt *ret, struct err *err)
{
    struct host_state_rdt groups = { .node = { .type = &host_state_rdt_type } };
    autoclose int fd = -1;
    int r = choose_group(rdt, id, arena, &groups, err);

    if (r < 0)
        return r;
    fd = open_group(root_fd, groups.group);
    if (fd < 0 && fd != -ENOENT)
        return ERR_AT(err, rdt, clos_id, ERR_RDT, fd, "open the resctrl group %s", groups.group);
    groups.made = fd < 0;
    if (groups.made && groups.keep && !has_schemata(rdt))
        return ERR_AT(err, rdt, clos_id, ERR_RDT, ENOENT, "without a schema, group %s must exist",
                      groups.group);
    if (!groups.made && !groups.keep)
        return err_at(err, &rdt->node, ERR_NO_MEMBER, ERR_RDT, EEXIST, "make the resctrl group %s",
                      groups.group);
    *ret = groups;
    return 0;
}

static int make_monitoring(int group_fd, const char *name, struct err *err)
{
    autoclose int all_fd = open_group(group_fd, "mon_groups");
    int r = all_fd;

    if (all_fd >= 0)
        r = mkdirat(all_fd, name, 0755) < 0 ? -errno : 0;
    return r < 0 ? err_set(err, ERR_RDT, r, "linux.intelRdt.enableMonitoring: make the monitoring group %s",
                           name)
                 : 0;
}

static int fill_group(int root_fd, const struct oci_intel_rdt *rdt, const struct host_state_rdt *groups,
                      struct err *err)
{
    autoclose int fd = open_group(root_fd, groups->group);
    struct host_rdt_lines lines = { 0 };
    int r;

    if (fd < 0)
        return err_set(err, ERR_RDT, fd, "linux.intelRdt: open the resctrl group %s", groups->group);
    if (collect_lines(rdt, &lines) < 0)
        return err_nomem(err);
    if (groups->made)
        r = write_schemata(root_fd, fd, &lines, err);
    else
        r = lines.n ? compare_schemata(fd, &lines, groups->group, err) : 0;
    free(lines.v);
    if (r == 0 && groups->monitoring)
        r = make_monitoring(fd, groups->monitoring, err);
    return r;
}

int host_rdt_make(int root_fd, const struct oci_intel_rdt *rdt, const struct host_state_rdt *groups,
                  struct err *err)
{
    int r;

    if (groups->made && mkdirat(root_fd, groups->group, 0755) < 0) {
        char status[STATUS_MAX + 2];

        r = -errno;
        last_status(root_fd, status, sizeof status);
        return err_set(err, ERR_RDT, r, "linux.intelRdt: make the resctrl group %s%s", groups->group, status);
    }
    r = fill_group(root_fd, rdt, groups, err);
    if (r < 0 && groups->made)
        (void) unlinkat(root_fd, groups->group, AT_REMOVEDIR);
    return r;
}

/* ---- join, update, remove ---------------------------------------------------------------------------- */

int host_rdt_join(int root_fd, const struct host_state_rdt *groups, pid_t pid, struct err *err)
{
    autoclose int group_fd = open_group(root_fd, groups->group), monitoring_fd = -1;
    char number[24];
    int r = group_fd;

    (void) snprintf(number, sizeof number, "%ld", (long) pid);
    if (r >= 0)
        r = write_line(group_fd, "tasks", number);
    if (r >= 0 && groups->monitoring) {
        r = monitoring_fd = open_monitoring(group_fd, groups->monitoring);
        if (r >= 0)
            r = write_line(monitoring_fd, "tasks", number);
    }
    return r < 0 ? err_set(err, ERR_RDT, r, "linux.intelRdt: put the container into resctrl group %s",
                           groups->group)
                 : 0;
}

int host_rdt_update(int root_fd, const struct host_state_rdt *groups, const char *l3, const char *mb,
                    struct err *err)
{
    autoclose int fd = open_group(root_fd, groups->group);
    struct host_rdt_lines lines = { .v = (const char *[2]){ 0 } };

    if (fd < 0)
        return err_set(err, ERR_RDT, fd, "open the resctrl group %s", groups->group);
    if ((l3 && strchr(l3, '\n')) || (mb && strchr(mb, '\n')))
        return err_set(err, ERR_RDT, 0, "a schema must not contain newlines");
    if (mb && strncmp(mb, "MB:", 3))
        return err_set(err, ERR_RDT, 0, "a memory bandwidth schema must begin with \"MB:\"");
    if (l3)
        lines.v[lines.n++] = l3;
    if (mb)
        lines.v[lines.n++] = mb;
    return write_schemata(root_fd, fd, &lines, err);
}

static int remove_monitoring(int root_fd, const struct host_state_rdt *groups)
{
    autoclose int group_fd = open_group(root_fd, groups->group);
    autoclose int all_fd = group_fd < 0 ? group_fd : open_group(group_fd, "mon_groups");

    if (all_fd < 0)
        return all_fd;
    return unlinkat(all_fd, groups->monitoring, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int host_rdt_remove(int root_fd, const struct host_state_rdt *groups, bool roll_back, struct err *err)
{
    int r = groups->monitoring ? remove_monitoring(root_fd, groups) : 0;

    if (r < 0 && r != -ENOENT)
        return err_set(err, ERR_RDT, r, "remove the resctrl monitoring group %s", groups->monitoring);
    if (!groups->made || (groups->keep && !roll_back) || !*groups->group)
        return 0;
    if (unlinkat(root_fd, groups->group, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_set(err, ERR_RDT, errno, "remove the resctrl group %s", groups->group);
    return 0;
}
