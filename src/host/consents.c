/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * consents.c - what the administrator has consented to.
 *
 * A line is the name of an annotation, or a prefix of names that ends with "."; "#" begins a comment line.
 * For root there is one place, which nothing in the environment changes: who may call root's runtime (sudo,
 * an engine) must not choose it.
 */
#include "host/consents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum {
    MAX_SIZE = 64 * 1024,
    UNMAPPED = 65534, /* who is not in this user namespace: fs.overflowuid, as it always is */
};

struct job {
    const struct plan_facts *facts;
    struct arena *arena;
    struct plan_consents *consents;
};

/* In a user namespace the host's root has no number, and the runtime no right beyond the user's. */
static bool is_roots(const struct job *job, uid_t uid)
{
    return uid == 0 || (job->facts->in_user_namespace && uid == UNMAPPED);
}

static const char *fault_of(const struct job *job, const struct stat *st, bool own)
{
    if (!S_ISREG(st->st_mode))
        return "is no regular file";
    if (own ? st->st_uid != job->facts->euid : !is_roots(job, st->st_uid))
        return own ? "does not belong to this user" : "does not belong to root";
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return "may be written to by others than its owner";
    return st->st_size > MAX_SIZE ? "is larger than 64 KiB" : NULL;
}

static int set_fault(const struct job *job, const char *path, const char *fault)
{
    job->consents->fault = arena_printf(job->arena, "%s is not believed, it %s", path, fault);
    return job->consents->fault ? 0 : -ENOMEM;
}

static char *trimmed(char *line)
{
    size_t n;

    line += strspn(line, " \t\r");
    n = strlen(line);
    while (n && strchr(" \t\r", line[n - 1]))
        line[--n] = '\0';
    return line;
}

static int add_lines(const struct job *job, char *text)
{
    struct json_strings *allowed = &job->consents->allowed;
    size_t room = allowed->n + 1;
    char **v, *save = NULL;

    for (const char *s = text; *s; s++)
        room += *s == '\n';
    v = arena_array(job->arena, room, sizeof *v);
    if (!v)
        return -ENOMEM;
    if (allowed->n)
        memcpy(v, allowed->v, allowed->n * sizeof *v);
    allowed->v = v;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        line = trimmed(line);
        if (*line && *line != '#')
            v[allowed->n++] = line;
    }
    return 0;
}

/* OWN: the file of the runtime's user, who must own it. */
static int load(const struct job *job, const char *path, bool own)
{
    autoclose int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    const char *fault;
    struct stat st;
    size_t size;
    char *text;
    int r;

    if (fd == -ENOENT || fd == -ENOTDIR)
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return set_fault(job, path, fd == -ELOOP ? "is a symbolic link" : "can't be opened");
    fault = fault_of(job, &st, own);
    if (fault)
        return set_fault(job, path, fault);
    r = json_slurp(fd, job->arena, &text, &size);
    if (r == -ENOMEM)
        return r;
    return r < 0 ? set_fault(job, path, "can't be read") : add_lines(job, text);
}

/* XDG Base Directory Specification: what is not absolute there is as if it were not set. */
static int users_file(struct arena *arena, const char **ret)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    *ret = NULL;
    if (config && *config == '/')
        *ret = arena_printf(arena, "%s/ocirt/annotations", config);
    else if (home && *home == '/')
        *ret = arena_printf(arena, "%s/.config/ocirt/annotations", home);
    else
        return 0;
    return *ret ? 0 : -ENOMEM;
}

int host_consents_load(const struct plan_facts *facts, struct arena *arena, struct plan_consents *ret)
{
    const struct job job = { .facts = facts, .arena = arena, .consents = ret };
    const char *path = NULL;
    int r;

    *ret = (struct plan_consents){ .file = HOST_CONSENTS };
    r = load(&job, HOST_CONSENTS, false);
    if (r == 0 && (facts->rootless || facts->in_user_namespace))
        r = users_file(arena, &path);
    if (r < 0 || !path)
        return r;
    ret->file = path;
    return load(&job, path, true);
}
