/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_user.c - "--user NAME[:GROUP]": looked up in the root filesystem, for a person at a prompt.
 *
 * A number is never looked up, and a name that is missing is an error (CVE-2026-30892: a user that was not
 * understood became root).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/spec.h"

#define LARGEST_ID (UINT32_MAX - 1)

/* Cuts LINE at its colons.  False if it has less than four fields. */
static bool split(char *line, char *fields[4])
{
    for (size_t i = 0; i < 4; i++) {
        fields[i] = line;
        line = line ? strchr(line, ':') : NULL;
        if (line)
            *line++ = '\0';
        else if (i < 3)
            return false;
    }
    return true;
}

static const char *root_of(const struct spec_job *job)
{
    return job->options.rootfs ? job->options.rootfs : "rootfs";
}

/* The text of a regular file of the root filesystem; NULL if there is none. */
static char *slurp(struct spec_job *job, const char *path)
{
    autoclose int root_fd = sys_openat(AT_FDCWD, root_of(job), O_PATH | O_DIRECTORY, 0);
    autoclose int fd = root_fd < 0 ? root_fd : path_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text;
    size_t size;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || json_slurp(fd, &job->arena, &text, &size) < 0)
        return NULL;
    return text;
}

/* Calls EACH for every line, until it returns true. */
static bool any_line(char *text, bool (*each)(char *fields[4], void *data), void *data)
{
    char *save = NULL, *fields[4];

    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
        if (split(line, fields) && each(fields, data))
            return true;
    return false;
}

struct search {
    const char *name;
    uint32_t id, group;
};

static bool is_named(char *fields[4], void *data)
{
    struct search *s = data;
    uint32_t id;

    if (strcmp(fields[0], s->name) != 0 || text_parse_u32(fields[2], LARGEST_ID, &id) < 0)
        return false;
    s->id = id;
    if (text_parse_u32(fields[3], LARGEST_ID, &id) >= 0) /* of passwd(5): the user's first group */
        s->group = id;
    return true;
}

static int missing(struct spec_job *job, const char *what, const char *name, const char *path,
                   struct err *err)
{
    int r = err_set(err, ERR_USAGE, 0, "--user %s: there is no %s %s in %s of %s", job->options.user, what,
                    *name ? name : "\"\"", path, root_of(job));

    err_hint(err, "give numbers, UID or UID:GID, where the root filesystem does not name them");
    return r;
}

static int find_user(struct spec_job *job, const char *given, struct search *ret, struct err *err)
{
    *ret = (struct search){ .name = given };
    if (text_parse_u32(given, LARGEST_ID, &ret->id) >= 0)
        return 0;
    if (any_line(slurp(job, "/etc/passwd"), is_named, ret))
        return 1;
    return missing(job, "user", given, "/etc/passwd", err);
}

static int find_group(struct spec_job *job, const char *given, uint32_t *ret, struct err *err)
{
    struct search s = { .name = given };

    if (text_parse_u32(given, LARGEST_ID, ret) >= 0)
        return 0;
    if (!any_line(slurp(job, "/etc/group"), is_named, &s))
        return missing(job, "group", given, "/etc/group", err);
    *ret = s.id;
    return 0;
}

struct membership {
    struct spec_job *job;
    const char *name;
    uint32_t first;
    bool failed;
};

static bool has_member(const char *members, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = members; *at; at += strcspn(at, ",")) {
        at += strspn(at, ",");
        if (!strncmp(at, name, n) && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return false;
}

static bool join_group(char *fields[4], void *data)
{
    struct membership *m = data;
    uint32_t gid;

    if (has_member(fields[3], m->name) && text_parse_u32(fields[2], LARGEST_ID, &gid) >= 0 && gid != m->first)
        m->failed |= SPEC_APPEND(&m->job->arena, &m->job->spec.process->user->additional_gids, gid) < 0;
    return m->failed;
}

int spec_user(struct spec_job *job, struct err *err)
{
    struct oci_user *user = job->spec.process->user;
    char *name = arena_strdup(&job->arena, job->options.user);
    char *group = name ? strchr(name, ':') : NULL;
    struct search found;
    int r;

    if (!name)
        return err_nomem(err);
    if (group)
        *group++ = '\0';
    r = find_user(job, name, &found, err);
    if (r < 0)
        return r;
    user->uid = found.id;
    if (group)
        return find_group(job, group, &user->gid, err);
    if (r == 0)
        return 0;
    user->gid = found.group;
    if (job->options.rootless) /* who may not have more groups, or has no ids for them */
        return 0;
    struct membership m = { .job = job, .name = name, .first = found.group };
    (void) any_line(slurp(job, "/etc/group"), join_group, &m);
    return m.failed ? err_nomem(err) : 0;
}
