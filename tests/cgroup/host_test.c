/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_test.c - a container's cgroup from its name to its removal, asked of the kernel (root).
 *
 * Everything is done in each view of /sys/fs/cgroup that this machine can give: as it is; v1 alone and v2
 * alone, in a mount namespace of the test's own.  The cgroups are below /ocirt-cgroup-test-PID, and are gone
 * at the end.
 */
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
static int begin(struct fixture *f, const char *name, const char *linux_rest, const char *rest)
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

static int create(struct fixture *f, const char *name, const char *linux_rest, const char *rest)
{
    int r = begin(f, name, linux_rest, rest);

    return r < 0 ? r : host_cgroup_create(&f->plan, &f->cg, &f->err);
}

static void end(struct fixture *f)
{
    host_cgroup_done(&f->cg);
    err_done(&f->err);
    arena_free(&f->plan.arena);
    free(f->json);
}

static bool good(struct fixture *f, int r, const char *what)
{
    bool is_good = OK(r == 0, "%s: %s", view, what);

    if (!is_good)
        printf("# %s\n", f->err.text ? f->err.text : strerror(-r));
    err_done(&f->err);
    return is_good;
}

/* R must be an error whose text has WORDS. */
static void bad(struct fixture *f, int r, const char *words, const char *what)
{
    if (!OK(r < 0 && f->err.text && strstr(f->err.text, words), "%s: %s", view, what))
        printf("# got: %d %s\n", r, f->err.text ? f->err.text : "(no text)");
    err_done(&f->err);
}

/* The path of the container's cgroup in hierarchy D, by the view's mount points. */
static char *path_in(const struct fixture *f, const struct host_cgroup_dir *d, const char *file)
{
    struct text text = host_cgroup_shown(&f->cg, d, file);

    return text.s;
}

static bool exists_in_all(const struct fixture *f, bool wanted)
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
static void file_is(const struct fixture *f, const char *controller, const char *file, const char *want)
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

static int allocate(size_t megabytes)
{
    char *p = mmap(NULL, megabytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return -errno;
    memset(p, 1, megabytes << 20);
    return 0;
}

static int spread(int n)
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

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    (void) close(fd);
    return 0;
}

static int try_mknod(const char *path, mode_t mode, dev_t device)
{
    int r = mknod(path, mode, device) < 0 ? -errno : 0;

    (void) unlink(path);
    return r;
}

static int act(const char *command)
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

static struct worker start(int cgroup_fd)
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
static int ask(const struct worker *w, const char *command)
{
    int r;

    if (write(w->fd, command, strlen(command)) < 0 || read(w->fd, &r, sizeof r) != sizeof r)
        return -EPIPE;
    return r;
}

static int reap(struct worker *w)
{
    int status = -1;

    (void) waitpid(w->pid, &status, 0);
    fd_cleanup(&w->fd);
    return status;
}

static struct worker start_in(struct fixture *f)
{
    struct worker w = start(f->cg.process_fd);

    good(f, w.pid < 0 ? w.pid : host_cgroup_enter(&f->plan, &f->cg, w.pid, f->cg.process_fd >= 0, &f->err),
         "a process enters the cgroup");
    return w;
}

/* Each line of /proc/PID/cgroup ends with the path. */
static bool lives_in(pid_t pid, const char *path)
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

static void kill_and_remove(struct fixture *f, struct worker *w, const char *what)
{
    int r = host_cgroup_kill(&f->cg, SIGKILL, &f->err);

    if (r == 0 && w)
        (void) reap(w);
    if (r == 0)
        r = host_cgroup_remove(&f->cg, &f->err);
    good(f, r, what);
    OK(exists_in_all(f, false), "%s: %s: nothing is left", view, what);
}

static int update(struct fixture *f, const char *json)
{
    struct oci_resources resources = { 0 };
    autoarena struct arena arena = { 0 };
    struct json_error error;

    if (json_read(&oci_resources_type, &resources, "update", json, strlen(json), &arena, &error) < 0)
        abort();
    return host_cgroup_update(&f->plan, &f->cg, &resources, &f->err);
}

/* A parent that several containers have stays: whose it was found it in use. */
static void remove_top(const struct fixture *f)
{
    bool all = true;

    for (size_t i = 0; i < f->cg.n_dirs; i++)
        all &= unlinkat(f->cg.dirs[i].root_fd, top + 1, AT_REMOVEDIR) == 0 || errno == ENOENT;
    OK(all, "%s: their parent is empty", view);
}

