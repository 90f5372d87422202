/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_request.c - what checkpoint and restore have in common.
 */
#include "engine/criu_request.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/criu_words.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

enum { LOG_LEVEL = 4 }; /* all: a failure is hardly ever understood with less */

/* ---- options ------------------------------------------------------------------------------------------- */

static int bad_word(const char *option, const char *word, const char *words, struct err *err)
{
    return err_set(err, ERR_USAGE, 0, "%s %s: it is one of %s", option, word, words);
}

static int check_words(struct criu_request *q, struct err *err)
{
    const struct ocirt_checkpoint_options *o = &q->options;

    if (o->manage_cgroups_mode && host_criu_cgroup_mode(o->manage_cgroups_mode) < 0)
        return bad_word("--manage-cgroups-mode", o->manage_cgroups_mode, "soft, full, strict, ignore", err);
    if (o->network_lock && host_criu_network_lock(o->network_lock) < 0)
        return bad_word("--network-lock", o->network_lock, "iptables, nftables, skip", err);
    for (size_t i = 0; o->empty_ns && o->empty_ns[i]; i++) {
        int flag = host_criu_empty_namespace(o->empty_ns[i]);

        if (flag < 0)
            return bad_word("--empty-ns", o->empty_ns[i], "network", err);
        q->empty |= flag;
    }
    return 0;
}

static int check_page_server(struct criu_request *q, struct err *err)
{
    const char *given = q->options.page_server;
    int r = given ? host_criu_page_server(given, &q->page_server, &q->page_server_port) : 0;

    if (r == -ENOMEM)
        return err_nomem(err);
    return r < 0 ? err_set(err, ERR_USAGE, 0, "--page-server %s: it is ADDRESS:PORT", given) : 0;
}

static int check_status_fd(const struct criu_request *q, struct err *err)
{
    int fd = q->options.status_fd;
    int flags = fd > 0 ? fcntl(fd, F_GETFL) : O_WRONLY;

    if (flags < 0)
        return err_set(err, ERR_USAGE, errno, "--status-fd %d", fd);
    if ((flags & O_ACCMODE) == O_RDONLY)
        return err_set(err, ERR_USAGE, 0, "--status-fd %d: it is not open for writing", fd);
    return 0;
}

int criu_request_init(struct criu_request *q, const struct ocirt *ocirt,
                      const struct ocirt_checkpoint_options *options, struct err *err)
{
    int r;

    q->ocirt = ocirt;
    r = engine_options(&q->options, sizeof q->options, options, "ocirt_checkpoint_options", err);
    if (r < 0)
        return r;
    if (!q->options.image_path || !*q->options.image_path)
        return err_set(err, ERR_USAGE, 0, "--image-path must be given");
    if (q->options.parent_path && *q->options.parent_path == '/')
        return err_set(err, ERR_USAGE, 0, "--parent-path %s: it must be relative to --image-path",
                       q->options.parent_path);
    r = check_words(q, err);
    if (r >= 0)
        r = check_page_server(q, err);
    if (r >= 0)
        r = check_status_fd(q, err);
    return r < 0 ? r : host_criu_need(err);
}

int criu_request_allowed(const struct plan *plan, struct err *err)
{
    if (!plan->facts.rootless && !plan->facts.in_user_namespace)
        return 0;
    return err_set(err, ERR_UNSUPPORTED, 0,
                   "checkpoint and restore need root of the host: CRIU can't do it for an ordinary user");
}

/* ---- CRIU's configuration file ------------------------------------------------------------------------- */

/* Which file of the host is CRIU's configuration for containers, as runc has it; NULL: none. */
static const char *config_file(const struct plan *plan)
{
    static const char *const files[] = { "/etc/criu/ocirt.conf", "/etc/criu/runc.conf" };

    if (plan->criu_config)
        return *plan->criu_config ? plan->criu_config : NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (faccessat(AT_FDCWD, files[i], R_OK, AT_EACCESS) == 0)
            return files[i];
    return NULL;
}

