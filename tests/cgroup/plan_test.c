/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_test.c - for each NAME.json of this directory, what plan_cgroup_compile() makes of it on cgroup v2 and
 * v1.
 *
 * The expected text is in NAME.v2 and NAME.v1, warnings and errors included.  A name that begins with
 * "systemd-" or "disabled-" uses that manager, one with "update-" is compiled as an update of a cgroup with
 * memory.max 100 MiB and cpu.max "50000 200000".  With OCIRT_UPDATE_GOLDEN set, the expectations are written
 * anew: look at the difference.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "plan/cgroup.h"
#include "tests/spec/tap.h"

static const struct plan_hierarchy hierarchies[] = {
    { "blkio", "blkio" },     { "cpu,cpuacct", "cpu,cpuacct" },
    { "cpuset", "cpuset" },   { "devices", "devices" },
    { "freezer", "freezer" }, { "hugetlb", "hugetlb" },
    { "memory", "memory" },   { "net_cls,net_prio", "net_cls,net_prio" },
    { "pids", "pids" },       { "systemd", "none,name=systemd" },
};

static void print_warning(void *context, const char *text)
{
    text_add(context, "warning: %s\n", text);
}

static void print_errors(const struct err *err, struct text *out)
{
    for (const struct err *e = err; e && err_is_set(e); e = e->next) {
        text_add(out, "error: %s %s\n", err_code_name(e->code), e->text);
        if (e->hint)
            text_add(out, "hint: %s\n", e->hint);
    }
}

/* What plan/devices.c makes of linux.devices, as far as it matters here. */
static void set_devices(struct plan *plan)
{
    const struct oci_linux *l = plan->spec->linux;

    plan->n_devices = l ? l->devices.n : 0;
    plan->devices = arena_array(&plan->arena, plan->n_devices + 1, sizeof *plan->devices);
    for (size_t i = 0; i < plan->n_devices; i++)
        plan->devices[i] = (struct plan_device){
            .path = l->devices.v[i]->path,
            .mode = l->devices.v[i]->type == OCI_DEVICE_BLOCK  ? S_IFBLK
                    : l->devices.v[i]->type == OCI_DEVICE_FIFO ? S_IFIFO
                                                               : S_IFCHR,
            .major = (unsigned) l->devices.v[i]->major,
            .minor = (unsigned) l->devices.v[i]->minor,
            .from = l->devices.v[i],
        };
}

static int compile_update(struct plan *plan, struct err *err)
{
    const struct plan_cgroup_current current = { .memory_limit = 100 << 20,
                                                 .quota = 50000,
                                                 .period = 200000 };

    return plan_cgroup_writes_compile(plan->spec->linux->resources, &plan->facts, &current, &plan->arena,
                                      &plan->cgroup.writes, err);
}