/* ---- the tests ----------------------------------------------------------------------------------------- */

static void test_life(void)
{
    autofree pid_t *pids = NULL;
    struct fixture f;
    struct worker w;
    size_t n = 0;

    good(&f, begin(&f, "life", "", ""), "a new cgroup gets a name");
    OK(f.cg.path && !strncmp(f.cg.path, top, strlen(top)) && !strcmp(f.cg.made, "2"),
       "%s: two directories are to be ours (%s)", view, f.cg.made ? f.cg.made : "none");
    OK(exists_in_all(&f, false), "%s: naming makes nothing", view);
    good(&f, host_cgroup_create(&f.plan, &f.cg, &f.err), "it is made");
    OK(exists_in_all(&f, true), "%s: in every hierarchy", view);
    w = start_in(&f);
    OK(lives_in(w.pid, f.cg.path), "%s: the process lives there in every hierarchy", view);
    good(&f, host_cgroup_pids(&f.cg, &pids, &n, &f.err), "its processes can be listed");
    OK(n == 1 && pids[0] == w.pid, "%s: that is the one", view);
    kill_and_remove(&f, &w, "killed and removed");
    end(&f);
}

/* From the record alone, as another ocirt does it. */
static void test_open(void)
{
    struct host_cgroup again = HOST_CGROUP_INIT;
    struct fixture f;
    struct worker w;

    good(&f, create(&f, "open", "", ""), "made, to be opened again");
    w = start_in(&f);
    good(&f, host_cgroup_open(f.cg.manager, f.cg.path, NULL, NULL, f.cg.made, &again, &f.err),
         "it opens by its record");
    OK(host_cgroup_exists(&again) && again.layout == f.cg.layout &&
           (again.process_fd < 0) == (f.cg.process_fd < 0),
       "%s: it is the same", view);
    good(&f, host_cgroup_kill(&again, SIGKILL, &f.err), "it can be killed");
    (void) reap(&w);
    good(&f, host_cgroup_remove(&again, &f.err), "and removed");
    OK(exists_in_all(&f, false), "%s: nothing is left of the opened one", view);
    good(&f, host_cgroup_remove(&again, &f.err), "removing twice is no error");
    host_cgroup_done(&again);
    good(&f, host_cgroup_open(f.cg.manager, f.cg.path, NULL, NULL, f.cg.made, &again, &f.err),
         "one that is gone opens");
    OK(!host_cgroup_exists(&again) && again.dir_fd == -1 && again.process_fd == -1, "%s: as nothing", view);
    good(&f, host_cgroup_kill(&again, SIGKILL, &f.err), "there is nothing to kill");
    host_cgroup_done(&again);
    end(&f);
}

static void test_nested(void)
{
    struct fixture f;
    struct worker w;
    int fd, r;

    good(&f, create(&f, "nested", "", ""), "made, for nested ones");
    w = start_in(&f);
    for (size_t i = 0; i < f.cg.n_dirs; i++) {
        fd = f.cg.dirs[i].fd;
        r = mkdirat(fd, "a", 0755) | mkdirat(fd, "a/b", 0755) | mkdirat(fd, "a/b/c", 0755) |
            mkdirat(fd, "x", 0755);
        OK(r == 0, "%s: cgroups below in \"%s\"", view, f.cg.dirs[i].name);
    }
    OK(ask(&w, "f30") == 0, "%s: thirty more processes", view);
    kill_and_remove(&f, &w, "with nested cgroups and many processes");
    end(&f);
}

static void test_signal(void)
{
    struct fixture f;
    struct worker w;
    int status;

    good(&f, create(&f, "signal", "", ""), "made, to be signalled");
    w = start_in(&f);
    good(&f, host_cgroup_kill(&f.cg, SIGTERM, &f.err), "SIGTERM is sent");
    status = reap(&w);
    OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "%s: it arrives", view);
    kill_and_remove(&f, NULL, "after SIGTERM");
    end(&f);
}

