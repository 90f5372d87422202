/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * properties_test.c - for each NAME.json of this directory, what systemd is told of the container's unit.
 *
 * The expected text is in NAME.v2, and in NAME.v1 where there is one; errors included.  A name that begins
 * with "update-" is compiled as an update of a cgroup with memory.max 100 MiB and cpu.max "50000 200000",
 * with "rootless-" for an unprivileged caller.  With OCIRT_UPDATE_GOLDEN set, the expectations are written
 * anew: look at the difference.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "plan/systemd_properties.h"
#include "tests/spec/tap.h"

static const struct plan_hierarchy hierarchies[] = {
    { "blkio", "blkio" },     { "cpu,cpuacct", "cpu,cpuacct" },
    { "devices", "devices" }, { "memory", "memory" },
    { "pids", "pids" },       { "systemd", "none,name=systemd" },
};

static bool begins(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

static void print_errors(const struct err *err, struct text *out)
{
    for (const struct err *e = err; e && err_is_set(e); e = e->next) {
        text_add(out, "error: %s %s\n", err_code_name(e->code), e->text);
        if (e->hint)
            text_add(out, "hint: %s\n", e->hint);
    }
}

static int compile_update(struct plan *plan, struct err *err)
{
    const struct plan_cgroup_current current = { .memory_limit = 100 << 20,
                                                 .quota = 50000,
                                                 .period = 200000 };
    const struct oci_resources *resources = plan->spec->linux->resources;
    int r = plan_cgroup_writes_compile(resources, &plan->facts, &current, &plan->arena, &plan->cgroup.writes,
                                       err);

    if (r == 0)
        r = plan_device_rules_compile(resources, NULL, 0, &plan->arena, &plan->cgroup.device_rules, err);
    if (r < 0)
        return r;
    return plan_systemd_limits_compile(&plan->facts, plan->cgroup.writes,
                                       resources->devices.n ? plan->cgroup.device_rules : NULL, &plan->arena,
                                       &plan->cgroup.properties, err);
}

static void compile(const char *name, const struct oci_spec *spec, const char *json, bool v2,
                    struct text *out)
{
    struct err_source source = { .name = "config.json", .text = json };
    struct err err = { .source = &source, .collect = true };
    struct plan plan = {
        .spec = spec,
        .options = { .id = "web1", .manager = PLAN_MANAGER_SYSTEMD },
        .facts = { .cgroup_layout = v2 ? PLAN_CGROUP_V2 : PLAN_CGROUP_V1,
                   .hierarchies = v2 ? NULL : hierarchies,
                   .n_hierarchies = v2 ? 0 : sizeof hierarchies / sizeof *hierarchies,
                   .rootless = begins(name, "rootless-") },
    };

    if ((begins(name, "update-") ? compile_update(&plan, &err) : plan_cgroup_compile(&plan, &err)) == 0)
        plan_systemd_properties_print(plan.cgroup.properties, "", out);
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
    if (!v2 && faccessat(dir_fd, text_string(&file), F_OK, 0) < 0)
        return;
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

int main(void)
{
    const char *tests = getenv("OCIRT_TESTS"); /* tests/run sets it */
    autoclose int tests_fd = sys_openat(AT_FDCWD, tests ? tests : "tests", O_PATH | O_DIRECTORY, 0);
    autoclose int dir_fd = sys_openat(tests_fd, "systemd", O_RDONLY | O_DIRECTORY, 0);
    struct dirent **entries;
    int n = scandirat(dir_fd, ".", &entries, is_json, alphasort);

    check(n > 0, "there are golden files");
    for (int i = 0; i < n; i++) {
        check_file(dir_fd, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return tap_done();
}
