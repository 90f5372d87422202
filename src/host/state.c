/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state.c - one container's directory: claimed, locked, written, read, removed.
 *
 * state.json is not synced to a disk: it lies on a tmpfs, and no container outlives a reboot.
 */
#include "host/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "host/process.h"
#include "host/words.h"

#define STATE_FILE  "state.json"
#define STATE_NEW   "state.json.new"
#define CONFIG_FILE "config.json"

enum { DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW, REMOVE_DEPTH = 8 };
enum { CLAIM_TIMEOUT = 10 * 1000 }; /* milliseconds */

static int not_found(struct err *err)
{
    err_set(err, ERR_NOT_FOUND, 0, WORDS_NOT_FOUND);
    return -ENOENT;
}

static int exists(struct err *err)
{
    err_set(err, ERR_EXISTS, 0, WORDS_EXISTS);
    return -EEXIST;
}

/* ---- claim, open, lock ------------------------------------------------------------------------------- */

int host_state_claim(int root_fd, const char *id, int *ret_dir_fd, struct err *err)
{
    autoclose int fd = -1;
    int r;

    if (mkdirat(root_fd, id, 0711) < 0) {
        if (errno == EEXIST)
            return exists(err);
        return err_set(err, ERR_STATE_FILE, errno, "make the container's state directory");
    }
    fd = sys_openat(root_fd, id, DIRECTORY_FLAGS, 0);
    r = fd < 0 ? fd : flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (r == -EWOULDBLOCK) { /* a delete, perhaps: then it will be gone */
        r = host_state_lock(fd, true, CLAIM_TIMEOUT, err);
        if (r < 0)
            return r;
    }
    if (r < 0) {
        r = err_set(err, ERR_STATE_FILE, r, "lock the container's state directory");
        (void) unlinkat(root_fd, id, AT_REMOVEDIR); /* another's that is empty, too: that one tries again */
        return r;
    }
    *ret_dir_fd = take_fd(&fd);
    return 0;
}

/* A directory that another user put there must not make us believe things. */
static bool is_ours(int dir_fd)
{
    struct stat st;

    return fstat(dir_fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & S_IWOTH);
}

static int open_directory(int root_fd, const char *id, int *ret_dir_fd, struct err *err)
{
    autoclose int fd = root_fd < 0 ? -ENOENT : sys_openat(root_fd, id, DIRECTORY_FLAGS, 0);

    if (fd == -ENOENT)
        return not_found(err);
    if (fd < 0)
        return err_set(err, ERR_STATE_FILE, fd, "open the container's state directory");
    if (!is_ours(fd))
        return err_set(err, ERR_STATE_FILE, EPERM,
                       "the container's state directory belongs to somebody else");
    *ret_dir_fd = take_fd(&fd);
    return 0;
}

int host_state_lock(int dir_fd, bool exclusive, unsigned timeout_ms, struct err *err)
{
    int operation = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
    struct stat st;

    for (unsigned waited = 0; flock(dir_fd, operation) < 0; waited++) {
        struct timespec ms = { .tv_nsec = 1000000 };

        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_set(err, ERR_STATE_FILE, errno, "lock the container's state directory");
        if (waited >= timeout_ms)
            return err_set(err, ERR_STATE_FILE, ETIMEDOUT, "another command works on this container");
        (void) nanosleep(&ms, NULL);
    }
    if (fstat(dir_fd, &st) < 0)
        return err_set(err, ERR_STATE_FILE, errno, "look at the container's state directory");
    return st.st_nlink == 0 ? not_found(err) : 0;
}

void host_state_unlock(int dir_fd)
{
    (void) flock(dir_fd, LOCK_UN);
}

/* ---- write ------------------------------------------------------------------------------------------- */

static int write_file(int dir_fd, const char *name, int flag, const char *text, size_t n)
{
    autoclose int fd = sys_openat(dir_fd, name, O_WRONLY | O_CREAT | flag | O_NOFOLLOW, 0600);
    ssize_t r = fd < 0 ? fd : sys_write(fd, text, n);

    return r < 0 ? (int) r : 0;
}