static void test_remove_empty(void)
{
    bool v2 = facts.cgroup_layout == PLAN_CGROUP_V2;
    struct fixture f, g;
    struct worker w;

    good(&f, create(&f, "empty", "", ""), "made, to be removed at once");
    w = start_in(&f);
    OK(!host_cgroup_remove_empty(&f.cg), "%s: not while it has a process", view);
    OK(exists_in_all(&f, true), "%s: and nothing is gone", view);
    good(&g, create(&g, "empty/below", "", ""), "another container uses a cgroup below");
    good(&f, host_cgroup_kill(&f.cg, SIGKILL, &f.err), "the process is killed");
    (void) reap(&w);
    OK(!host_cgroup_remove_empty(&f.cg) && exists_in_all(&f, true), "%s: nor with one below", view);
    kill_and_remove(&g, NULL, "that one");
    end(&g);
    if (v2) {
        good(&g, create(&g, "empty", "", ""), "it is given to another container");
        OK(!host_cgroup_remove_empty(&g.cg) && exists_in_all(&f, true), "%s: whose it is not to remove",
           view);
        end(&g);
    }
    OK(host_cgroup_remove_empty(&f.cg) == v2, "%s: empty, it goes on v2", view);
    OK(exists_in_all(&f, !v2), "%s: as it says", view);
    kill_and_remove(&f, NULL, "anyway");
    end(&f);
}

/* 1, 0, or -errno, and both ways to ask say the same. */
static int is_frozen(const struct fixture *f)
{
    struct host_cgroup_top all = HOST_CGROUP_TOP_INIT;
    struct err err = { 0 };
    int r = host_cgroup_top_open(&all, &err);

    if (r >= 0)
        r = host_cgroup_top_frozen(&all, f->cg.path);
    OK(all.layout == facts.cgroup_layout && host_cgroup_top_frozen(&all, "/no/such/cgroup") == 0 &&
           host_cgroup_top_frozen(&all, NULL) == 0,
       "%s: what does not exist is not frozen", view);
    host_cgroup_top_close(&all);
    err_done(&err);
    return r == host_cgroup_is_frozen(&f->cg) ? r : -EINVAL;
}

static void test_freeze(void)
{
    struct fixture f, g;
    struct worker w;
    struct pollfd p;

    good(&f, create(&f, "freeze", "", ""), "made, to be frozen");
    w = start_in(&f);
    OK(is_frozen(&f) == 0, "%s: at first it is not", view);
    good(&f, host_cgroup_freeze(&f.cg, true, &f.err), "it is frozen");
    OK(is_frozen(&f) == 1, "%s: it says so", view);
    OK(write(w.fd, "r/dev/null", 10) == 10, "%s: it is asked something", view);
    p = (struct pollfd){ .fd = w.fd, .events = POLLIN };
    OK(poll(&p, 1, 50) == 0, "%s: and does not answer", view);
    bad(&g, create(&g, "freeze/inner", "", ""), "frozen", "a cgroup below a frozen one is refused");
    OK(exists_in_all(&g, false), "%s: and not left", view);
    end(&g);
    bad(&g, create(&g, "freeze", "", ""), "not empty", "one with processes is refused");
    OK(exists_in_all(&f, true), "%s: and not touched", view);
    end(&g);
    good(&f, host_cgroup_freeze(&f.cg, false, &f.err), "it is thawed");
    OK(is_frozen(&f) == 0 && poll(&p, 1, 10000) == 1, "%s: it answers", view);
    good(&f, host_cgroup_freeze(&f.cg, true, &f.err), "it is frozen again");
    kill_and_remove(&f, &w, "killed while frozen");
    end(&f);
}

/* runtime.md "Delete": what create did not make stays. */
static void test_given(void)
{
    struct fixture f, g;

    good(&g, create(&g, "given", "", ""), "somebody makes a cgroup");
    good(&f, create(&f, "given", "", ""), "a container is to use it");
    OK(!strcmp(f.cg.made, "0"), "%s: nothing of it is the container's (%s)", view, f.cg.made);
    struct worker w = start_in(&f);
    good(&f, host_cgroup_kill(&f.cg, SIGKILL, &f.err), "its processes are killed");
    (void) reap(&w);
    good(&f, host_cgroup_remove(&f.cg, &f.err), "the container's is removed");
    OK(exists_in_all(&f, true), "%s: the given cgroup is there still", view);
    w = start(-1); /* see process_fd in cgroup.h about cgroup.kill */
    good(&g, host_cgroup_enter(&g.plan, &g.cg, w.pid, false, &g.err), "its maker uses it again");
    check_number(ask(&w, "w/dev/null"), 0, "with the devices of everybody");
    kill_and_remove(&g, &w, "and removes it");
    end(&f);
    end(&g);
}

