/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * library_static.c - what the static program has in place of library.c: it becomes the full program.
 *
 * glibc's dlopen in a static program wants the very glibc that it was linked with, and musl's does nothing.
 */
#include "host/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"

/* The directory that this program is in, with the "/" at its end. */
static int own_directory(struct text *ret)
{
    enum { ROOM = 4096 }; /* the kernel tells no longer path */
    autofree char *path = malloc(ROOM);
    ssize_t n = path ? readlinkat(AT_FDCWD, "/proc/self/exe", path, ROOM) : -1;

    if (n < 0)
        return path ? -errno : -ENOMEM;
    while (n > 0 && path[n - 1] != '/')
        n--;
    text_put(ret, path, (size_t) n);
    return text_result(ret);
}

/*
 * A build tree has it beside the static program; but who put it there may be anybody if the directory is
 * everybody's: only the owner of the program that already runs is trusted with what runs in its place.
 */
static bool is_ours(const char *path)
{
    autoclose int self_fd = sys_openat(AT_FDCWD, "/proc/self/exe", O_PATH, 0);
    autoclose int fd = sys_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW, 0);
    struct stat self, st;

    return self_fd >= 0 && fd >= 0 && fstat(self_fd, &self) == 0 && fstat(fd, &st) == 0 &&
           S_ISREG(st.st_mode) && st.st_uid == self.st_uid && !(st.st_mode & S_IWOTH);
}

static int read_arguments(struct text *ret)
{
    autoclose int fd = sys_openat(AT_FDCWD, "/proc/self/cmdline", O_RDONLY, 0);
    char buf[1024];
    ssize_t n = fd;

    while (n >= 0) {
        n = sys_read(fd, buf, sizeof buf);
        if (n == 0)
            return text_result(ret);
        if (n > 0)
            text_put(ret, buf, (size_t) n);
    }
    return (int) n;
}

/* The arguments of this program, each with a NUL behind, as the array that execve(2) wants. */
static int split(struct text *arguments, char ***ret)
{
    char **v, *s = arguments->s, *end = s + arguments->n;
    size_t n = 0;

    for (const char *p = s; p < end; p++)
        n += *p == '\0';
    if (n == 0)
        return -EINVAL;
    v = calloc(n + 1, sizeof *v);
    if (!v)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++, s += strlen(s) + 1)
        v[i] = s;
    *ret = v;
    return 0;
}

/*
 * What the command has read from standard input is in a memfd of that name now (cli/file.c): it is read once
 * more.
 */
static void rewind_input(void)
{
    static const char kept[] = "/memfd:ocirt-input (deleted)";
    char name[sizeof kept];

    if (readlinkat(AT_FDCWD, "/proc/self/fd/0", name, sizeof name) == sizeof kept - 1 &&
        !memcmp(name, kept, sizeof kept - 1))
        (void) lseek(STDIN_FILENO, 0, SEEK_SET);
}

/* Returns only if that fails. */
static int execute(const char *path)
{
    autotext struct text arguments = { 0 };
    autofree char **argv = NULL;
    int r = read_arguments(&arguments);

    if (r >= 0)
        r = split(&arguments, &argv);
    if (r < 0)
        return r;
    rewind_input();
    (void) execve(path, argv, environ);
    return -errno;
}

int host_library_need(const char *feature, struct err *err)
{
    static const char installed[] = OCIRT_FULL_PATH;
    autotext struct text beside = { 0 };
    int r = own_directory(&beside);

    if (r >= 0) {
        text_add(&beside, "ocirt-full");
        r = text_result(&beside);
    }
    if (r < 0)
        return err_set(err, ERR_IO, r, "find out where this program is");
    r = is_ours(text_string(&beside)) ? execute(text_string(&beside)) : -ENOENT;
    if (r == -ENOENT)
        r = execute(installed);
    r = err_set(err, ERR_UNSUPPORTED, r, "for %s the program %s is needed", feature, installed);
    err_hint(
        err,
        "this ocirt is a static program, which can load no library: install ocirt-full of the same build "
        "there (`make install` does), or beside it");
    return r;
}

void *host_library_open(const char *soname, const char **ret_why)
{
    (void) soname;
    *ret_why = "a static program can load no library";
    return NULL;
}

void *host_library_function(void *library, const char *name)
{
    (void) library, (void) name;
    return NULL;
}
