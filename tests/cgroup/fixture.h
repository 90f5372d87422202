/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fixture.h - for tests of cgroups that ask the kernel: a plan, a cgroup, processes in it that do what they
 * are told.
 *
 * Everything is done in each view of /sys/fs/cgroup that this machine can give: as it is; v1 alone and v2
 * alone, in a mount namespace of the test's own.  The cgroups are below /ocirt-cgroup-test-PID, and are gone
 * at the end.
 */
#ifndef OCIRT_TESTS_CGROUP_FIXTURE_H
#define OCIRT_TESTS_CGROUP_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/cgroup.h"
#include "host/cgroup_dirs.h"
#include "host/cgroup_stats.h"
#include "tests/spec/tap.h"

static const char *view;
static struct plan_facts facts;
static struct arena facts_arena;
static char top[64]; /* "/ocirt-cgroup-test-PID" */

#define OK(good, ...) check(good, __VA_ARGS__)

/* ---- a plan -------------------------------------------------------------------------------------------- */

struct fixture {
    struct plan plan;
    struct oci_spec spec;
    struct host_cgroup cg;
    struct err err;
    char *json;
};

/* LINUX: properties of linux beside cgroupsPath, with a comma in front; REST: of the document. */
static inline int begin(struct fixture *f, const char *name, const char *linux_rest, const char *rest)
{
    static struct err_source source = { .name = "config.json" };
    struct json_error error;
    int r;

    *f = (struct fixture){ .cg = HOST_CGROUP_INIT };
    if (asprintf(&f->json, "{\"ociVersion\":\"1.3.0\",\"linux\":{\"cgroupsPath\":\"%s/%s\"%s}%s}", top, name,
                 linux_rest, rest) < 0)
        abort();
    f->plan.spec = &f->spec;
    f->plan.options.id = "web1";
    f->plan.facts = facts;
    source.text = f->json;
    f->err.source = &source;
    if (json_read(&oci_spec_type, &f->spec, "config.json", f->json, strlen(f->json), &f->plan.arena, &error) <
        0) {
        printf("# %s\n", error.text);
        return -EINVAL;
    }
    r = plan_cgroup_compile(&f->plan, &f->err);
    return r < 0 ? r : host_cgroup_name(&f->plan, &f->cg, &f->err);
}

static inline int create(struct fixture *f, const char *name, const char *linux_rest, const char *rest)
{
    int r = begin(f, name, linux_rest, rest);

    return r < 0 ? r : host_cgroup_create(&f->plan, &f->cg, &f->err);
}

static inline void end(struct fixture *f)
{
    host_cgroup_done(&f->cg);
    err_done(&f->err);
    arena_free(&f->plan.arena);
    free(f->json);
}

static inline bool good(struct fixture *f, int r, const char *what)
{
    bool is_good = OK(r == 0, "%s: %s", view, what);

    if (!is_good)
        printf("# %s\n", f->err.text ? f->err.text : strerror(-r));
    err_done(&f->err);
    return is_good;
}

/* R must be an error whose text has WORDS. */
static inline void bad(struct fixture *f, int r, const char *words, const char *what)
{
    if (!OK(r < 0 && f->err.text && strstr(f->err.text, words), "%s: %s", view, what))
        printf("# got: %d %s\n", r, f->err.text ? f->err.text : "(no text)");
    err_done(&f->err);
}

/* The path of the container's cgroup in hierarchy D, by the view's mount points. */
static inline char *path_in(const struct fixture *f, const struct host_cgroup_dir *d, const char *file)
{
    struct text text = host_cgroup_shown(&f->cg, d, file);

    return text.s;
}

static inline bool exists_in_all(const struct fixture *f, bool wanted)
{
    bool all = true;

    for (size_t i = 0; i < f->cg.n_dirs; i++) {
        autofree char *path = path_in(f, &f->cg.dirs[i], NULL);

        if ((access(path, F_OK) == 0) != wanted) {
            printf("# %s %s\n", path, wanted ? "is missing" : "is left");
            all = false;
        }
    }
    return all;
}

