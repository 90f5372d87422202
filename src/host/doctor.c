/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.c - gather facts about the host: what all parts of that need, and what is neither the kernel's nor
 * the caller's.
 */
#include "host/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/consents.h"
#include "host/criu.h"
#include "host/state.h"

/* ---- shared -------------------------------------------------------------------------------------------- */

char *host_doctor_keep(struct host_doctor *d, const char *s)
{
    char *copy = s ? arena_strdup(d->arena, s) : NULL;

    d->failed |= s && !copy;
    return copy;
}

int64_t host_doctor_sysctl(struct host_doctor *d, const char *name)
{
    char path[128], buf[32];
    uint64_t value;
    ssize_t n;

    (void) snprintf(path, sizeof path, "sys/%s", name);
    n = procfs_read(d->proc_fd, path, buf, sizeof buf);
    if (n <= 0)
        return -1;
    buf[strcspn(buf, "\n")] = '\0';
    return text_parse_u64(buf, INT64_MAX, &value) < 0 ? -1 : (int64_t) value;
}

char *host_doctor_text(struct host_doctor *d, int dir_fd, const char *path)
{
    autoclose int fd = sys_openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    char *text;
    size_t n;

    if (fd < 0 || json_slurp(fd, d->arena, &text, &n) < 0)
        return NULL;
    while (n && text[n - 1] == '\n')
        text[--n] = '\0';
    return text;
}

void host_doctor_words(struct host_doctor *d, char *text, const char *separators, struct json_strings *list)
{
    char *save = NULL, **v;

    if (!text)
        return;
    v = arena_array(d->arena, list->n + strlen(text) / 2 + 1, sizeof *v);
    if (!v) {
        d->failed = true;
        return;
    }
    if (list->n)
        memcpy(v, list->v, list->n * sizeof *v);
    list->v = v;
    for (char *word = strtok_r(text, separators, &save); word; word = strtok_r(NULL, separators, &save))
        v[list->n++] = word;
}

bool host_doctor_at_least(const struct host_doctor *d, unsigned major, unsigned minor)
{
    unsigned a, b;

    return sscanf(d->facts->kernel->release, "%u.%u", &a, &b) == 2 &&
           (a > major || (a == major && b >= minor));
}

static bool exists(const char *path)
{
    autoclose int fd = sys_openat(AT_FDCWD, path, O_PATH, 0);

    return fd >= 0;
}

/* ---- security modules, programs, limits ---------------------------------------------------------------- */

static void look_at_lsms(struct host_doctor *d)
{
    struct json_strings *lsms = &d->facts->host->lsms;
    char *text = host_doctor_text(d, AT_FDCWD, "/sys/kernel/security/lsm");

    if (text) {
        host_doctor_words(d, text, ",", lsms);
        return;
    }
    /* securityfs is not mounted: those that show elsewhere that they are active. */
    text = host_doctor_text(d, AT_FDCWD, "/sys/module/apparmor/parameters/enabled");
    if (text && *text == 'Y')
        host_doctor_words(d, host_doctor_keep(d, "apparmor"), ",", lsms);
    if (exists("/sys/fs/selinux/enforce"))
        host_doctor_words(d, host_doctor_keep(d, "selinux"), ",", lsms);
}

/* CRIU and its library: the program itself tells its version. */
static void look_at_criu(struct host_doctor *d)
{
    struct doctor_host *h = d->facts->host;
    autotext struct text program = { 0 };
    struct host_criu criu = { .opts = NULL };
    struct err err = { 0 };

    if (host_criu_find(&program))
        h->criu = host_doctor_keep(d, text_string(&program));
    if (!h->criu)
        return;
    if (host_criu_need(&err) >= 0 && host_criu_open(&criu, &err) >= 0)
        h->criu_version = criu.version;
    h->criu_why = host_doctor_keep(d, err.text);
    err_done(&err);
    host_criu_close(&criu);
}

