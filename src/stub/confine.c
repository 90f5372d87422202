/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confine.c - labels of AppArmor and SELinux, no_new_privs, seccomp.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "stub/run.h"
#include "stub/sys.h"

/*
 * "self/attr/exec" -> "123/attr/exec": without a symlink on the way, the procfs can be held to
 * RESOLVE_NO_SYMLINKS.
 */
static int own_path(const struct stub *s, const char *path, char *buf, size_t size)
{
    static const char self[] = "self";
    size_t n = 0;

    for (const char *p = s->pid; *p && n < size; p++)
        buf[n++] = *p;
    for (const char *p = path + sizeof self - 1; n < size; p++) {
        buf[n++] = *p;
        if (!*p)
            return 0;
    }
    return -ENAMETOOLONG;
}

/*
 * /proc/self/attr/... belongs to the memory that opened it, so the stub does that itself, in the runtime's
 * private procfs, where the container can mount nothing (CVE-2019-16884, CVE-2025-52881).
 */
static int open_attribute(const struct stub *s, struct stub_span path)
{
    struct open_how how = {
        .flags = O_RDWR | O_CLOEXEC,
        .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
    };
    char buf[128];
    int r = own_path(s, stub_data(s, path), buf, sizeof buf);
    int tries = 16;

    if (r < 0)
        return r;
    do
        r = (int) sys_call(__NR_openat2, s->config->proc_fd, buf, &how, sizeof how, 0);
    while (r == -EAGAIN && --tries);
    return r;
}

/* The file is empty, or not readable, while no label waits for the next execve(2). */
static int is_in_force(int fd)
{
    char byte;
    long r = sys_call(__NR_lseek, fd, 0, 0, 0, 0);

    if (r >= 0)
        r = sys_read(fd, &byte, 1);
    return r == 1 ? 0 : -ENODATA;
}

static int write_label(const struct stub *s, const struct stub_label *label)
{
    int fd = open_attribute(s, label->path);
    long r;

    if (fd == -ENOENT && label->fallback.size)
        fd = open_attribute(s, label->fallback);
    if (fd < 0)
        return fd;
    r = sys_write(fd, stub_data(s, label->text), label->text.size);
    if (r >= 0)
        r = r == (long) label->text.size ? is_in_force(fd) : -EIO;
    sys_close(fd);
    return (int) r;
}

int confine_label(struct stub *s)
{
    const struct stub_label *label = stub_data(s, s->config->labels), *end = stub_end(s, s->config->labels);

    for (; label < end; label++, s->item++) {
        int r = write_label(s, label);

        if (r < 0)
            return r;
    }
    if (s->config->proc_fd >= 0)
        sys_close(s->config->proc_fd);
    return 0;
}

int confine_no_new_privs(struct stub *s)
{
    return stub_has(s, STUB_NO_NEW_PRIVS) ? (int) sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0) : 0;
}

static int load_filter(struct stub *s)
{
    struct {
        unsigned short n;
        const void *filter;
    } program = {
        /* struct sock_fprog */
        .n = (unsigned short) (s->config->seccomp.size / 8),
        .filter = stub_data(s, s->config->seccomp),
    };

    if (stub_has(s, STUB_SECCOMP_NOTIFY))
        return notify_load(s, &program);
    return (int) sys_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, s->config->seccomp_flags, &program);
}

int confine_seccomp_first(struct stub *s)
{
    return stub_has(s, STUB_SECCOMP) && stub_has(s, STUB_FILTER_FIRST) ? load_filter(s) : 0;
}

int confine_seccomp(struct stub *s)
{
    return stub_has(s, STUB_SECCOMP) && !stub_has(s, STUB_FILTER_FIRST) ? load_filter(s) : 0;
}
