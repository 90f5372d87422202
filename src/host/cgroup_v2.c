/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_v2.c - make a cgroup on v2 with the controllers it needs.
 *
 * A controller is there for a cgroup if cgroup.subtree_control of its parent has it, which in turn must have
 * it from its own parent: so the way goes down from the mount point.  Three controllers are enabled for
 * everybody who can have them, since engines show their statistics of containers without limits; the others
 * cost something and are enabled for who has a limit.  A container that gets the cgroup as its own (systemd
 * in it) gets them all.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char *const for_statistics[] = { "memory", "pids", "io" };
enum { N_FOR_STATISTICS = sizeof for_statistics / sizeof *for_statistics };

enum { WORDS_MAX = 1024 }; /* of the two files that list controllers: each of the kernel's is there once */

struct enable {
    const struct host_cgroup *cg;
    const struct plan_cgroup_writes *writes;
    bool all;
    struct err *err;
};

/* ---- which --------------------------------------------------------------------------------------------- */

/* The first write that needs a controller which is not among WORDS; NULL if there is none. */
static const struct plan_cgroup_write *lacking(const struct enable *e, const char *words)
{
    for (size_t i = 0; e->writes && i < e->writes->n; i++) {
        const struct plan_cgroup_write *w = &e->writes->v[i];

        if (w->controller && !w->optional && !host_cgroup_has_word(words, w->controller))
            return w;
    }
    return NULL;
}

static void add_controller(struct text *list, const char *controller, const char *enabled)
{
    autotext struct text plus = { 0 };

    text_add(&plus, "+%s", controller);
    if (!host_cgroup_has_word(enabled, controller) &&
        !host_cgroup_has_word(text_string(list), text_string(&plus)))
        text_add(list, "%s%s", list->n ? " " : "", text_string(&plus));
}

/* "+cpu +memory": needed and not enabled. */
static void list_needed(const struct enable *e, const char *enabled, struct text *list)
{
    for (size_t i = 0; e->writes && i < e->writes->n; i++) {
        const struct plan_cgroup_write *w = &e->writes->v[i];

        if (w->controller && !w->optional)
            add_controller(list, w->controller, enabled);
    }
}

static bool wants_more(const struct enable *e, const char *enabled)
{
    bool more = e->all;

    for (size_t i = 0; i < N_FOR_STATISTICS; i++)
        more |= !host_cgroup_has_word(enabled, for_statistics[i]);
    return more;
}