static void test_failure(void)
{
    bool v2 = facts.cgroup_layout == PLAN_CGROUP_V2;
    struct fixture f;
    int r = create(&f, "failure",
                   v2 ? ",\"resources\":{\"unified\":{\"cgroup.unheard\":\"1\"}}"
                      : ",\"resources\":{\"memory\":{\"limit\":100000000},\"cpu\":{\"cpus\":\"4095\"}}",
                   "");

    bad(&f, r,
        v2 ? "config.json:1: linux.resources.unified: write \"1\" to /sys/fs/cgroup/ocirt-cgroup-test-"
           : "config.json:1: linux.resources.cpu.cpus: write \"4095\" to /sys/fs/cgroup/cpuset/ocirt-cgroup-test-",
        "a limit that the kernel refuses is told with property and file");
    OK(exists_in_all(&f, false), "%s: nothing is left of it", view);
    end(&f);
    if (!v2)
        return;
    r = create(&f, "failure", ",\"resources\":{\"unified\":{\"unheard.of\":\"1\"}}", "");
    bad(&f, r, "linux.resources.unified: the requested cgroup controller \"unheard\" is not available",
        "so is a missing controller");
    OK(exists_in_all(&f, false), "%s: nor of this", view);
    end(&f);
}

/* The rules are c 1:3 (null) from the default list; c 1:11 is kmsg. */
static void test_devices(void)
{
    struct fixture f;
    struct worker w;
    static const char deny[] = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}";
    static const char some[] =
        "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,"
        "\"minor\":11,\"access\":\"r\"}]}";
    static const char all[] = "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}";
    static const struct {
        const char *json, *what;
        int read, write;
    } steps[] = {
        { some, "reading is allowed by an update", 0, -EPERM },
        { all, "everything is allowed", 0, 0 },
        { deny, "everything is denied again", -EPERM, -EPERM },
        { some, "and reading allowed again", 0, -EPERM },
    };

    good(&f, create(&f, "devices", ",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", ""),
         "made, without devices");
    w = start_in(&f);
    check_number(ask(&w, "w/dev/null"), 0, "/dev/null opens");
    check_number(ask(&w, "r/dev/kmsg"), -EPERM, "/dev/kmsg does not");
    check_number(ask(&w, "m/dev/shm/ocirt-test-node"), 0, "a node can be made");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        good(&f, update(&f, steps[i].json), steps[i].what);
        check_number(ask(&w, "r/dev/kmsg"), steps[i].read, "reading /dev/kmsg");
        check_number(ask(&w, "w/dev/kmsg"), steps[i].write, "writing /dev/kmsg");
        check_number(ask(&w, "w/dev/null"), 0, "/dev/null opens still");
    }
    kill_and_remove(&f, &w, "with device rules");
    end(&f);
}