static bool begins(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

static void compile(const char *name, const struct oci_spec *spec, const char *json, bool v2,
                    struct text *out)
{
    struct err_source source = { .name = "config.json", .text = json };
    struct err err = { .source = &source, .warn = print_warning, .context = out, .collect = true };
    struct plan plan = {
        .spec = spec,
        .options = { .id = "web1",
                     .manager = begins(name, "systemd-")    ? PLAN_MANAGER_SYSTEMD
                                : begins(name, "disabled-") ? PLAN_MANAGER_DISABLED
                                                            : PLAN_MANAGER_CGROUPFS },
        .facts = { .cgroup_layout = v2 ? PLAN_CGROUP_V2 : PLAN_CGROUP_V1,
                   .hierarchies = v2 ? NULL : hierarchies,
                   .n_hierarchies = v2 ? 0 : sizeof hierarchies / sizeof *hierarchies },
    };

    set_devices(&plan);
    if ((begins(name, "update-") ? compile_update(&plan, &err) : plan_cgroup_compile(&plan, &err)) == 0)
        plan_cgroup_print(&plan, out);
    print_errors(&err, out);
    err_done(&err);
    arena_free(&plan.arena);
}

static char *slurp(int dir_fd, const char *name, struct arena *arena, size_t *ret_n)
{
    autoclose int fd = sys_openat(dir_fd, name, O_RDONLY, 0);
    char *text = NULL;

    return fd >= 0 && json_slurp(fd, arena, &text, ret_n) == 0 ? text : NULL;
}

static void check_one(int dir_fd, const char *name, const struct oci_spec *spec, const char *json, bool v2)
{
    autoarena struct arena arena = { 0 };
    autotext struct text got = { 0 }, file = { 0 };
    size_t n;

    text_add(&file, "%.*s.%s", (int) (strlen(name) - strlen(".json")), name, v2 ? "v2" : "v1");
    compile(name, spec, json, v2, &got);
    if (getenv("OCIRT_UPDATE_GOLDEN")) {
        autoclose int fd = sys_openat(dir_fd, text_string(&file), O_WRONLY | O_CREAT | O_TRUNC, 0644);

        check(fd >= 0 && sys_write(fd, text_string(&got), got.n) == (ssize_t) got.n, "%s written",
              text_string(&file));
        return;
    }
    check_text(text_string(&got), slurp(dir_fd, text_string(&file), &arena, &n), text_string(&file));
}

static void check_file(int dir_fd, const char *name)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error error;
    size_t n = 0;
    char *json = slurp(dir_fd, name, &arena, &n);

    if (!json || json_read(&oci_spec_type, &spec, "config.json", json, n, &arena, &error) < 0) {
        check(false, "%s can be read: %s", name, json ? error.text : strerror(errno));
        return;
    }
    check_one(dir_fd, name, &spec, json, true);
    check_one(dir_fd, name, &spec, json, false);
}

static int is_json(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 5 && !strcmp(e->d_name + n - 5, ".json");
}

static void check_paths(void)
{
    static const char *const sound[] = { "/a", "a/b", "/a/..b", "/...", "/a:b:c" };
    static const char *const unsound[] = { "",      "/",    "/a/",     "a//b",  "..",
                                           "/a/..", "../a", "/a/../b", "a/./b", "/a\nb" };

    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        check(plan_cgroup_path_is_sound(sound[i]), "\"%s\" is sound", sound[i]);
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        check(!plan_cgroup_path_is_sound(unsound[i]), "unsound path %zu is refused", i);
}

static void check_weights(void)
{
    static const struct {
        uint64_t shares, weight;
    } cpu[] = {
        { 0, 0 },      { 1, 1 },      { 2, 1 },          { 102, 17 },           { 512, 59 },
        { 1024, 100 }, { 2048, 174 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
    };
    static const struct {
        uint64_t weight, io;
    } io[] = { { 0, 0 }, { 10, 1 }, { 100, 910 }, { 500, 4950 }, { 1000, 10000 } };
    uint64_t last = 0;
    bool rises = true;

    for (size_t i = 0; i < sizeof cpu / sizeof *cpu; i++)
        check_number((long long) plan_cgroup_cpu_weight(cpu[i].shares), (long long) cpu[i].weight,
                     "cpu.weight");
    for (size_t i = 0; i < sizeof io / sizeof *io; i++)
        check_number((long long) plan_cgroup_io_weight(io[i].weight), (long long) io[i].io, "io.weight");
    for (uint64_t shares = 1; shares <= 262144; shares++) {
        uint64_t weight = plan_cgroup_cpu_weight(shares);

        rises &= weight >= last && weight >= 1 && weight <= 10000;
        last = weight;
    }
    check(rises, "cpu.weight never falls as the shares rise, and stays within 1 to 10000");
}

int main(void)
{
    const char *tests = getenv("OCIRT_TESTS"); /* tests/run sets it */
    autoclose int tests_fd = sys_openat(AT_FDCWD, tests ? tests : "tests", O_PATH | O_DIRECTORY, 0);
    autoclose int dir_fd = sys_openat(tests_fd, "cgroup", O_RDONLY | O_DIRECTORY, 0);
    struct dirent **entries;
    int n = scandirat(dir_fd, ".", &entries, is_json, alphasort);

    check(n > 0, "there are golden files");
    for (int i = 0; i < n; i++) {
        check_file(dir_fd, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    check_paths();
    check_weights();
    return tap_done();
}
