/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mountinfo.c - the mounts that a process sees.
 */
#include "host/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "libocispec/json.h"

/* Spaces and the like are written as three octal digits behind a backslash. */
static void unescape(char *s)
{
    char *to = s;

    for (; *s; s++) {
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
            s[3] <= '7') {
            *to++ = (char) ((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime ..." */
static int parse_line(char *line, struct host_mount *ret)
{
    unsigned major, minor;
    int at = 0;
    char *root, *point, *end;

    if (sscanf(line, "%d %d %u:%u %n", &ret->id, &ret->parent, &major, &minor, &at) < 4 || at == 0)
        return -EBADMSG;
    root = line + at;
    point = strchr(root, ' ');
    end = point ? strchr(point + 1, ' ') : NULL;
    if (!end)
        return -EBADMSG;
    *point++ = '\0';
    *end = '\0';
    unescape(root);
    unescape(point);
    ret->device = makedev(major, minor);
    ret->root = root;
    ret->point = point;
    return 0;
}

int host_mountinfo_parse(char *text, struct arena *arena, struct host_mounts *ret)
{
    struct host_mounts mounts = { 0 };
    size_t n = 0;

    for (const char *s = text; (s = strchr(s, '\n')); s++)
        n++;
    mounts.v = arena_array(arena, n + 1, sizeof *mounts.v);
    if (!mounts.v)
        return -ENOMEM;
    for (char *line = text, *end; *line; line = end) {
        int r;

        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        r = parse_line(line, &mounts.v[mounts.n++]);
        if (r < 0)
            return r;
    }
    *ret = mounts;
    return 0;
}

int host_mountinfo_read(int proc_fd, pid_t pid, struct arena *arena, struct host_mounts *ret)
{
    char path[48], *text;
    size_t n;
    int r;

    (void) snprintf(path, sizeof path, "%ld/mountinfo", (long) pid);
    autoclose int fd = procfs_file(proc_fd, path, O_RDONLY);
    if (fd < 0)
        return fd;
    r = json_slurp(fd, arena, &text, &n);
    return r < 0 ? r : host_mountinfo_parse(text, arena, ret);
}

struct host_mount *host_mountinfo_find(const struct host_mounts *mounts, int id)
{
    for (size_t i = 0; i < mounts->n; i++)
        if (mounts->v[i].id == id)
            return &mounts->v[i];
    return NULL;
}

int host_mountinfo_of_fd(int proc_fd, pid_t pid, int fd)
{
    static const char key[] = "\nmnt_id:\t";
    char path[64], buf[4096];
    const char *found;
    ssize_t n;
    int id;

    if (pid)
        (void) snprintf(path, sizeof path, "%ld/fdinfo/%d", (long) pid, fd);
    else
        (void) snprintf(path, sizeof path, "self/fdinfo/%d", fd);
    n = procfs_read(proc_fd, path, buf, sizeof buf);
    if (n < 0)
        return (int) n;
    found = strstr(buf, key);
    if (!found || sscanf(found + sizeof key - 1, "%d", &id) != 1)
        return -EBADMSG;
    return id;
}