static void look_at_limits(struct host_doctor *d)
{
    struct doctor_host *h = d->facts->host;

    h->pid_max = host_doctor_sysctl(d, "kernel/pid_max");
    h->max_map_count = host_doctor_sysctl(d, "vm/max_map_count");
    h->inotify_instances = host_doctor_sysctl(d, "fs/inotify/max_user_instances");
    h->inotify_watches = host_doctor_sysctl(d, "fs/inotify/max_user_watches");
    h->keys = host_doctor_sysctl(d, "kernel/keys/maxkeys");
    h->ptys = host_doctor_sysctl(d, "kernel/pty/max");
}

/* ---- the state root ------------------------------------------------------------------------------------ */

static const struct {
    uint32_t magic;
    const char *name;
} filesystems[] = {
    { TMPFS_MAGIC, "tmpfs" },     { 0x858458f6, "ramfs" },      { OVERLAYFS_SUPER_MAGIC, "overlay" },
    { EXT4_SUPER_MAGIC, "ext4" }, { XFS_SUPER_MAGIC, "xfs" },   { BTRFS_SUPER_MAGIC, "btrfs" },
    { NFS_SUPER_MAGIC, "nfs" },   { FUSE_SUPER_MAGIC, "fuse" }, { F2FS_SUPER_MAGIC, "f2fs" },
};

static void describe_filesystem(struct host_doctor *d, int fd)
{
    struct doctor_host *h = d->facts->host;
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return;
    for (size_t i = 0; i < sizeof filesystems / sizeof *filesystems; i++)
        if ((uint32_t) fs.f_type == filesystems[i].magic)
            h->state_root_fs = host_doctor_keep(d, filesystems[i].name);
    if (!h->state_root_fs)
        h->state_root_fs = arena_printf(d->arena, "a filesystem of type 0x%lx", (unsigned long) fs.f_type);
    h->state_root_noexec = fs.f_flags & ST_NOEXEC;
    h->state_root_nosuid = fs.f_flags & ST_NOSUID;
}

/*
 * Opens PATH, which is changed, or the nearest directory above it that is there: where the rest would be
 * made.
 */
static int open_nearest(char *path)
{
    for (;;) {
        int fd = sys_openat(AT_FDCWD, *path ? path : "/", O_PATH | O_DIRECTORY, 0);
        char *slash = strrchr(path, '/');

        if (fd != -ENOENT || !slash)
            return fd;
        *slash = '\0';
    }
}

static void look_at_state_root(struct host_doctor *d)
{
    struct doctor_host *h = d->facts->host;
    autoclose int root_fd = -EBADF, fd = -EBADF;
    autofree char *path = NULL;
    struct err err = { 0 };
    int r = host_root_open(d->state_root, false, &path, &root_fd, &err);

    h->state_root = host_doctor_keep(d, path ? path : d->state_root ? d->state_root : "the default");
    h->state_root_why = host_doctor_keep(d, err.text);
    err_done(&err);
    fd = r < 0 ? r : open_nearest(path);
    if (fd < 0) {
        h->state_root_errno = -fd;
        return;
    }
    h->state_root_errno = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
    describe_filesystem(d, fd);
}

static void look_at_consents(struct host_doctor *d)
{
    struct plan_consents consents;

    if (host_consents_load(d->host, d->arena, &consents) < 0) {
        d->failed = true;
        return;
    }
    d->facts->host->consents = consents.allowed;
    d->facts->host->consents_fault = (char *) (uintptr_t) consents.fault;
}

int host_doctor_facts(const struct plan_facts *host, int proc_fd, const char *state_root, struct arena *arena,
                      struct doctor_facts *facts)
{
    /* First those for which a static program becomes the full one, which begins anew. */
    void (*const parts[])(struct host_doctor *) = {
        host_doctor_systemd, look_at_criu,   host_doctor_kernel, host_doctor_cgroup, host_doctor_caller,
        look_at_lsms,        look_at_limits, look_at_state_root, look_at_consents,
    };
    struct host_doctor d = {
        .host = host, .proc_fd = proc_fd, .state_root = state_root, .arena = arena, .facts = facts
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        parts[i](&d);
    return d.failed ? -ENOMEM : 0;
}
