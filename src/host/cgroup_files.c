/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_files.c - reading, writing and awaiting the files of a cgroup's directory.
 *
 * kernfs takes one write(2) as one command, and tells of changes in *.events by POLLPRI.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

int host_cgroup_write_or_missing(int dir_fd, const char *file, const char *value, bool *ret_missing)
{
    autoclose int fd = sys_openat(dir_fd, file, O_WRONLY | O_NOFOLLOW, 0);

    *ret_missing = fd == -ENOENT;
    return fd < 0 ? fd : sys_write_all(fd, value, strlen(value));
}

int host_cgroup_write(int dir_fd, const char *file, const char *value)
{
    bool missing;

    return host_cgroup_write_or_missing(dir_fd, file, value, &missing);
}

ssize_t host_cgroup_read(int dir_fd, const char *file, char *buf, size_t size)
{
    autoclose int fd = sys_openat(dir_fd, file, O_RDONLY | O_NOFOLLOW, 0);
    ssize_t n = fd < 0 ? fd : sys_read(fd, buf, size - 1);

    if (n >= 0)
        buf[n] = '\0';
    return n;
}

int host_cgroup_slurp(int dir_fd, const char *file, struct text *text)
{
    autoclose int fd = sys_openat(dir_fd, file, O_RDONLY | O_NOFOLLOW, 0);
    char buf[4096];
    ssize_t n;

    if (fd < 0)
        return fd;
    while ((n = sys_read(fd, buf, sizeof buf)) > 0)
        text_put(text, buf, (size_t) n);
    return n < 0 ? (int) n : text_result(text);
}

/* The number at S, which ends with a blank or the text; "max" is UINT64_MAX. */
static bool parse_number(const char *s, uint64_t *ret)
{
    size_t n = strcspn(s, " \n");
    char digits[24];

    if (n == 3 && !strncmp(s, "max", 3)) {
        *ret = UINT64_MAX;
        return true;
    }
    if (n >= sizeof digits)
        return false;
    memcpy(digits, s, n);
    digits[n] = '\0';
    return text_parse_u64(digits, UINT64_MAX, ret) == 0;
}

int host_cgroup_read_number(int dir_fd, const char *file, uint64_t *ret)
{
    char buf[64];
    ssize_t n = host_cgroup_read(dir_fd, file, buf, sizeof buf);

    if (n < 0)
        return (int) n;
    return parse_number(buf, ret) ? 0 : -EBADMSG;
}

bool host_cgroup_key(const char *text, const char *key, uint64_t *ret)
{
    size_t n = strlen(key);

    for (const char *s = text; s; s = strchr(s, '\n')) {
        s += *s == '\n';
        if (!strncmp(s, key, n) && s[n] == ' ')
            return parse_number(s + n + 1, ret);
    }
    return false;
}

bool host_cgroup_has_word(const char *text, const char *word)
{
    size_t n, length = strlen(word);

    for (const char *s = text; *s; s += n) {
        s += strspn(s, " \n");
        n = strcspn(s, " \n");
        if (n == length && !strncmp(s, word, n))
            return true;
    }
    return false;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

int64_t host_cgroup_now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int host_cgroup_pause(int *step, int64_t time)
{
    int64_t left = time - host_cgroup_now();

    if (left <= 0)
        return -ETIMEDOUT;
    (void) poll(NULL, 0, left < *step ? (int) left : *step);
    *step = *step < 50 ? *step * 2 : *step;
    return 0;
}

int host_cgroup_await(int dir_fd, const char *key, uint64_t value, int64_t time)
{
    autoclose int fd = sys_openat(dir_fd, "cgroup.events", O_RDONLY | O_NOFOLLOW, 0);
    struct pollfd p = { .fd = fd, .events = POLLPRI };

    if (fd < 0)
        return fd;
    for (;;) {
        char buf[256];
        uint64_t found;
        ssize_t n = pread(fd, buf, sizeof buf - 1, 0);

        if (n < 0)
            return -errno;
        buf[n] = '\0';
        if (!host_cgroup_key(buf, key, &found))
            return -EBADMSG;
        if (found == value)
            return 0;

        int64_t left = time - host_cgroup_now();
        if (left <= 0)
            return -ETIMEDOUT;
        if (poll(&p, 1, (int) left) < 0 && errno != EINTR)
            return -errno;
    }
}