/* Is the first line of FILE of the controller's directory WANT?  For the host's own files. */
static inline void file_is(const struct fixture *f, const char *controller, const char *file,
                           const char *want)
{
    const struct host_cgroup_dir *d = host_cgroup_dir_of(&f->cg, controller);
    char buf[4096] = "";
    ssize_t n = d ? host_cgroup_read(d->fd, file, buf, sizeof buf) : -ENOENT;

    buf[strcspn(buf, "\n")] = '\0';
    if (!OK(n >= 0 && !strcmp(buf, want), "%s: %s is %s", view, file, want))
        printf("# got: %s\n", n < 0 ? strerror((int) -n) : buf);
}

/* ---- a process that does what it is told --------------------------------------------------------------- */

struct worker {
    pid_t pid;
    int fd;
};

static inline int allocate(size_t megabytes)
{
    char *p = mmap(NULL, megabytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return -errno;
    memset(p, 1, megabytes << 20);
    return 0;
}

static inline int spread(int n)
{
    while (n-- > 0) {
        pid_t pid = fork();

        if (pid < 0)
            return -errno;
        if (pid == 0)
            for (;;)
                pause();
    }
    return 0;
}

static inline int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    (void) close(fd);
    return 0;
}

static inline int try_mknod(const char *path, mode_t mode, dev_t device)
{
    int r = mknod(path, mode, device) < 0 ? -errno : 0;

    (void) unlink(path);
    return r;
}

static inline int act(const char *command)
{
    const char *rest = command + 1;

    switch (command[0]) {
    case 'r': return try_open(rest, O_RDONLY);
    case 'w': return try_open(rest, O_RDWR);
    case 'm': return try_mknod(rest, S_IFCHR | 0600, makedev(1, 11));
    case 'a': return allocate((size_t) atoi(rest));
    case 'f': return spread(atoi(rest));
    default: return -EINVAL;
    }
}

_Noreturn static void work(int fd)
{
    char command[256];
    ssize_t n;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((n = read(fd, command, sizeof command - 1)) > 0) {
        command[n] = '\0';
        int r = act(command);

        if (write(fd, &r, sizeof r) < 0)
            break;
    }
    _exit(0);
}

static inline struct worker start(int cgroup_fd)
{
    struct clone_args args = { .exit_signal = SIGCHLD };
    int fds[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        abort();
    if (cgroup_fd >= 0) {
        args.flags = CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t) (unsigned) cgroup_fd;
    }
    (void) fflush(stdout);
    pid = sys_clone3(&args);
    if (pid == 0) {
        (void) close(fds[0]);
        work(fds[1]);
    }
    (void) close(fds[1]);
    return (struct worker){ pid, fds[0] };
}

/* Tells the worker; what it answers. -EPIPE if it is dead. */
static inline int ask(const struct worker *w, const char *command)
{
    int r;

    if (write(w->fd, command, strlen(command)) < 0 || read(w->fd, &r, sizeof r) != sizeof r)
        return -EPIPE;
    return r;
}

static inline int reap(struct worker *w)
{
    int status = -1;

    (void) waitpid(w->pid, &status, 0);
    fd_cleanup(&w->fd);
    return status;
}

static inline struct worker start_in(struct fixture *f)
{
    struct worker w = start(f->cg.process_fd);

    good(f, w.pid < 0 ? w.pid : host_cgroup_enter(&f->plan, &f->cg, w.pid, f->cg.process_fd >= 0, &f->err),
         "a process enters the cgroup");
    return w;
}

/* Each line of /proc/PID/cgroup ends with the path. */
static inline bool lives_in(pid_t pid, const char *path)
{
    autotext struct text name = { 0 }, text = { 0 };
    bool all = true;

    text_add(&name, "/proc/%d/cgroup", pid);
    if (host_cgroup_slurp(AT_FDCWD, text_string(&name), &text) < 0)
        return false;
    for (char *line = text.s, *next; line && *line; line = next + 1) {
        char *at;

        next = strchr(line, '\n');
        *next = '\0';
        at = strchr(strchr(line, ':') + 1, ':') + 1;
        /* In the other views, some hierarchies are not mounted. */
        if (strcmp(at, path) && !(facts.cgroup_layout == PLAN_CGROUP_V2 && strncmp(line, "0::", 3)) &&
            !(facts.cgroup_layout == PLAN_CGROUP_V1 && !strncmp(line, "0::", 3))) {
            printf("# %s is not %s\n", line, path);
            all = false;
        }
    }
    return all;
}

