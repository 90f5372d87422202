/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_stats.c - any bytes in the files of a cgroup: the statistics are JSON all the same.
 *
 * The input is a list of strings, each with the file's number in front.  They are made ASCII, which is what
 * the kernel writes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/cgroup_stats.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = {
    "memory.stat",
    "cpu.stat",
    "io.stat",
    "memory.events",
    "cpu.pressure",
    "memory.pressure",
    "io.pressure",
    "pids.max",
    "pids.current",
    "memory.max",
    "memory.current",
    "memory.peak",
    "memory.swap.current",
    "memory.swap.max",
    "cgroup.procs",
    "hugetlb.2MB.current",
    "hugetlb.2MB.max",
    "hugetlb.2MB.events",
    "cpuacct.usage",
    "cpuacct.usage_percpu",
    "cpuacct.usage_all",
    "cpuacct.stat",
    "cpuset.cpus",
    "cpuset.mems",
    "cpuset.sched_relax_domain_level",
    "memory.usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    "memory.oom_control",
    "hugetlb.2MB.usage_in_bytes",
    "blkio.throttle.io_service_bytes",
    "blkio.throttle.io_serviced",
    "blkio.throttle.io_service_bytes_recursive",
    "blkio.bfq.io_service_bytes_recursive",
};
enum { FILES = sizeof names / sizeof *names };

static char path[] = "/tmp/fuzz-stats-XXXXXX";
static int dir_fd = -1, files[FILES];
static bool filled[FILES];

/* One property that nothing has: all of the document is read over. */
struct anything {
    struct json_node node;
    char *nothing;
};
static const struct json_field anything_fields[] = { JSON_FIELD(struct anything, nothing, "nothing at all") };
static const struct json_type anything_type = {
    .size = sizeof(struct anything),
    .n_fields = 1,
    .fields = anything_fields,
};

static void remove_files(void)
{
    for (size_t i = 0; i < FILES; i++)
        (void) unlinkat(dir_fd, names[i], 0);
    (void) rmdir(path);
}

static void open_files(void)
{
    require(mkdtemp(path));
    dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < FILES; i++) {
        files[i] = openat(dir_fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        require(files[i] >= 0);
    }
    (void) atexit(remove_files);
}

static void fill(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < FILES; i++)
        if (filled[i])
            require(ftruncate(files[i], 0) == 0);
    memset(filled, 0, sizeof filled);
    while (size) {
        size_t n = strnlen((const char *) data + 1, size - 1), file = data[0] % FILES;

        require(pwrite(files[file], data + 1, n, 0) == (ssize_t) n);
        filled[file] = true;
        n = n + 2 < size ? n + 2 : size;
        data += n;
        size -= n;
    }
}

static void print(const struct host_cgroup_stats *stats, struct arena *arena)
{
    struct json_text out = { 0 };
    struct anything anything = { 0 };
    struct json_error err;

    require(host_cgroup_stats_json(stats, NULL, &out) == 0);
    require(json_read(&anything_type, &anything, "stats", out.v, out.n, arena, &err) == 0);
    json_text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char all[] = "cpu,cpuacct,memory,pids,blkio,hugetlb,cpuset";
    autoarena struct arena arena = { 0 };
    struct host_cgroup_stats v1 = { 0 }, v2 = { 0 };
    struct host_cgroup_dir dir = { .name = all, .root_fd = -1 };
    struct host_cgroup cg = {
        .layout = PLAN_CGROUP_V1, .dirs = &dir, .n_dirs = 1, .dir_fd = -1, .process_fd = -1
    };

    char *text = fuzz_string(&arena, data, size);

    if (dir_fd < 0)
        open_files();
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] & 127;
    fill((const uint8_t *) text, size);
    dir.fd = dir_fd;
    host_cgroup_stats_v2(dir_fd, &arena, &v2);
    print(&v2, &arena);
    host_cgroup_stats_v1(&cg, &arena, &v1);
    print(&v1, &arena);
    return 0;
}