static void test_sub(void)
{
    static const char *const outside[] = { "..",       "../sub2",      "../sub/../sub2",
                                           "/../sub2", "a/../../sub2", "../../" };
    struct host_cgroup sub = HOST_CGROUP_INIT;
    struct fixture f, other;
    struct worker w;

    good(&f, create(&f, "sub", "", ""), "made, with one below");
    good(&other, create(&other, "sub2", "", ""), "and a sibling whose name begins the same");
    for (size_t i = 0; i < f.cg.n_dirs; i++) {
        (void) mkdirat(f.cg.dirs[i].fd, "a", 0755);
        if (!strcmp(f.cg.dirs[i].name, "cpuset"))
            OK(host_cgroup_write(f.cg.dirs[i].fd, "a/cpuset.cpus", "0") == 0 &&
                   host_cgroup_write(f.cg.dirs[i].fd, "a/cpuset.mems", "0") == 0,
               "%s: it has a CPU", view);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        bad(&f, host_cgroup_sub(&f.cg, NULL, outside[i], &sub, &f.err), "not below", outside[i]);
        host_cgroup_done(&sub);
    }
    bad(&f, host_cgroup_sub(&f.cg, NULL, "b", &sub, &f.err), "No such file", "one that does not exist");
    host_cgroup_done(&sub);
    good(&f, host_cgroup_sub(&f.cg, NULL, "/", &sub, &f.err), "\"/\" is the container's own");
    host_cgroup_done(&sub);
    good(&f, host_cgroup_sub(&f.cg, NULL, "/a", &sub, &f.err), "one below");
    w = start(sub.process_fd);
    good(&f, host_cgroup_enter(NULL, &sub, w.pid, sub.process_fd >= 0, &f.err), "a process enters it");
    host_cgroup_done(&sub);
    char *inside = NULL;
    OK(asprintf(&inside, "%s/a", f.cg.path) > 0 && lives_in(w.pid, inside), "%s: in every hierarchy", view);
    good(&f, host_cgroup_of_process(&f.cg, w.pid, &sub, &f.err), "where it lives is found");
    struct worker v = start(sub.process_fd);
    good(&f, host_cgroup_enter(NULL, &sub, v.pid, sub.process_fd >= 0, &f.err), "and entered by another");
    OK(lives_in(v.pid, inside), "%s: the same place", view);
    host_cgroup_done(&sub);
    bad(&f, host_cgroup_of_process(&f.cg, getpid(), &sub, &f.err), "not in the container's cgroup",
        "a stranger's is refused");
    host_cgroup_done(&sub);
    free(inside);
    if (facts.cgroup_layout == PLAN_CGROUP_V2)
        bad(&f, host_cgroup_sub(&f.cg, "memory", "a", &sub, &f.err), "one hierarchy",
            "v2 has no controller's hierarchy");
    else
        good(&f, host_cgroup_sub(&f.cg, "memory", "a", &sub, &f.err), "one hierarchy alone");
    host_cgroup_done(&sub);
    good(&f, host_cgroup_kill(&f.cg, SIGKILL, &f.err), "both are killed");
    (void) reap(&v);
    kill_and_remove(&f, &w, "with one below");
    kill_and_remove(&other, NULL, "the sibling");
    remove_top(&other);
    end(&f);
    end(&other);
}

static void test_v1_limits(void)
{
    struct fixture f;
    static const char higher[] =
        "{\"memory\":{\"limit\":209715200,\"swap\":209715200},\"cpu\":{\"quota\":-1}}";
    static const char lower[] =
        "{\"memory\":{\"limit\":52428800,\"swap\":62914560},\"cpu\":{\"burst\":5000,\"period\":50000,"
        "\"quota\":20000}}";
    static const char *const updates[] = { higher, lower };

    good(
        &f,
        create(
            &f, "limits",
            ",\"resources\":{\"memory\":{\"limit\":104857600,\"swap\":104857600,\"swappiness\":7},"
            "\"cpu\":{\"shares\":512,\"quota\":50000,\"period\":100000,\"burst\":10000,\"cpus\":\"0\",\"mems\":\"0\"},"
            "\"pids\":{\"limit\":20},\"blockIO\":{\"throttleReadBpsDevice\":[]}}",
            ""),
        "v1 limits");
    file_is(&f, "memory", "memory.limit_in_bytes", "104857600");
    file_is(&f, "memory", "memory.memsw.limit_in_bytes", "104857600");
    file_is(&f, "memory", "memory.swappiness", "7");
    file_is(&f, "cpu", "cpu.shares", "512");
    file_is(&f, "cpu", "cpu.cfs_quota_us", "50000");
    file_is(&f, "cpu", "cpu.cfs_burst_us", "10000");
    file_is(&f, "cpuset", "cpuset.cpus", "0");
    file_is(&f, "pids", "pids.max", "20");
    for (size_t i = 0; i < 2; i++) {
        good(&f, update(&f, updates[i]), i ? "lowered both" : "raised both");
        file_is(&f, "memory", "memory.limit_in_bytes", i ? "52428800" : "209715200");
        file_is(&f, "memory", "memory.memsw.limit_in_bytes", i ? "62914560" : "209715200");
        file_is(&f, "cpu", "cpu.cfs_quota_us", i ? "20000" : "-1");
    }
    file_is(&f, "cpu", "cpu.cfs_burst_us", "5000");
    kill_and_remove(&f, NULL, "with limits");
    end(&f);
}

