/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state_table.c - which property of state.json fills which member of struct host_state.
 *
 * "ocirt" marks the file as ours, and tells its format.  Some names are those of runc's file of the same
 * name, for the tools that read its pid.  None is required, so that the file of another runtime can be told
 * from a spoilt one.
 */
#include "host/state.h"

/* clang-format off */

#define F(s, m, json)                JSON_FIELD(struct s, m, json)
#define CHOICE(s, m, json, words)    JSON_FIELD_OF(struct s, m, json, JSON_CHOICE, &words)
#define OBJ(s, m, json, t)           JSON_FIELD_OF(struct s, m, json, JSON_OBJECT, &t##_type)
#define OBJS(s, m, json, t)          JSON_FIELD_OF(struct s, m, json, JSON_OBJECTS, &t##_type)
#define TYPE(s)                                                                                         \
    const struct json_type s##_type = {                                                                 \
        .size = sizeof(struct s), .n_fields = sizeof s##_fields / sizeof *s##_fields, .fields = s##_fields }

static const char *const manager_words[] = {
    [HOST_MANAGER_CGROUPFS] = "cgroupfs",
    [HOST_MANAGER_SYSTEMD] = "systemd",
    [HOST_MANAGER_DISABLED] = "disabled",
};
static const struct json_words managers = { manager_words, sizeof manager_words / sizeof *manager_words };

static const struct json_field host_state_config_fields[] = {
    F(host_state_config, process, "process"),
    F(host_state_config, own_pids, "ownPids"),
    F(host_state_config, start_container, "startContainer"),
    F(host_state_config, poststart, "poststart"),
    F(host_state_config, poststop, "poststop"),
};
TYPE(host_state_config);

static const struct json_field host_state_cgroup_fields[] = {
    CHOICE(host_state_cgroup, manager, "manager", managers),
    F(host_state_cgroup, path, "path"),
    F(host_state_cgroup, scope, "scope"),
    F(host_state_cgroup, subgroup, "subgroup"),
    F(host_state_cgroup, made, "made"),
};
TYPE(host_state_cgroup);

static const struct json_field host_state_net_device_fields[] = {
    F(host_state_net_device, host_name, "hostName"),
    F(host_state_net_device, name, "name"),
};
TYPE(host_state_net_device);

static const struct json_field host_state_rdt_fields[] = {
    F(host_state_rdt, group, "group"),
    F(host_state_rdt, made, "made"),
    F(host_state_rdt, keep, "keep"),
    F(host_state_rdt, monitoring, "monitoring"),
};
TYPE(host_state_rdt);

static const struct json_field host_state_fields[] = {
    F(host_state, format, "ocirt"),
    F(host_state, id, "id"),
    F(host_state, pid, "init_process_pid"),
    F(host_state, inode, "init_process_inode"),
    F(host_state, start_time, "init_process_start"),
    F(host_state, created, "created"),
    F(host_state, creating, "creating"),
    F(host_state, oci_version, "ociVersion"),
    F(host_state, bundle, "bundle"),
    F(host_state, rootfs, "rootfs"),
    F(host_state, owner, "owner"),
    F(host_state, detached, "detached"),
    F(host_state, terminal, "terminal"),
    F(host_state, rootless, "rootless"),
    F(host_state, has_seccomp, "seccomp"),
    F(host_state, has_user_namespace, "userNamespace"),
    F(host_state, has_time_namespace, "timeNamespace"),
    F(host_state, annotations, "annotations"),
    OBJ(host_state, config, "config", host_state_config),
    OBJ(host_state, cgroup, "cgroup", host_state_cgroup),
    OBJ(host_state, rdt, "rdt", host_state_rdt),
    OBJS(host_state, net_devices, "netDevices", host_state_net_device),
    F(host_state, mounts, "mounts"),
    F(host_state, notify_directory, "notifyDirectory"),
};
TYPE(host_state);

/* clang-format on */