static inline void kill_and_remove(struct fixture *f, struct worker *w, const char *what)
{
    int r = host_cgroup_kill(&f->cg, SIGKILL, &f->err);

    if (r == 0 && w)
        (void) reap(w);
    if (r == 0)
        r = host_cgroup_remove(&f->cg, &f->err);
    good(f, r, what);
    OK(exists_in_all(f, false), "%s: %s: nothing is left", view, what);
}

static inline int update(struct fixture *f, const char *json)
{
    struct oci_resources resources = { 0 };
    autoarena struct arena arena = { 0 };
    struct json_error error;

    if (json_read(&oci_resources_type, &resources, "update", json, strlen(json), &arena, &error) < 0)
        abort();
    return host_cgroup_update(&f->plan, &f->cg, &resources, &f->err);
}

/* A parent that several containers have stays: whose it was found it in use. */
static inline void remove_top(const struct fixture *f)
{
    bool all = true;

    for (size_t i = 0; i < f->cg.n_dirs; i++)
        all &= unlinkat(f->cg.dirs[i].root_fd, top + 1, AT_REMOVEDIR) == 0 || errno == ENOENT;
    OK(all, "%s: their parent is empty", view);
}

/* ---- views --------------------------------------------------------------------------------------------- */

static inline void show(const char *name, void (*tests)(void))
{
    view = name;
    arena_free(&facts_arena);
    if (host_cgroup_facts(&facts, &facts_arena) < 0 || facts.cgroup_layout == PLAN_CGROUP_NONE) {
        printf("ok %u - %s # skip no cgroups are mounted\n", ++tap_number, name);
        return;
    }
    printf("# %s: layout %d, %zu hierarchies\n", name, facts.cgroup_layout, facts.n_hierarchies);
    tests();
}

/* The v1 hierarchies on a tmpfs of their own, which then covers /sys/fs/cgroup. */
static inline bool show_v1_alone(void)
{
    char dir[] = "/tmp/ocirt-test-XXXXXX";
    bool all = true;

    if (!mkdtemp(dir) || mount("none", dir, "tmpfs", 0, "mode=755") < 0)
        return false;
    for (size_t i = 0; i < facts.n_hierarchies; i++) {
        autotext struct text from = { 0 }, to = { 0 };

        text_add(&from, "/sys/fs/cgroup/%s", facts.hierarchies[i].name);
        text_add(&to, "%s/%s", dir, facts.hierarchies[i].name);
        all &= mkdir(text_string(&to), 0755) == 0 &&
               mount(text_string(&from), text_string(&to), NULL, MS_BIND, NULL) == 0;
    }
    all &= mount(dir, "/sys/fs/cgroup", NULL, MS_BIND | MS_REC, NULL) == 0;
    (void) umount2(dir, MNT_DETACH);
    (void) rmdir(dir);
    return all;
}

/* For main(): its result. */
static inline int in_each_view(void (*tests)(void))
{
    if (geteuid() != 0) {
        printf("1..0 # skip cgroups are made by root\n");
        return 77;
    }
    (void) snprintf(top, sizeof top, "/ocirt-cgroup-test-%d", getpid());
    show("as it is", tests);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0) {
        printf("ok %u - other views # skip a mount namespace: %s\n", ++tap_number, strerror(errno));
        return tap_done();
    }
    if (facts.cgroup_layout == PLAN_CGROUP_HYBRID && OK(show_v1_alone(), "a view of v1 alone"))
        show("v1", tests);
    if (facts.cgroup_layout != PLAN_CGROUP_V2 &&
        OK(mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL) == 0, "a view of v2 alone"))
        show("v2", tests);
    arena_free(&facts_arena);
    return tap_done();
}

#endif
