/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * paths.c - paths as text.  Nothing is looked up: what a path leads to is found out by openat2(2), later.
 */
#include "plan/compile.h"

#include <string.h>

#include "base/text.h"

/* The component at S, after slashes; *RET_N is 0 at the end. */
static const char *component(const char *s, size_t *ret_n)
{
    s += strspn(s, "/");
    *ret_n = strcspn(s, "/");
    return s;
}

bool plan_path_has_dotdot(const char *path)
{
    size_t n;

    for (const char *s = component(path, &n); n; s = component(s + n, &n))
        if (n == 2 && !memcmp(s, "..", 2))
            return true;
    return false;
}

char *plan_path_clean(struct arena *arena, const char *path)
{
    char *clean = arena_alloc(arena, strlen(path) + 2), *end = clean;
    size_t n;

    if (!clean)
        return NULL;
    for (const char *s = component(path, &n); n; s = component(s + n, &n)) {
        if (n == 1 && *s == '.')
            continue;
        *end++ = '/';
        memcpy(end, s, n);
        end += n;
    }
    if (end == clean)
        *end = '/';
    return clean;
}

const char *plan_path_below(struct arena *arena, const char *directory, const char *path)
{
    if (*path == '/')
        return path;
    while (!strncmp(path, "./", 2))
        path += 2 + strspn(path + 2, "/");
    if (!*path || !strcmp(path, "."))
        return directory;
    return arena_printf(arena, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/", path);
}
