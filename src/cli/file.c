/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file.c - the files that the command line names: all opening is done here.
 *
 * These paths are the caller's, in the caller's mount namespace; none of them
 * leads into a container.
 */
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define MOST_BYTES ((size_t) 16 << 20)

int cli_file_read_fd(int fd, struct cli_out *text)
{
    char buffer[16384];

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        cli_out_put(text, buffer, (size_t) n);
        if (text->failed)
            return -ENOMEM;
        if (text->n > MOST_BYTES)
            return -EFBIG;
    }
    cli_out_put(text, "", 0); /* an empty file is an empty text */
    if (text->failed)
        return -ENOMEM;
    return strlen(text->s) == text->n ? 0 : -EILSEQ; /* a NUL inside would cut it short */
}

/*
 * Standard input can be read once.  But this program may find out later that another has to do the work
 * (host/library_static.c), which begins by reading the same: so it stays, in a memfd whose end is reached.
 * Where that can't be made, the other program will find nothing and say so.
 */
static void keep_input(const struct cli_out *text)
{
    int fd = isatty(STDIN_FILENO) ? -1 : memfd_create("ocirt-input", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL) /* Linux 6.3 brought MFD_NOEXEC_SEAL */
        fd = memfd_create("ocirt-input", MFD_CLOEXEC);
    if (fd < 0)
        return;
    if (cli_out_send(text, fd) == 0)
        (void) dup2(fd, STDIN_FILENO);
    (void) close(fd);
}

static int read_input(struct cli_out *text)
{
    int r = cli_file_read_fd(STDIN_FILENO, text);

    if (r >= 0)
        keep_input(text);
    return r;
}

int cli_file_read(const char *path, struct cli_out *text)
{
    if (strcmp(path, "-") == 0)
        return read_input(text);
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int r = cli_file_read_fd(fd, text);
    (void) close(fd);
    return r;
}

int cli_file_open_append(const char *path)
{
    /* O_NONBLOCK: a fifo that nobody reads must not keep us. */
    int fd = openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

    return fd < 0 ? -errno : fd;
}

int cli_file_append(const char *path, const struct cli_out *text)
{
    int fd = cli_file_open_append(path);

    if (fd < 0)
        return fd;
    int r = cli_out_send(text, fd);
    (void) close(fd);
    return r;
}

int cli_file_create(const char *dir, const char *name, const struct cli_out *text)
{
    int dir_fd = AT_FDCWD;

    if (dir) {
        dir_fd = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
            return -errno;
    }
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int r = fd < 0 ? -errno : cli_out_send(text, fd);
    if (fd >= 0 && close(fd) < 0 && r == 0)
        r = -errno; /* a full disk of NFS tells only now */
    if (fd >= 0 && r < 0)
        (void) unlinkat(dir_fd, name, 0);
    if (dir_fd >= 0)
        (void) close(dir_fd);
    return r;
}

void cli_file_fill_standard(void)
{
    struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

    if (poll(fds, 3, 0) <= 0)
        return;
    for (int i = 0; i < 3; i++) {
        /* The lowest free number is this one: those below are open by now. */
        if (fds[i].revents & POLLNVAL)
            (void) openat(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY);
    }
}
