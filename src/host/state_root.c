/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state_root.c - the directory that holds the containers of one user, and the ids in it.
 */
#include "host/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/words.h"

/* ---- where it is ------------------------------------------------------------------------------------- */

/* The root of a user namespace has uid 0 and still a runtime directory of its own. */
static bool in_initial_user_namespace(void)
{
    char map[64];
    unsigned inside, outside, size;
    autoclose int fd = sys_openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY, 0);
    ssize_t n = fd < 0 ? fd : sys_read(fd, map, sizeof map - 1);

    if (n < 0)
        return true;
    map[n] = '\0';
    return sscanf(map, "%u %u %u", &inside, &outside, &size) == 3 && !inside && !outside &&
           size == UINT32_MAX;
}

/*
 * *RET_IS_XDG: tmpfiles cleaners leave alone what has the sticky bit there (XDG Base Directory
 * Specification).
 */
static int default_root(struct text *path, bool *ret_is_xdg, struct err *err)
{
    const char *xdg = getenv("XDG_RUNTIME_DIR");
    bool has_xdg = xdg && *xdg == '/';
    autotext struct text user = { 0 };

    *ret_is_xdg = true;
    if (geteuid() == 0 && (!has_xdg || in_initial_user_namespace())) {
        *ret_is_xdg = false;
        text_add(path, "/run/ocirt");
        return 0;
    }
    text_add(&user, "/run/user/%lu", (unsigned long) geteuid());
    if (!has_xdg && access(text_string(&user), W_OK | X_OK) == 0)
        xdg = text_string(&user);
    else if (!has_xdg) {
        int r = err_set(err, ERR_STATE_FILE, 0, "no place to keep the state of containers");

        err_hint(err, "set XDG_RUNTIME_DIR, or say where with --root");
        return r;
    }
    text_add(path, "%s/ocirt", xdg);
    return 0;
}

static int absolute(const char *given, struct text *path)
{
    if (*given != '/') {
        autofree char *cwd = getcwd(NULL, 0);

        if (!cwd)
            return -errno;
        text_add(path, "%s/", cwd);
    }
    text_add(path, "%s", given);
    while (path->n > 1 && path->s[path->n - 1] == '/')
        path->s[--path->n] = '\0';
    return text_result(path);
}

/* ---- open it ----------------------------------------------------------------------------------------- */

/* Makes PATH and what is missing above it.  The last gets MODE; who looks at a parent sees names, no more. */
static int make_directories(char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0;
    if (errno != ENOENT)
        return -errno;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int r;

        *slash = '\0';
        r = mkdir(path, 0711) == 0 || errno == EEXIST ? 0 : -errno;
        *slash = '/';
        if (r < 0)
            return r;
    }
    return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

static int check_ours(int fd, const char *path, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_STATE_FILE, errno, "state directory %s", path);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_STATE_FILE, EPERM, "state directory %s belongs to user %lu, not to us", path,
                       (unsigned long) st.st_uid);
    if (st.st_mode & S_IWOTH)
        return err_set(err, ERR_STATE_FILE, EPERM, "state directory %s may be written to by everybody", path);
    return 0;
}

int host_root_open(const char *given, bool create, char **ret_path, int *ret_fd, struct err *err)
{
    autotext struct text path = { 0 };
    autoclose int fd = -1;
    bool is_xdg = false;
    int r;

    r = given ? absolute(given, &path) : default_root(&path, &is_xdg, err);
    if (r < 0)
        return err_is_set(err) ? r : err_set(err, ERR_STATE_FILE, r, "state directory %s", given);
    if (text_result(&path) < 0)
        return err_nomem(err);
    if (!strcmp(path.s, "/"))
        return err_set(err, ERR_STATE_FILE, 0, "the state directory must not be /");

    fd = sys_openat(AT_FDCWD, path.s, O_RDONLY | O_DIRECTORY, 0);
    if (fd == -ENOENT && create) {
        r = make_directories(path.s, is_xdg ? 01700 : 0700);
        fd = r < 0 ? r : sys_openat(AT_FDCWD, path.s, O_RDONLY | O_DIRECTORY, 0);
    }
    if (fd < 0 && !(fd == -ENOENT && !create))
        return err_set(err, ERR_STATE_FILE, fd, "state directory %s", path.s);
    r = fd < 0 ? 0 : check_ours(fd, path.s, err);
    if (r < 0)
        return r;
    if (ret_path)
        *ret_path = take_ptr(&path.s);
    *ret_fd = fd < 0 ? -1 : take_fd(&fd);
    return 0;
}

/* ---- ids --------------------------------------------------------------------------------------------- */

static bool is_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-");

    return n > 0 && n <= NAME_MAX && !id[n] && *id != '.' && *id != '-';
}

int host_id_check(const char *id, struct err *err)
{
    if (!id || !*id)
        return err_set(err, ERR_CONTAINER_ID, 0, WORDS_EMPTY_ID);
    if (is_id(id))
        return 0;
    /* The id itself is not repeated: it may be long, or hold what a terminal obeys. */
    int r = err_set(err, ERR_CONTAINER_ID, 0, WORDS_INVALID_ID);
    err_hint(err,
             "an id has letters, digits and _+.- only, begins with neither \".\" nor \"-\", and is no longer "
             "than %d bytes",
             NAME_MAX);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static int add_id(struct json_strings *ids, size_t *room, char *id)
{
    if (ids->n == *room) {
        size_t more = *room ? *room * 2 : 64;
        char **v = reallocarray(ids->v, more, sizeof *v);

        if (!v)
            return -ENOMEM;
        ids->v = v;
        *room = more;
    }
    if (!id)
        return -ENOMEM;
    ids->v[ids->n++] = id;
    return 0;
}

static int read_ids(DIR *dir, struct arena *arena, struct json_strings *ids)
{
    const struct dirent *entry;
    size_t room = 0;
    int r = 0;

    while (r == 0 && (errno = 0, entry = readdir(dir)))
        if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && is_id(entry->d_name))
            r = add_id(ids, &room, arena_strdup(arena, entry->d_name));
    return r < 0 ? r : -errno;
}

int host_state_list(int root_fd, struct arena *arena, struct json_strings *ret_ids, struct err *err)
{
    struct json_strings ids = { 0 };
    autoclose int fd = -1;
    DIR *dir;
    int r;

    *ret_ids = ids;
    if (root_fd < 0)
        return 0;
    fd = sys_openat(root_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return err_set(err, ERR_STATE_FILE, fd < 0 ? fd : errno, "list the state directory");
    (void) take_fd(&fd); /* it is the DIR's now */
    r = read_ids(dir, arena, &ids);
    (void) closedir(dir);
    if (r == 0 && ids.n) {
        qsort(ids.v, ids.n, sizeof *ids.v, by_name);
        ret_ids->v = arena_array(arena, ids.n, sizeof *ids.v);
        if (ret_ids->v)
            memcpy(ret_ids->v, ids.v, ids.n * sizeof *ids.v);
        r = ret_ids->v ? 0 : -ENOMEM;
        ret_ids->n = r < 0 ? 0 : ids.n;
    }
    free(ids.v);
    return r < 0 ? err_set(err, ERR_STATE_FILE, r, "list the state directory") : 0;
}