static int make_memfd(void)
{
    int fd = memfd_create("criu.conf", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("criu.conf", MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* A missing file is no error to CRIU either. */
static int copy_file(const char *path, int to_fd)
{
    autoclose int fd = path ? sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0) : -ENOENT;
    char buf[4096];
    ssize_t n = fd == -ENOENT ? 0 : fd;

    while (fd >= 0 && (n = sys_read(fd, buf, sizeof buf)) > 0) {
        ssize_t written = sys_write(to_fd, buf, (size_t) n);

        if (written < 0)
            return (int) written;
    }
    return (int) n;
}

/*
 * The library has no function for lazy pages: they can be had by a file only.  Where they can be fetched from
 * goes there as well, for told by the library it would be a page server that CRIU connects to.
 */
static int extend_config(struct criu_request *q, const char *file, struct text *path, struct err *err)
{
    autotext struct text lines = { 0 };
    ssize_t r;

    text_add(&lines, "\nlazy-pages\n");
    if (q->page_server)
        text_add(&lines, "address %s\nport %u\n", q->page_server, q->page_server_port);
    if (text_result(&lines) < 0)
        return err_nomem(err);
    q->config_fd = make_memfd();
    r = q->config_fd < 0 ? q->config_fd : copy_file(file, q->config_fd);
    if (r >= 0)
        r = sys_write(q->config_fd, lines.s, lines.n);
    if (r < 0)
        return err_set(err, ERR_CHECKPOINT, (int) r, "write a configuration file for CRIU");
    text_add(path, "/proc/%ld/fd/%d", (long) getpid(), q->config_fd);
    return 0;
}

static int set_config_file(struct criu_request *q, const struct plan *plan, struct err *err)
{
    autotext struct text path = { 0 };
    const char *file = config_file(plan);
    int r = 0;

    if (!file && !q->options.lazy_pages)
        return 0;
    if (!q->criu.set_config_file && (q->options.lazy_pages || plan->criu_config))
        return err_set(err, ERR_CHECKPOINT, 0, "%s needs libcriu 4.2 or newer",
                       q->options.lazy_pages ? "--lazy-pages" : "the annotation org.criu.config");
    if (!q->criu.set_config_file) {
        err_warn(err, "%s is not used: that needs libcriu 4.2 or newer", file);
        return 0;
    }
    if (q->options.lazy_pages)
        r = extend_config(q, file, &path, err);
    else
        text_add(&path, "%s", file);
    if (r < 0)
        return r;
    if (text_result(&path) < 0 || q->criu.set_config_file(q->criu.opts, text_string(&path)) < 0)
        return err_nomem(err);
    return 0;
}

/* ---- telling CRIU -------------------------------------------------------------------------------------- */

/*
 * Hooks of these kinds are how an engine makes the container's network: then it is theirs to restore as well.
 */
static bool engine_makes_network(const struct plan *plan)
{
    return plan->hooks[PLAN_PRESTART].n || plan->hooks[PLAN_CREATE_RUNTIME].n;
}

static int set_network(struct criu_request *q, const struct plan *plan, struct err *err)
{
    if (engine_makes_network(plan) && plan->namespaces.fresh & CLONE_NEWNET)
        q->empty |= CLONE_NEWNET;
    if (q->empty && !q->criu.set_empty_ns)
        return err_set(err, ERR_CHECKPOINT, 0,
                       "libcriu is too old to leave out what a network namespace has");
    if (q->empty)
        q->criu.set_empty_ns(q->criu.opts, q->empty);
    return 0;
}

static void set_switches(struct criu_request *q)
{
    const struct ocirt_checkpoint_options *o = &q->options;
    const struct host_criu *criu = &q->criu;

    criu->set_log_level(criu->opts, LOG_LEVEL);
    criu->set_shell_job(criu->opts, o->shell_job);
    criu->set_ext_unix_sk(criu->opts, o->ext_unix_sk);
    criu->set_tcp_established(criu->opts, o->tcp_established);
    criu->set_file_locks(criu->opts, o->file_locks);
    criu->set_auto_dedup(criu->opts, o->auto_dedup);
    criu->set_orphan_pts_master(criu->opts, true);
    criu->set_manage_cgroups(criu->opts, true);
    criu->set_manage_cgroups_mode(criu->opts, host_criu_cgroup_mode(o->manage_cgroups_mode));
    /*
     * A bind mount is a slave, or a peer, of the mount that it was made from, which is none of the
     * container's.
     */
    criu->set_ext_sharing(criu->opts, true);
    criu->set_ext_masters(criu->opts, true);
}

static void set_directories(struct criu_request *q)
{
    q->criu.set_images_dir_fd(q->criu.opts, q->images.fd);
    if (q->images.work_fd >= 0)
        q->criu.set_work_dir_fd(q->criu.opts, q->images.work_fd);
}

int criu_request_reopen(struct criu_request *q, struct err *err)
{
    int r = criu_images_reopen(&q->images, err);

    if (r >= 0)
        set_directories(q);
    return r;
}

int criu_request_open(struct criu_request *q, const struct plan *plan, bool make_images, const char *log,
                      struct err *err)
{
    int r = criu_images_open(q->options.image_path, q->options.work_path, make_images, log, &q->images, err);

    if (r >= 0)
        r = host_criu_open(&q->criu, err);
    if (r < 0)
        return r;
    engine_debug(q->ocirt, "CRIU %d.%d.%d", q->criu.version / 10000, q->criu.version / 100 % 100,
                 q->criu.version % 100);
    set_switches(q);
    set_directories(q);
    if (q->criu.set_log_file(q->criu.opts, log) < 0)
        return err_nomem(err);
    r = set_network(q, plan, err);
    return r < 0 ? r : set_config_file(q, plan, err);
}

int criu_request_check_features(struct criu_request *q, bool mem_track, bool lazy_pages, struct err *err)
{
    struct host_criu_features features = { .mem_track = mem_track, .lazy_pages = lazy_pages };

    if (!mem_track && !lazy_pages)
        return 0;
    if (q->criu.feature_check(q->criu.opts, &features, sizeof features) < 0)
        return criu_images_failed(&q->images, "tell what it can do here", errno, err);
    if (mem_track && !features.mem_track)
        return err_set(err, ERR_CHECKPOINT, 0,
                       "--pre-dump and --parent-path: CRIU can't track changes of memory here "
                       "(the kernel needs CONFIG_MEM_SOFT_DIRTY)");
    if (lazy_pages && !features.lazy_pages)
        return err_set(err, ERR_CHECKPOINT, 0,
                       "--lazy-pages: CRIU can't do that here (the kernel needs CONFIG_USERFAULTFD)");
    return 0;
}

int criu_request_inherit(struct criu_request *q, int fd, const char *key, struct err *err)
{
    int copy;

    if (q->n_inherited == sizeof q->inherited / sizeof *q->inherited)
        return err_set(err, ERR_INTERNAL, 0, "too many descriptors for CRIU");
    copy = fcntl(fd, F_DUPFD, 3); /* not close-on-exec: that is the point */
    if (copy < 0)
        return err_set(err, ERR_CHECKPOINT, errno, "descriptor %d, which the container's %s becomes", fd,
                       key);
    q->inherited[q->n_inherited++] = copy;
    return q->criu.add_inherit_fd(q->criu.opts, copy, key) < 0 ? err_nomem(err) : 0;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

/*
 * libcriu's callback has no argument for the caller's data, and it keeps an error and a terminal's descriptor
 * in variables of its own: one request at a time.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct criu_request *request;
    struct err *err;
} current;

static int tell(char *action, void *what)
{
    struct criu_request *q = current.request;

    engine_debug(q->ocirt, "CRIU: %s", action);
    return q->notify ? q->notify(q->data, action, q->criu.notify_pid(what), current.err) : 0;
}

int criu_request_run(struct criu_request *q, int (*run)(void *opts), const char *what, struct err *err)
{
    sigset_t pipe, before;
    int r, number;

    (void) sigemptyset(&pipe);
    (void) sigaddset(&pipe, SIGPIPE); /* libcriu writes to a criu that may be gone */
    (void) pthread_sigmask(SIG_BLOCK, &pipe, &before);
    (void) pthread_mutex_lock(&lock);
    current.request = q;
    current.err = err;
    q->criu.set_notify_cb(q->criu.opts, tell);
    r = run(q->criu.opts);
    number = errno;
    current.request = NULL;
    (void) pthread_mutex_unlock(&lock);
    if (r < 0)
        (void) sigtimedwait(&pipe, NULL, &(struct timespec){ 0 });
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r >= 0)
        return r;
    return err_is_set(err) ? r : criu_images_failed(&q->images, what, number, err);
}

void criu_request_done(struct criu_request *q)
{
    host_criu_close(&q->criu);
    criu_images_close(&q->images);
    fd_cleanup(&q->config_fd);
    for (size_t i = 0; i < q->n_inherited; i++)
        (void) close(q->inherited[i]);
    q->n_inherited = 0;
    free(q->page_server);
    q->page_server = NULL;
}
