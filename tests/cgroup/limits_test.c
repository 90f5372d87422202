/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits_test.c - a container's limits and its cgroup's owner, asked of the kernel and felt by a process
 * (root).
 */
#include "tests/cgroup/fixture.h"

static void test_v1_limits(void)
{
    struct fixture f;
    static const char higher[] =
        "{\"memory\":{\"limit\":209715200,\"swap\":209715200},\"cpu\":{\"quota\":-1}}";
    static const char lower[] =
        "{\"memory\":{\"limit\":52428800,\"swap\":62914560},\"cpu\":{\"burst\":5000,\"period\":50000,"
        "\"quota\":20000}}";
    static const char *const updates[] = { higher, lower };

    good(&f,
         create(&f, "limits",
                ",\"resources\":{\"memory\":{\"limit\":104857600,\"swap\":104857600,\"swappiness\":7},"
                "\"cpu\":{\"shares\":512,\"quota\":50000,\"period\":100000,\"burst\":10000,\"cpus\":\"0\","
                "\"mems\":\"0\"},"
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

static void run_all(void)
{
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

int main(void)
{
    return in_each_view(run_all);
}