int host_state_save(int dir_fd, const struct host_state *state, struct err *err)
{
    struct host_state copy = *state;
    struct json_text text = { 0 };
    int r;

    copy.node = (struct json_node){ .type = &host_state_type };
    copy.format = HOST_STATE_FORMAT;
    r = json_write_text(&copy, JSON_COMPACT, &text);
    if (r == 0)
        r = write_file(dir_fd, STATE_NEW, O_TRUNC, text.v, text.n);
    if (r == 0 && renameat(dir_fd, STATE_NEW, dir_fd, STATE_FILE) < 0)
        r = -errno;
    json_text_free(&text);
    return r < 0 ? err_set(err, ERR_STATE_FILE, r, "write the container's state") : 0;
}

int host_config_save(int dir_fd, const char *text, size_t n, struct err *err)
{
    int r = write_file(dir_fd, CONFIG_FILE, O_EXCL, text, n);

    if (r == -EEXIST)
        return exists(err);
    return r < 0 ? err_set(err, ERR_STATE_FILE, r, "keep a copy of the configuration") : 0;
}

/* ---- read -------------------------------------------------------------------------------------------- */

static int read_file(int dir_fd, const char *name, struct arena *arena, char **ret_text, size_t *ret_n)
{
    autoclose int fd = sys_openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

    return fd < 0 ? fd : json_slurp(fd, arena, ret_text, ret_n);
}

int host_config_load(int dir_fd, struct arena *arena, char **ret_text, size_t *ret_n, struct err *err)
{
    int r = read_file(dir_fd, CONFIG_FILE, arena, ret_text, ret_n);

    return r < 0 ? err_set(err, ERR_STATE_FILE, r, "read the container's copy of its configuration") : 0;
}

