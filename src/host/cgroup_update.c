/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_update.c - new limits for a running container.
 *
 * Nothing is frozen meanwhile: each file takes its value at once, and a failure half-way leaves a container
 * that runs with the limits written so far, as the error tells.
 */
#include "host/cgroup_dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "host/cgroup_manager.h"
#include "host/device_bpf.h"

/*
 * "max 100000" or "50000 100000"; absent where the controller is not enabled yet: then the defaults are in
 * force.
 */
static void read_bandwidth(int dir_fd, struct plan_cgroup_current *current)
{
    char buf[128];
    ssize_t n = host_cgroup_read(dir_fd, "cpu.max", buf, sizeof buf);
    char *space = n > 0 ? strchr(buf, ' ') : NULL;

    if (!space)
        return;
    current->quota = strncmp(buf, "max", 3) ? strtoll(buf, NULL, 10) : -1;
    current->period = strtoull(space + 1, NULL, 10);
}

static struct plan_cgroup_current read_current(const struct host_cgroup *cg)
{
    struct plan_cgroup_current current = { .quota = -1 };
    uint64_t limit;

    if (cg->layout != PLAN_CGROUP_V2)
        return current;
    read_bandwidth(cg->dir_fd, &current);
    if (host_cgroup_read_number(cg->dir_fd, "memory.max", &limit) == 0)
        current.memory_limit = limit > INT64_MAX ? -1 : (int64_t) limit;
    return current;
}

static int update_devices(const struct plan *plan, const struct host_cgroup *cg,
                          const struct plan_device_rules *rules, struct err *err)
{
    const struct host_cgroup_dir *v1 =
        cg->layout == PLAN_CGROUP_V2 ? NULL : host_cgroup_dir_of(cg, "devices");

    if (plan->facts.rootless || plan->facts.in_user_namespace)
        return 0;
    if (v1 && v1->fd >= 0)
        return host_cgroup_v1_update_devices(cg, rules, err);
    if (cg->dir_fd < 0)
        return err_set(err, ERR_UNSUPPORTED, 0, "the container has no cgroup that could restrict devices");
    return host_device_bpf_replace(cg->dir_fd, rules, err);
}

static int update_limits(const struct host_cgroup *cg, const struct plan_cgroup_writes *writes,
                         struct err *err)
{
    int r = writes->n && cg->layout == PLAN_CGROUP_V2 ? host_cgroup_v2_enable(cg, writes, false, err) : 0;

    return r < 0 ? r : host_cgroup_write_all(cg, writes, err);
}

int host_cgroup_update(const struct plan *plan, struct host_cgroup *cg, const struct oci_resources *resources,
                       struct err *err)
{
    struct plan_cgroup_current current;
    struct plan_device_rules *rules = NULL;
    struct plan_cgroup_writes *writes;
    autoarena struct arena arena = { 0 };
    int r;

    if (!host_cgroup_exists(cg))
        return err_set(err, ERR_CGROUP, ENOENT, "cgroup not exist: the container has none to be updated");
    current = read_current(cg);
    r = plan_cgroup_writes_compile(resources, &plan->facts, &current, &arena, &writes, err);
    if (r == 0 && resources->devices.n)
        r = plan_device_rules_compile(resources, plan->devices, plan->n_devices, &arena, &rules, err);
    if (r == 0)
        r = update_limits(cg, writes, err);
    if (r == 0 && rules)
        r = update_devices(plan, cg, rules, err);
    /* After the kernel has accepted the values. */
    if (r == 0 && host_cgroup_manager(cg))
        r = host_cgroup_managed_update(plan, cg, writes, rules, err);
    return r;
}
