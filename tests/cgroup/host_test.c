/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_test.c - a container's cgroup from its name to its removal, asked of the kernel (root).
 */
#include "tests/cgroup/fixture.h"

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
           : "config.json:1: linux.resources.cpu.cpus: write \"4095\" to "
             "/sys/fs/cgroup/cpuset/ocirt-cgroup-test-",
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

static void run_all(void)
{
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
}

int main(void)
{
    return in_each_view(run_all);
}