static bool is_our_name(const char *name)
{
    static const char *const names[] = { ".", "..", STATE_FILE, STATE_NEW, CONFIG_FILE, HOST_STATE_SOCKET };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

/* For reading its names from the start; NULL with errno. */
static DIR *open_list(int dir_fd)
{
    autoclose int fd = sys_openat(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (fd < 0)
        errno = -fd;
    if (dir)
        (void) take_fd(&fd);
    return dir;
}

/*
 * Without state.json: did a create of ours, or a delete, end before or after it?  Nobody else's file is in
 * it then.
 */
static bool is_leftover(int dir_fd)
{
    DIR *dir = open_list(dir_fd);
    const struct dirent *entry;
    bool ours = dir != NULL;

    while (ours && (entry = readdir(dir)))
        ours = is_our_name(entry->d_name);
    if (dir)
        (void) closedir(dir);
    return ours;
}

static struct host_state *nothing_yet(const char *id, struct arena *arena)
{
    struct host_state *state = json_new(arena, &host_state_type);

    if (!state)
        return NULL;
    state->format = HOST_STATE_FORMAT;
    state->id = arena_strdup(arena, id);
    state->bundle = state->rootfs = state->oci_version = state->created = arena_strdup(arena, "");
    state->owner = geteuid();
    state->creating = true;
    return state->id && state->bundle ? state : NULL;
}

static int spoilt(struct err *err, const char *why)
{
    err_set(err, ERR_STATE_FILE, 0, "the container's state is spoilt: %s", why);
    err_hint(err, "delete --force removes it, but can't end processes of which nothing is known");
    return -EBADMSG;
}

/* Fails with -ENOENT for a file that is a runtime's, but not ours. */
static int parse(const char *id, const char *text, size_t n, struct arena *arena, struct host_state **ret,
                 struct err *err)
{
    struct host_state *state = arena_alloc(arena, sizeof *state);
    struct json_error error;
    int r;

    if (!state)
        return err_nomem(err);
    r = json_read(&host_state_type, state, STATE_FILE, text, n, arena, &error);
    if (r == -ENOMEM)
        return err_nomem(err);
    if (r < 0)
        return spoilt(err, error.text);
    if (!state->format && state->id)
        return not_found(err);
    if (state->format != HOST_STATE_FORMAT)
        return spoilt(err,
                      state->format ? "it was written by another version of ocirt" : "it has no \"ocirt\"");
    if (!state->id || strcmp(state->id, id) || !state->bundle || !state->rootfs || !state->created ||
        !state->oci_version || state->pid < 0)
        return spoilt(err, "it is not about this container, or not complete");
    *ret = state;
    return 0;
}

/* What it is short of is no JSON: one read(2) does for a state of usual size. */
static int read_state(int fd, struct arena *arena, char **ret_text, size_t *ret_n)
{
    char buf[2048];
    ssize_t n = fd < 0 ? fd : pread(fd, buf, sizeof buf, 0);

    if (n < 0)
        return fd < 0 ? fd : -errno;
    if (n == sizeof buf)
        return json_slurp(fd, arena, ret_text, ret_n);
    *ret_text = arena_strndup(arena, buf, (size_t) n);
    *ret_n = (size_t) n;
    return *ret_text ? 0 : -ENOMEM;
}

int host_state_read(int dir_fd, const char *id, struct arena *arena, struct host_state **ret, struct err *err)
{
    char *text;
    size_t n;
    autoclose int fd = sys_openat(dir_fd, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    int r = read_state(fd, arena, &text, &n);

    if (r == -ENOENT && !is_leftover(dir_fd))
        return not_found(err);
    if (r == -ENOENT) {
        *ret = nothing_yet(id, arena);
        return *ret ? 0 : err_nomem(err);
    }
    if (r < 0)
        return err_set(err, ERR_STATE_FILE, r, "read the container's state");
    return parse(id, text, n, arena, ret, err);
}

/* Ours, and it can't have been taken from a directory of ours into another. */
static bool is_our_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 &&
           !(st.st_mode & S_IWOTH);
}

int host_state_peek(int root_fd, const char *id, struct arena *arena, struct host_state **ret_state,
                    struct err *err)
{
    const char *path = arena_printf(arena, "%s/" STATE_FILE, id);
    autoclose int fd = path ? sys_openat2(root_fd, path, O_RDONLY | O_NONBLOCK, 0,
                                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
                            : -ENOMEM;
    char *text;
    size_t n;
    int r = fd >= 0 && !is_our_file(fd) ? -ENOENT : read_state(fd, arena, &text, &n);

    if (r < 0)
        return r == -ENOMEM ? err_nomem(err) : not_found(err);
    return parse(id, text, n, arena, ret_state, err);
}

int host_state_load(int root_fd, const char *id, struct arena *arena, struct host_state **ret_state,
                    int *ret_dir_fd, struct err *err)
{
    autoclose int dir_fd = -1;
    struct host_state *state = NULL;
    int r = host_id_check(id, err);

    if (r == 0)
        r = open_directory(root_fd, id, &dir_fd, err);
    if (r == 0)
        r = host_state_read(dir_fd, id, arena, &state, err);
    if (r < 0)
        return r;
    *ret_state = state;
    if (ret_dir_fd)
        *ret_dir_fd = take_fd(&dir_fd);
    return 0;
}

int host_state_open(int root_fd, const char *id, int *ret_dir_fd, struct err *err)
{
    int r = host_id_check(id, err);

    return r < 0 ? r : open_directory(root_fd, id, ret_dir_fd, err);
}

/* ---- the process ------------------------------------------------------------------------------------- */

static bool is_volatile(int dir_fd)
{
    struct statfs fs;

    return fstatfs(dir_fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

int host_state_identify(struct host_state *state, int dir_fd, int pidfd, int proc_fd, pid_t pid)
{
    char letter;

    state->pid = pid;
    state->start_time = 0;
    state->inode = is_volatile(dir_fd) ? host_process_inode(pidfd) : 0;
    return state->inode ? 0 : procfs_start_time(proc_fd, pid, &state->start_time, &letter);
}

bool host_state_needs_procfs(const struct host_state *state)
{
    return state->pid > 0 && !state->inode;
}

/* A pid alone proves nothing, it may have been used again. */
bool host_state_is_process(const struct host_state *state, int pidfd, int proc_fd)
{
    uint64_t start_time;
    char letter;

    if (state->pid <= 0 || pidfd < 0)
        return false;
    if (state->inode)
        return host_process_is(pidfd, state->inode);
    return procfs_start_time(proc_fd, state->pid, &start_time, &letter) == 0 &&
           start_time == state->start_time;
}

enum oci_status host_state_status(const struct host_state *state, int pidfd, int proc_fd, int dir_fd,
                                  const char *socket)
{
    if (!host_state_is_process(state, pidfd, proc_fd) || host_process_has_ended(pidfd))
        return OCI_STATUS_STOPPED;
    if (state->creating)
        return OCI_STATUS_CREATING;
    return faccessat(dir_fd, socket, F_OK, 0) == 0 ? OCI_STATUS_CREATED : OCI_STATUS_RUNNING;
}

/* ---- remove ------------------------------------------------------------------------------------------ */

static int remove_inside(int dir_fd, unsigned depth);

static int remove_directory(int parent_fd, const char *name, unsigned depth)
{
    autoclose int fd = sys_openat2(parent_fd, name, DIRECTORY_FLAGS, 0,
                                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    int r = fd < 0 ? fd : remove_inside(fd, depth);

    if (r < 0)
        return r;
    return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_entry(int dir_fd, const char *name, unsigned depth)
{
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM) /* EPERM: what POSIX says of directories */
        return -errno;
    return depth ? remove_directory(dir_fd, name, depth - 1) : -ELOOP;
}

static int remove_inside(int dir_fd, unsigned depth)
{
    DIR *dir = open_list(dir_fd);
    const struct dirent *entry;
    int r = 0;

    if (!dir)
        return -errno;
    while (r == 0 && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && strcmp(entry->d_name, STATE_FILE))
            r = remove_entry(dir_fd, entry->d_name, depth);
    if (r == 0)
        r = -errno;
    (void) closedir(dir);
    return r < 0 ? r : remove_entry(dir_fd, STATE_FILE, 0);
}

/* state.json goes last, so that a delete which is killed can be repeated. */
static int remove_known(int root_fd, const char *id, int dir_fd)
{
    static const char *const names[] = { HOST_STATE_SOCKET, CONFIG_FILE, STATE_FILE };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (unlinkat(dir_fd, names[i], 0) < 0 && errno != ENOENT)
            return -errno;
    return unlinkat(root_fd, id, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int host_state_remove(int root_fd, const char *id, struct err *err)
{
    autoclose int fd = root_fd < 0 ? -ENOENT : sys_openat(root_fd, id, DIRECTORY_FLAGS, 0);
    int r;

    if (fd == -ENOENT)
        return 0;
    if (fd < 0)
        return err_set(err, ERR_STATE_FILE, fd, "open the container's state directory");
    if (!is_ours(fd))
        return err_set(err, ERR_STATE_FILE, EPERM,
                       "the container's state directory belongs to somebody else");
    r = remove_known(root_fd, id, fd);
    if (r == -ENOTEMPTY || r == -EEXIST || r == -EISDIR || r == -EPERM)
        r = remove_directory(root_fd, id, REMOVE_DEPTH);
    if (r < 0 && r != -ENOENT)
        return err_set(err, ERR_STATE_FILE, r, "remove the container's state directory");
    return 0;
}

/* ---- what goes into it ------------------------------------------------------------------------------- */

/*
 * The date of a day since 1970-01-01, as gmtime(3) has it; but that reads the file of the local time zone
 * first.  Years begin in March here, so that the leap day is the last: 153 days are five months from then on.
 */
static void civil_day(uint64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    enum { YEARS_400 = 146097, DAYS_BEFORE_1970 = 719468 };
    uint64_t since = days + DAYS_BEFORE_1970, era = since / YEARS_400;
    unsigned of_era = (unsigned) (since % YEARS_400);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (YEARS_400 - 1)) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned march = (5 * of_year + 2) / 153;

    *ret_day = of_year - (153 * march + 2) / 5 + 1;
    *ret_month = march < 10 ? march + 3 : march - 9;
    *ret_year = (unsigned) (era * 400) + year + (*ret_month <= 2);
}

char *host_state_now(struct arena *arena)
{
    enum { DAY = 24 * 60 * 60 };
    struct timespec now;
    unsigned year, month, day, second;

    if (clock_gettime(CLOCK_REALTIME, &now) < 0 || now.tv_sec < 0)
        return NULL;
    civil_day((uint64_t) now.tv_sec / DAY, &year, &month, &day);
    second = (unsigned) ((uint64_t) now.tv_sec % DAY);
    return arena_printf(arena, "%04u-%02u-%02uT%02u:%02u:%02u.%09ldZ", year, month, day, second / 3600,
                        second / 60 % 60, second % 60, now.tv_nsec);
}

char *host_user_name(uid_t uid, struct arena *arena)
{
    FILE *passwd = fopen("/etc/passwd", "re");
    char *line = NULL, *name = NULL;
    size_t room = 0;

    while (passwd && !name && getline(&line, &room, passwd) >= 0) {
        size_t n = strcspn(line, ":");
        unsigned long entry;

        if (n && sscanf(line + n, ":%*[^:]:%lu:", &entry) == 1 && entry == uid)
            name = arena_strndup(arena, line, n);
    }
    free(line);
    if (passwd)
        (void) fclose(passwd);
    return name ? name : arena_printf(arena, "%lu", (unsigned long) uid);
}