static void list_wanted(const struct enable *e, const char *enabled, const char *available, struct text *list)
{
    for (size_t i = 0; i < N_FOR_STATISTICS; i++)
        if (host_cgroup_has_word(available, for_statistics[i]))
            add_controller(list, for_statistics[i], enabled);
    for (const char *s = available; e->all && *s;) {
        size_t n = strcspn(s, " \n");
        autotext struct text word = { 0 };

        text_add(&word, "%.*s", (int) n, s);
        if (n)
            add_controller(list, text_string(&word), enabled);
        s += n + (s[n] != '\0');
    }
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static int not_available(const struct enable *e, const struct plan_cgroup_write *w, const char *available,
                         const char *path, size_t length)
{
    int r = CGROUP_FAIL(e->err, w, 0,
                        "the requested cgroup controller \"%s\" is not available in the cgroup %.*s%s",
                        w->controller, (int) length, path, length ? "" : "/");

    if (length)
        err_hint(e->err,
                 "it has %s; if systemd made it, Delegate=yes in the unit gives it all "
                 "(systemd.resource-control(5))",
                 *available ? available : "none");
    else
        err_hint(
            e->err,
            "the kernel has %s; see cgroup_disable= on its command line, and whether a cgroup v1 hierarchy "
            "holds the controller (/proc/cgroups)",
            *available ? available : "none");
    return r;
}

static int not_enabled(const struct enable *e, const struct plan_cgroup_write *w, int error, const char *list,
                       const char *path, size_t length)
{
    int r = CGROUP_FAIL(e->err, w, error, "enable the cgroup controllers \"%s\" in %.*s%s", list,
                        (int) length, path, length ? "" : "/");

    if (error == -EBUSY)
        err_hint(e->err,
                 "that cgroup has processes of its own, and v2 gives controllers only to cgroups below one "
                 "without: move them, or choose another cgroupsPath");
    else if (error == -EACCES || error == -EPERM)
        err_hint(
            e->err,
            "the cgroup belongs to another user: it has to be delegated (Delegate=yes in the systemd unit), "
            "or the systemd cgroup manager be used");
    else if (error == -EROFS)
        err_hint(e->err,
                 "cgroups are mounted read-only here, as in a container: mount them writable, or run with "
                 "--cgroup-manager disabled");
    else if (error == -EINVAL)
        err_hint(e->err,
                 "realtime processes below it (chrt -p) keep the cpu controller off where the kernel has "
                 "CONFIG_RT_GROUP_SCHED");
    else if (error == -EOPNOTSUPP)
        err_hint(
            e->err,
            "the cgroup is threaded or invalid (cgroup.type), where only thread controllers can be enabled");
    else if (error == -ENOENT)
        err_hint(e->err, "its parent does not have the controller");
    return r;
}

/* ---- one level ----------------------------------------------------------------------------------------- */

static int write_list(int fd, const struct text *needed, const struct text *wanted)
{
    autotext struct text both = { 0 };
    int r;

    if (!needed->n && !wanted->n)
        return 0;
    text_add(&both, "%s%s%s", text_string(needed), needed->n && wanted->n ? " " : "", text_string(wanted));
    if (text_result(needed) < 0 || text_result(wanted) < 0 || text_result(&both) < 0)
        return -ENOMEM;
    r = host_cgroup_write(fd, "cgroup.subtree_control", text_string(&both));
    /* The write is all or nothing; what is only wanted must not spoil it. */
    if (r < 0 && wanted->n)
        r = needed->n ? host_cgroup_write(fd, "cgroup.subtree_control", text_string(needed)) : 0;
    return r;
}

/* Lets the children of the cgroup FD, which is the first LENGTH bytes of PATH, have the controllers. */
static int enable_level(void *context, int fd, const char *path, size_t length)
{
    const struct enable *e = context;
    char enabled[WORDS_MAX], available[WORDS_MAX] = "";
    autotext struct text needed = { 0 }, wanted = { 0 };
    const struct plan_cgroup_write *w;
    ssize_t n = host_cgroup_read(fd, "cgroup.subtree_control", enabled, sizeof enabled);

    if (n == -ENOENT || n == -ENODEV)
        return (int) n; /* it was removed: see host_cgroup_dir_make() */
    if (n < 0)
        return err_set(e->err, ERR_CGROUP, (int) n, "read cgroup.subtree_control of the cgroup %.*s%s",
                       (int) length, path, length ? "" : "/");
    w = lacking(e, enabled);
    if (!w && !wants_more(e, enabled))
        return 0;
    n = host_cgroup_read(fd, "cgroup.controllers", available, sizeof available);
    if (n > 0)
        available[n - 1] = '\0';
    if (w && lacking(e, available))
        return not_available(e, lacking(e, available), available, path, length);
    list_needed(e, enabled, &needed);
    list_wanted(e, enabled, available, &wanted);
    int r = write_list(fd, &needed, &wanted);
    if (r == -ENODEV)
        return r;
    return r < 0 && w ? not_enabled(e, w, r, text_string(&needed), path, length) : 0;
}

/* ---- the cgroup ---------------------------------------------------------------------------------------- */

/* Must not have processes or be frozen: a process would wait for ever in a frozen one. */
static int check(const struct host_cgroup *cg, const struct host_cgroup_dir *dir, struct err *err)
{
    char buf[256];
    uint64_t populated = 0, frozen = 0;
    ssize_t n = host_cgroup_read(dir->fd, "cgroup.events", buf, sizeof buf);

    if (n < 0)
        return err_set(err, ERR_CGROUP, (int) n, "read cgroup.events of the cgroup %s", cg->path);
    (void) host_cgroup_key(buf, "populated", &populated);
    (void) host_cgroup_key(buf, "frozen", &frozen);
    if (populated) {
        int r = err_set(err, ERR_CGROUP, EBUSY, "container's cgroup is not empty: there are processes in %s",
                        cg->path);

        err_hint(err,
                 "each container needs a cgroup of its own: is another one running with this cgroupsPath?");
        return r;
    }
    if (frozen) {
        int r = err_set(err, ERR_CGROUP, EBUSY, "container's cgroup unexpectedly frozen: %s, or one above it",
                        cg->path);

        err_hint(err, "thaw it: write 0 to its cgroup.freeze");
        return r;
    }
    return 0;
}

static int failed_to_make(const struct host_cgroup *cg, const struct host_cgroup_dir *dir, int error,
                          struct err *err)
{
    autotext struct text shown = host_cgroup_shown(cg, dir, NULL);
    int r =
        err_is_set(err) ? error : err_set(err, ERR_CGROUP, error, "make the cgroup %s", text_string(&shown));

    if (error == -EROFS)
        err_hint(err,
                 "cgroups are mounted read-only here, as in a container: mount them writable, or run with "
                 "--cgroup-manager disabled");
    else if (error == -EACCES || error == -EPERM)
        err_hint(
            err,
            "the cgroup above belongs to another user: it has to be delegated (Delegate=yes in the systemd "
            "unit)");
    else if (error == -EAGAIN)
        err_hint(err, "cgroup.max.descendants or cgroup.max.depth of a cgroup above is reached");
    return r;
}

int host_cgroup_v2_make(struct host_cgroup *cg, struct host_cgroup_dir *dir,
                        const struct plan_cgroup_writes *writes, bool all, struct err *err)
{
    struct enable e = { .cg = cg, .writes = writes, .all = all, .err = err };
    /* Hybrid's cgroup2 has no controllers of ours. */
    int r = host_cgroup_dir_make(dir, cg->path, cg->layout == PLAN_CGROUP_V2 ? enable_level : NULL, &e);

    return r < 0 ? failed_to_make(cg, dir, r, err) : check(cg, dir, err);
}

int host_cgroup_v2_enable(const struct host_cgroup *cg, const struct plan_cgroup_writes *writes, bool all,
                          struct err *err)
{
    const struct host_cgroup_dir *dir = host_cgroup_dir_v2(cg);
    struct enable e = { .cg = cg, .writes = writes, .all = all, .err = err };
    const char *name;
    autoclose int parent_fd = host_cgroup_parent(dir->root_fd, cg->path, enable_level, &e, &name, NULL);

    if (parent_fd < 0 && !err_is_set(err))
        return err_set(err, ERR_CGROUP, parent_fd, "open the cgroup above %s", cg->path);
    return parent_fd < 0 ? parent_fd : 0;
}

/* ---- threaded ------------------------------------------------------------------------------------------ */

static int thread_level(void *context, int fd, const char *path, size_t length)
{
    char type[32];
    ssize_t n = host_cgroup_read(fd, "cgroup.type", type, sizeof type); /* the root has none */

    (void) context, (void) path, (void) length;
    return n > 0 && strcmp(type, "domain invalid\n") == 0 ? host_cgroup_write(fd, "cgroup.type", "threaded")
                                                          : 0;
}

int host_cgroup_make_threaded(const struct host_cgroup *cg)
{
    const struct host_cgroup_dir *dir = host_cgroup_dir_v2(cg);
    const char *name;

    if (!dir || cg->dir_fd < 0 || cg->process_fd < 0 || cg->subgroup)
        return -EOPNOTSUPP;
    autoclose int parent_fd = host_cgroup_parent(dir->root_fd, cg->path, thread_level, NULL, &name, NULL);
    return parent_fd < 0 ? parent_fd : thread_level(NULL, cg->dir_fd, cg->path, 0);
}
