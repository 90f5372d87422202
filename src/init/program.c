/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program.c - working directory, home, and which file is the program.
 *
 * Looked up here, at create, so that a missing program is an error of create
 * (Podman, Docker and Buildah take their exit codes 126 and 127 from its text).
 * The stub executes the path that was found.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "init/init.h"

/* A directory that is missing is made, as by runc and crun. */
int init_cwd(struct init *init)
{
    if (!init->process)
        return 0;
    autoclose int fd = path_make_dir(init->root_fd, init->process->cwd, 0755);
    return fd < 0 ? fd : 0;
}

/* ---- HOME ---------------------------------------------------------------------------------------------- */

/* The N-th field, from 0, of a line of passwd(5) that ends at END. */
static const char *field(const char *line, const char *end, unsigned n, size_t *ret_length)
{
    for (; n; n--) {
        line = memchr(line, ':', (size_t) (end - line));
        if (!line)
            return NULL;
        line++;
    }
    const char *stop = memchr(line, ':', (size_t) (end - line));
    *ret_length = (size_t) ((stop ? stop : end) - line);
    return line;
}

static bool is_number(const char *s, size_t n, uint32_t value)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9' || v > UINT32_MAX)
            return false;
        v = v * 10 + (uint64_t) (s[i] - '0');
    }
    return n && v == value;
}

/* The home directory of UID in the text of a passwd file, put behind "HOME=" in BUF. */
static bool find_home(const char *text, size_t size, uint32_t uid, char *buf, size_t room)
{
    const char *end = text + size;

    for (const char *line = text; line < end;) {
        const char *eol = memchr(line, '\n', (size_t) (end - line));
        size_t n, length;
        const char *id, *home;

        eol = eol ? eol : end;
        id = field(line, eol, 2, &n);
        home = field(line, eol, 5, &length);
        if (id && home && is_number(id, n, uid) && length && length < room && !memchr(home, '\0', length)) {
            memcpy(buf, home, length);
            buf[length] = '\0';
            return true;
        }
        line = eol + 1;
    }
    return false;
}

/*
 * A passwd that is a fifo, a device or huge must not hold us up: only the first 64 KiB of a regular file
 * count.
 */
static void set_home(struct init *init)
{
    static char home[512] = "HOME=";
    static char text[65536];
    struct plan_process *p = init->process;
    autoclose int fd = path_open(init->root_fd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    ssize_t n = 0;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = sys_read(fd, text, sizeof text);
    if (n <= 0 || !find_home(text, (size_t) n, p->uid, home + 5, sizeof home - 5))
        memcpy(home + 5, "/", 2);
    p->envp[p->n_env] = home;
    p->envp[p->n_env + 1] = NULL;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static char path_buf[4096]; /* PATH_MAX: the kernel executes no longer path */

/* path_buf = DIRECTORY/NAME, or NAME if that is absolute; no directory means the working directory. */
static int join(const struct init *init, const char *directory, size_t n, const char *name)
{
    size_t length = strlen(name), at = 0, cwd = strlen(init->process->cwd);
    bool relative = name[0] != '/' && (n == 0 || directory[0] != '/');

    if ((relative ? cwd + 1 : 0) + n + 1 + length + 1 > sizeof path_buf)
        return -ENAMETOOLONG;
    if (relative) {
        memcpy(path_buf, init->process->cwd, cwd);
        at = cwd;
        path_buf[at++] = '/';
    }
    memcpy(path_buf + at, directory, n);
    at += n;
    if (at && path_buf[at - 1] != '/' && name[0] != '/')
        path_buf[at++] = '/';
    memcpy(path_buf + at, name, length + 1);
    return 0;
}

/* Could PATH be executed?  Whether this very user may is for the kernel to say, at start. */
static int check(struct init *init, const char *path)
{
    autoclose int fd = path_open(init->root_fd, path, O_PATH);
    struct stat st;

    init_say(init, path, strlen(path));
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -EACCES;
}

/* As execvp(3): what may not be executed is passed over, and told only if nothing better comes. */
static int search(struct init *init, const char *name)
{
    int found = -ENOENT;

    for (const char *p = init->process->search_path;; p++) {
        size_t n = strcspn(p, ":");
        int r = join(init, p, n, name);

        if (r >= 0)
            r = check(init, path_buf);
        if (r >= 0)
            return 0;
        if (r == -EACCES)
            found = r;
        p += n;
        if (!*p)
            return found;
    }
}

int init_program(struct init *init)
{
    struct plan_process *p = init->process;
    const char *name;
    int r;

    if (!p)
        return 0;
    if (!p->has_home)
        set_home(init);
    name = p->argv[0];
    if (strchr(name, '/')) {
        r = join(init, name, 0, name);
        r = r < 0 ? r : check(init, path_buf);
    } else {
        r = search(init, name);
        init->item = 1; /* it was looked for in PATH */
    }
    if (r >= 0) {
        init->program = path_buf;
        init->text_size = 0;
    }
    return r;
}
