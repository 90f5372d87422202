/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_cache.c - seccomp programs, kept with everything that they were made from.
 *
 * A file: struct header, the key, the program.  It is written under another name
 * and renamed; one that is cut short, foreign or writable by others is as if it
 * were not there.
 */
#include "host/seccomp_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/seccomp.h"

enum { CACHE_MAGIC = 0x6f637301, CACHE_FILES_MAX = 64, KEY_SIZE_MAX = 1 << 20 };

struct header {
    uint32_t magic, key_size;
    uint64_t n;   /* instructions */
    uint64_t sum; /* of the instructions */
};

struct name {
    char s[32];
};

/* FNV-1a, on 8 bytes at a time where there are so many. */
static uint64_t hash(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325), word;

    for (; size >= sizeof word; p += sizeof word, size -= sizeof word) {
        memcpy(&word, p, sizeof word);
        h = (h ^ word) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
    }
    for (; size; p++, size--)
        h = (h ^ *p) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

static struct name name_of(const void *key, size_t key_size)
{
    struct name name;

    (void) snprintf(name.s, sizeof name.s, "%016llx", (unsigned long long) hash(key, key_size));
    return name;
}

static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int host_seccomp_cache_open(int root_fd)
{
    static const char name[] = ".seccomp";
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    autoclose int fd = sys_openat(root_fd, name, flags, 0);
    struct stat st;

    if (fd == -ENOENT) {
        if (mkdirat(root_fd, name, 0700) < 0 && errno != EEXIST)
            return -errno;
        fd = sys_openat(root_fd, name, flags, 0);
    }
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    return is_ours(&st) ? take_fd(&fd) : -EPERM;
}

/* ---- load ---------------------------------------------------------------------------------------------- */

static bool fits(const struct header *header, size_t file_size, size_t key_size)
{
    return header->magic == CACHE_MAGIC && header->key_size == key_size && header->n > 0 &&
           header->n <= BPF_MAXINSNS &&
           file_size == sizeof *header + key_size + (size_t) header->n * sizeof(struct sock_filter);
}

/* CONTENT is the whole file, which is as long as the header says. */
static int take_program(const char *content, const struct header *header, const void *key,
                        struct sock_filter **ret_program, size_t *ret_n)
{
    const char *program = content + sizeof *header + header->key_size;
    size_t size = (size_t) header->n * sizeof(struct sock_filter);
    struct sock_filter *copy;

    if (memcmp(content + sizeof *header, key, header->key_size) != 0 || hash(program, size) != header->sum)
        return -ENOENT;
    copy = malloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, program, size);
    *ret_program = copy;
    *ret_n = (size_t) header->n;
    return 0;
}

int host_seccomp_cache_load(int cache_fd, const void *key, size_t key_size, struct sock_filter **ret_program,
                            size_t *ret_n)
{
    const struct name name = name_of(key, key_size);
    autoclose int fd = sys_openat(cache_fd, name.s, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    autofree char *content = NULL;
    struct header header;
    struct stat st;
    ssize_t size;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || !is_ours(&st) || st.st_size < (off_t) sizeof header ||
        st.st_size > (off_t) (sizeof header + KEY_SIZE_MAX + BPF_MAXINSNS * sizeof(struct sock_filter)))
        return -ENOENT;
    content = malloc((size_t) st.st_size);
    if (!content)
        return -ENOMEM;
    size = sys_read(fd, content, (size_t) st.st_size);
    if (size < 0)
        return (int) size;
    if (size != st.st_size)
        return -ENOENT;
    memcpy(&header, content, sizeof header);
    return fits(&header, (size_t) size, key_size) ? take_program(content, &header, key, ret_program, ret_n)
                                                  : -ENOENT;
}

/* ---- store --------------------------------------------------------------------------------------------- */

static bool is_older(int cache_fd, const char *name, struct timespec *oldest)
{
    struct stat st;

    if (fstatat(cache_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (st.st_mtim.tv_sec > oldest->tv_sec ||
        (st.st_mtim.tv_sec == oldest->tv_sec && st.st_mtim.tv_nsec >= oldest->tv_nsec))
        return false;
    *oldest = st.st_mtim;
    return true;
}

/* Also what an interrupted store left behind grows old and goes this way. */
static void forget_oldest(int cache_fd)
{
    int fd = sys_openat(cache_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct timespec oldest = { .tv_sec = INT32_MAX };
    struct name name = { "" };
    struct dirent *entry;
    size_t n = 0;

    if (!directory) {
        if (fd >= 0)
            (void) close(fd);
        return;
    }
    while ((entry = readdir(directory))) {
        size_t size = strlen(entry->d_name) + 1;

        if (entry->d_name[0] == '.' || size > sizeof name.s)
            continue;
        n++;
        if (is_older(cache_fd, entry->d_name, &oldest))
            memcpy(name.s, entry->d_name, size);
    }
    (void) closedir(directory);
    if (n > CACHE_FILES_MAX && name.s[0])
        (void) unlinkat(cache_fd, name.s, 0);
}

static int write_file(int fd, const struct header *header, const void *key, const struct sock_filter *program)
{
    const struct {
        const void *bytes;
        size_t size;
    } parts[] = {
        { header, sizeof *header },
        { key, header->key_size },
        { program, (size_t) header->n * sizeof *program },
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ssize_t r = sys_write(fd, parts[i].bytes, parts[i].size);

        if (r != (ssize_t) parts[i].size)
            return r < 0 ? (int) r : -ENOSPC;
    }
    return 0;
}

int host_seccomp_cache_store(int cache_fd, const void *key, size_t key_size,
                             const struct sock_filter *program, size_t n)
{
    const struct name name = name_of(key, key_size);
    struct header header = { .magic = CACHE_MAGIC, .n = n, .sum = hash(program, n * sizeof *program) };
    autoclose int fd = -EBADF;
    struct name temporary;
    int r;

    if (key_size > KEY_SIZE_MAX)
        return -E2BIG;
    header.key_size = (uint32_t) key_size;
    (void) snprintf(temporary.s, sizeof temporary.s, "new-%d",
                    gettid());                 /* of this thread: others may store the same */
    (void) unlinkat(cache_fd, temporary.s, 0); /* of one that had our id */
    fd = sys_openat(cache_fd, temporary.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fd;
    r = write_file(fd, &header, key, program);
    if (r == 0 && renameat(cache_fd, temporary.s, cache_fd, name.s) < 0)
        r = -errno;
    if (r < 0)
        (void) unlinkat(cache_fd, temporary.s, 0);
    else
        forget_oldest(cache_fd);
    return r;
}