/* Has v2 the controller here? Says what is skipped if not. */
static bool v2_has(const char *controller)
{
    char controllers[1024] = "";

    (void) host_cgroup_read(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", controllers, sizeof controllers);
    if (host_cgroup_has_word(controllers, controller))
        return true;
    printf("ok %u - v2: limits of %s # skip cgroup v2 does not have this controller here\n", ++tap_number,
           controller);
    return false;
}

static void test_v2_hugetlb(void)
{
    struct fixture f;

    if (!v2_has("hugetlb"))
        return;
    good(&f,
         create(&f, "a/b/limits",
                ",\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}],"
                "\"unified\":{\"cgroup.max.depth\":\"5\"}}",
                ""),
         "v2 limits, three levels down");
    OK(!strcmp(f.cg.made, "4"), "v2: four directories are ours");
    file_is(&f, "hugetlb", "hugetlb.2MB.max", "4194304");
    file_is(&f, "hugetlb", "hugetlb.2MB.rsvd.max", "4194304");
    file_is(&f, NULL, "cgroup.max.depth", "5");
    kill_and_remove(&f, NULL, "with limits");
    end(&f);
}

static void test_v2_memory(void)
{
    struct fixture f;
    struct worker w;

    if (!v2_has("memory")) {
        bad(&f, create(&f, "limits", ",\"resources\":{\"memory\":{\"limit\":104857600}}", ""),
            "config.json:1: linux.resources.memory.limit: the requested cgroup controller \"memory\" is not "
            "available",
            "a controller that v1 holds is told");
        end(&f);
        return;
    }
    good(
        &f,
        create(&f, "memory",
               ",\"resources\":{\"memory\":{\"limit\":104857600,\"swap\":104857600,\"reservation\":8388608}}",
               ""),
        "limits of memory");
    file_is(&f, "memory", "memory.max", "104857600");
    file_is(&f, "memory", "memory.low", "8388608");
    w = start_in(&f);
    good(&f, update(&f, "{\"memory\":{\"limit\":209715200}}"), "raised");
    file_is(&f, "memory", "memory.max", "209715200");
    OK(ask(&w, "a32") == 0, "v2: 32 MiB are in use");
    bad(&f, update(&f, "{\"memory\":{\"limit\":8388608,\"checkBeforeUpdate\":true}}"), "rejecting",
        "a limit below what is in use is refused if that is asked for");
    OK(ask(&w, "r/dev/null") == 0, "v2: nothing was killed for it");
    good(&f, update(&f, "{\"memory\":{\"limit\":-1}}"), "lifted");
    file_is(&f, "memory", "memory.max", "max");
    bad(&f, update(&f, "{\"memory\":{\"swap\":8388608}}"), "below",
        "swap alone has nothing to be counted with then");
    kill_and_remove(&f, &w, "with limits of memory");
    end(&f);
}

static void test_v2_cpu(void)
{
    struct fixture f;

    if (!v2_has("cpu"))
        return;
    good(&f,
         create(&f, "cpu",
                ",\"resources\":{\"cpu\":{\"shares\":512,\"quota\":50000,\"period\":200000,\"burst\":10000}}",
                ""),
         "limits of cpu");
    file_is(&f, "cpu", "cpu.weight", "59");
    file_is(&f, "cpu", "cpu.max", "50000 200000");
    file_is(&f, "cpu", "cpu.max.burst", "10000");
    good(&f, update(&f, "{\"cpu\":{\"quota\":20000}}"), "another quota");
    file_is(&f, "cpu", "cpu.max", "20000 200000");
    good(&f, update(&f, "{\"cpu\":{\"period\":100000}}"), "another period");
    file_is(&f, "cpu", "cpu.max", "20000 100000");
    good(&f, update(&f, "{\"cpu\":{\"quota\":40000,\"burst\":30000}}"), "quota and burst raised");
    good(&f, update(&f, "{\"cpu\":{\"quota\":5000,\"burst\":1000}}"), "quota and burst lowered");
    file_is(&f, "cpu", "cpu.max.burst", "1000");
    good(&f, update(&f, "{\"cpu\":{\"idle\":1}}"), "idle");
    good(&f, update(&f, "{\"cpu\":{\"idle\":0,\"shares\":1024}}"), "no longer idle, with a weight");
    file_is(&f, "cpu", "cpu.weight", "100");
    kill_and_remove(&f, NULL, "with limits of cpu");
    end(&f);
}

static void test_v2_pids(void)
{
    struct fixture f;
    struct worker w;

    if (!v2_has("pids"))
        return;
    good(&f, create(&f, "pids", ",\"resources\":{\"pids\":{\"limit\":0}}", ""), "no process at all");
    w = start_in(&f);
    check_number(ask(&w, "f1"), -EAGAIN, "it can't make another");
    good(&f, update(&f, "{\"pids\":{\"limit\":3}}"), "two more");
    check_number(ask(&w, "f2"), 0, "it can");
    check_number(ask(&w, "f1"), -EAGAIN, "but not three");
    kill_and_remove(&f, &w, "with a limit of processes");
    end(&f);
}

static uid_t owner(int fd, const char *file)
{
    struct stat st;

    return fstatat(fd, file, &st, AT_EMPTY_PATH) < 0 ? (uid_t) -1 : st.st_uid;
}

static void test_v2_delegation(void)
{
    static const char mounts[] =
        ",\"mounts\":[{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\"}]";
    static const char annotation[] = ",\"annotations\":{\"run.oci.delegate-cgroup\":\"inner\"}";
    struct fixture f;
    struct worker w;

    good(&f, create(&f, "delegated", ",\"namespaces\":[{\"type\":\"cgroup\"}]", mounts),
         "made, to be given away");
    good(&f, host_cgroup_delegate(&f.plan, &f.cg, 1234, &f.err), "given to user 1234");
    OK(owner(f.cg.dir_fd, "") == 1234 && owner(f.cg.dir_fd, "cgroup.procs") == 1234 &&
           owner(f.cg.dir_fd, "cgroup.subtree_control") == 1234,
       "v2: the directory and the files that matter");
    OK(owner(f.cg.dir_fd, "cgroup.max.depth") == 0 && owner(f.cg.dir_fd, "cgroup.freeze") == 0,
       "v2: and not the limits");
    kill_and_remove(&f, NULL, "given away");
    end(&f);

    good(&f, create(&f, "outer", "", annotation), "made, with an inner one to be given away");
    good(&f, host_cgroup_delegate(&f.plan, &f.cg, 1234, &f.err), "the inner one is given away");
    OK(owner(f.cg.process_fd, "") == 1234 && owner(f.cg.dir_fd, "") == 0, "v2: it alone");
    w = start_in(&f);
    char *inner = NULL;
    OK(asprintf(&inner, "%s/inner", f.cg.path) > 0 && lives_in(w.pid, inner),
       "v2: the process lives in the inner one");
    free(inner);
    kill_and_remove(&f, &w, "with the inner one");
    end(&f);
}

static void test_oom(void)
{
    struct host_cgroup_watch watch = HOST_CGROUP_WATCH_INIT;
    struct fixture f;
    struct worker w;
    uint64_t kills = 7;

    good(&f, create(&f, "oom", ",\"resources\":{\"memory\":{\"limit\":16777216,\"swap\":16777216}}", ""),
         "made, with little memory");
    w = start_in(&f);
    good(&f, host_cgroup_watch_open(&f.cg, &watch, &f.err), "its memory is watched");
    OK(host_cgroup_watch_next(&watch) == 0, "%s: nothing happened yet", view);
    OK(ask(&w, "a64") == -EPIPE, "%s: it asks for more and dies", view);
    struct pollfd p = { .fd = watch.fd, .events = watch.events };
    OK(poll(&p, 1, 10000) == 1 && host_cgroup_watch_next(&watch) == 1, "%s: that is told", view);
    OK(host_cgroup_oom_kills(&f.cg, &kills) == 0 && kills == 1, "%s: and counted", view);
    kill_and_remove(&f, &w, "after an OOM kill");
    OK(host_cgroup_watch_next(&watch) < 0, "%s: the watch tells of the end", view);
    host_cgroup_watch_close(&watch);
    end(&f);
}

static void test_stats(void)
{
    struct host_cgroup_stats stats = { 0 };
    autoarena struct arena arena = { 0 };
    struct json_text json = { 0 };
    struct fixture f;
    struct worker w;

    good(&f, create(&f, "stats", "", ""), "made, to be measured");
    w = start_in(&f);
    OK(ask(&w, "a8") == 0, "%s: it uses something", view);
    good(&f, host_cgroup_stats(&f.cg, &arena, &stats, &f.err), "there are statistics");
    OK(stats.cpu.total > 0 && stats.cpu.total >= stats.cpu.user, "%s: of time", view);
    OK(stats.pids.current == 1, "%s: of processes", view);
    if (host_cgroup_dir_of(&f.cg, "memory") &&
        faccessat(host_cgroup_dir_of(&f.cg, "memory")->fd, "memory.stat", F_OK, 0) == 0)
        OK(stats.memory.memory.usage >= 8 << 20 && stats.memory.raw.n > 10, "%s: of memory", view);
    OK(host_cgroup_stats_json(&stats, NULL, &json) == 0 &&
           !strncmp(json.v, "{\"cpu\":{\"usage\":{\"total\":", 25),
       "%s: as JSON", view);
    printf("# stats %s\n", json.v);
    json_text_free(&json);
    kill_and_remove(&f, &w, "after measuring");
    end(&f);
}

/* A user to whom no cgroup was delegated. */
static void test_rootless(void)
{
    const struct plan_facts privileged = facts;
    bool v2 = facts.cgroup_layout == PLAN_CGROUP_V2;
    struct fixture f;
    int r;

    facts.rootless = facts.may_lack_cgroup = true;
    facts.euid = 65534;
    if (seteuid(65534) < 0)
        abort();
    good(&f, create(&f, "rootless", "", ""), "a user's container that asks for no limit");
    OK(!f.cg.path && f.cg.process_fd == -1 && !host_cgroup_exists(&f.cg), "%s: has no cgroup", view);
    good(&f, host_cgroup_enter(&f.plan, &f.cg, getpid(), false, &f.err), "and none to enter");
    good(&f, host_cgroup_remove(&f.cg, &f.err), "or to remove");
    end(&f);
    r = create(&f, "rootless",
               v2 ? ",\"resources\":{\"unified\":{\"cgroup.max.depth\":\"1\"}}"
                  : ",\"resources\":{\"memory\":{\"limit\":104857600}}",
               "");
    bad(&f, r, "Permission denied", "one that asks for a limit is refused");
    end(&f);
    if (seteuid(0) < 0)
        abort();
    facts = privileged;
}

/* ---- views --------------------------------------------------------------------------------------------- */

static void run_all(const char *name)
{
    view = name;
    arena_free(&facts_arena);
    if (host_cgroup_facts(&facts, &facts_arena) < 0 || facts.cgroup_layout == PLAN_CGROUP_NONE) {
        printf("ok %u - %s # skip no cgroups are mounted\n", ++tap_number, name);
        return;
    }
    printf("# %s: layout %d, %zu hierarchies\n", name, facts.cgroup_layout, facts.n_hierarchies);
    test_life();
    test_open();
    test_nested();
    test_signal();
    test_remove_empty();
    test_freeze();
    test_given();
    test_failure();
    test_devices();
    test_sub();
    test_stats();
    test_rootless();
    if (facts.cgroup_layout == PLAN_CGROUP_V2) {
        test_v2_hugetlb();
        test_v2_memory();
        test_v2_cpu();
        test_v2_pids();
        test_v2_delegation();
    } else {
        test_v1_limits();
    }
    if (facts.cgroup_layout != PLAN_CGROUP_V2 || v2_has("memory"))
        test_oom();
}

/* The v1 hierarchies on a tmpfs of their own, which then covers /sys/fs/cgroup. */
static bool show_v1_alone(void)
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

int main(void)
{
    if (geteuid() != 0) {
        printf("1..0 # skip cgroups are made by root\n");
        return 77;
    }
    (void) snprintf(top, sizeof top, "/ocirt-cgroup-test-%d", getpid());
    run_all("as it is");
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0) {
        printf("ok %u - other views # skip a mount namespace: %s\n", ++tap_number, strerror(errno));
        return tap_done();
    }
    if (facts.cgroup_layout == PLAN_CGROUP_HYBRID && OK(show_v1_alone(), "a view of v1 alone"))
        run_all("v1");
    if (facts.cgroup_layout != PLAN_CGROUP_V2 &&
        OK(mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL) == 0, "a view of v2 alone"))
        run_all("v2");
    arena_free(&facts_arena);
    return tap_done();
}
