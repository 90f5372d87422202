/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_schema.c - which property of config.json fills which member.
 *
 * One table per JSON object, in the order of the specification.  To support a
 * new property: add the member to oci_spec.h and its row here; nothing else.
 */
#include "oci_spec.h"

#define F(s, m, json, ...)    JSON_FIELD(struct oci_##s, m, json, __VA_ARGS__)
#define CHOICE(s, m, json, names, ...)  JSON_FIELD_OF(struct oci_##s, m, json, JSON_CHOICE, names, __VA_ARGS__)
#define OBJ(s, m, json, t, ...)  JSON_FIELD_OF(struct oci_##s, m, json, JSON_OBJECT, &oci_##t##_type, __VA_ARGS__)
#define OBJS(s, m, json, t, ...) JSON_FIELD_OF(struct oci_##s, m, json, JSON_OBJECTS, &oci_##t##_type, __VA_ARGS__)
#define DICT(s, m, json, t)   JSON_FIELD_OF(struct oci_##s, m, json, JSON_DICT, &oci_##t##_type, 0)
#define FIELDS(s)             static const struct json_field s##_fields[]
#define TYPE_(link, s, k)     link const struct json_type oci_##s##_type = { \
    .size = sizeof(struct oci_##s), .n_fields = sizeof s##_fields / sizeof *s##_fields, .fields = s##_fields, .key = k }
#define TYPE(s)               TYPE_(static, s, 0)
#define KEYED_TYPE(s)         TYPE_(static, s, offsetof(struct oci_##s, key))
#define PUBLIC_TYPE(s)        TYPE_(, s, 0)

#define REQ JSON_REQUIRED

static const char *const namespace_types[] =
    { "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time", NULL };
static const char *const seccomp_actions[] =
    { "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
      "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", NULL };
static const char *const seccomp_ops[] =
    { "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
      "SCMP_CMP_MASKED_EQ", NULL };
static const char *const sched_policies[] =
    { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE", NULL };

FIELDS(box) = { F(box, height, "height", REQ), F(box, width, "width", REQ) };
TYPE(box);

FIELDS(user) = {
    F(user, uid, "uid"), F(user, gid, "gid"), F(user, umask, "umask"),
    F(user, additional_gids, "additionalGids"), F(user, username, "username"),
};
TYPE(user);

FIELDS(capabilities) = {
    F(capabilities, bounding, "bounding"), F(capabilities, effective, "effective"),
    F(capabilities, inheritable, "inheritable"), F(capabilities, permitted, "permitted"),
    F(capabilities, ambient, "ambient"),
};
TYPE(capabilities);

FIELDS(rlimit) = { F(rlimit, type, "type", REQ), F(rlimit, soft, "soft", REQ), F(rlimit, hard, "hard", REQ) };
TYPE(rlimit);

FIELDS(scheduler) = {
    CHOICE(scheduler, policy, "policy", sched_policies, REQ), F(scheduler, nice, "nice"),
    F(scheduler, priority, "priority"), F(scheduler, flags, "flags"), F(scheduler, runtime, "runtime"),
    F(scheduler, deadline, "deadline"), F(scheduler, period, "period"),
};
TYPE(scheduler);

FIELDS(io_priority) = { F(io_priority, class, "class", REQ), F(io_priority, priority, "priority") };
TYPE(io_priority);

FIELDS(cpu_affinity) = { F(cpu_affinity, initial, "initial"), F(cpu_affinity, final, "final") };
TYPE(cpu_affinity);

FIELDS(process) = {
    F(process, terminal, "terminal"),
    OBJ(process, console_size, "consoleSize", box),
    OBJ(process, user, "user", user),
    F(process, args, "args"),
    F(process, env, "env"),
    F(process, cwd, "cwd", REQ),
    OBJ(process, capabilities, "capabilities", capabilities),
    OBJS(process, rlimits, "rlimits", rlimit),
    F(process, no_new_privileges, "noNewPrivileges"),
    F(process, apparmor_profile, "apparmorProfile"),
    F(process, oom_score_adj, "oomScoreAdj"),
    OBJ(process, scheduler, "scheduler", scheduler),
    F(process, selinux_label, "selinuxLabel"),
    OBJ(process, io_priority, "ioPriority", io_priority),
    OBJ(process, exec_cpu_affinity, "execCPUAffinity", cpu_affinity),
};
PUBLIC_TYPE(process);

FIELDS(root) = { F(root, path, "path", REQ), F(root, readonly, "readonly") };
TYPE(root);

FIELDS(id_mapping) = {
    F(id_mapping, container_id, "containerID", REQ), F(id_mapping, host_id, "hostID", REQ),
    F(id_mapping, size, "size", REQ),
};
TYPE(id_mapping);

FIELDS(mount) = {
    F(mount, destination, "destination", REQ), F(mount, type, "type"), F(mount, source, "source"),
    F(mount, options, "options"),
    OBJS(mount, uid_mappings, "uidMappings", id_mapping), OBJS(mount, gid_mappings, "gidMappings", id_mapping),
};
TYPE(mount);

FIELDS(hook) = {
    F(hook, path, "path", REQ), F(hook, args, "args"), F(hook, env, "env"), F(hook, timeout, "timeout"),
};
TYPE(hook);

FIELDS(hooks) = {
    OBJS(hooks, prestart, "prestart", hook),
    OBJS(hooks, create_runtime, "createRuntime", hook),
    OBJS(hooks, create_container, "createContainer", hook),
    OBJS(hooks, start_container, "startContainer", hook),
    OBJS(hooks, poststart, "poststart", hook),
    OBJS(hooks, poststop, "poststop", hook),
};
TYPE(hooks);

FIELDS(namespace) = { CHOICE(namespace, type, "type", namespace_types, REQ), F(namespace, path, "path") };
TYPE(namespace);

FIELDS(device) = {
    F(device, path, "path", REQ), F(device, type, "type", REQ), F(device, major, "major"),
    F(device, minor, "minor"), F(device, file_mode, "fileMode"), F(device, uid, "uid"), F(device, gid, "gid"),
};
TYPE(device);

FIELDS(net_device) = { F(net_device, name, "name") };
KEYED_TYPE(net_device);

FIELDS(device_rule) = {
    F(device_rule, allow, "allow", REQ), F(device_rule, type, "type"), F(device_rule, major, "major"),
    F(device_rule, minor, "minor"), F(device_rule, access, "access"),
};
TYPE(device_rule);

FIELDS(memory) = {
    F(memory, limit, "limit"), F(memory, reservation, "reservation"), F(memory, swap, "swap"),
    F(memory, kernel, "kernel"), F(memory, kernel_tcp, "kernelTCP"), F(memory, swappiness, "swappiness"),
    F(memory, disable_oom_killer, "disableOOMKiller"), F(memory, use_hierarchy, "useHierarchy"),
    F(memory, check_before_update, "checkBeforeUpdate"),
};
TYPE(memory);

FIELDS(cpu) = {
    F(cpu, shares, "shares"), F(cpu, quota, "quota"), F(cpu, burst, "burst"), F(cpu, period, "period"),
    F(cpu, realtime_runtime, "realtimeRuntime"), F(cpu, realtime_period, "realtimePeriod"),
    F(cpu, cpus, "cpus"), F(cpu, mems, "mems"), F(cpu, idle, "idle"),
};
TYPE(cpu);

FIELDS(pids) = { F(pids, limit, "limit") };
TYPE(pids);

FIELDS(block_device) = {
    F(block_device, major, "major", REQ), F(block_device, minor, "minor", REQ), F(block_device, weight, "weight"),
    F(block_device, leaf_weight, "leafWeight"), F(block_device, rate, "rate"),
};
TYPE(block_device);

FIELDS(block_io) = {
    F(block_io, weight, "weight"), F(block_io, leaf_weight, "leafWeight"),
    OBJS(block_io, weight_device, "weightDevice", block_device),
    OBJS(block_io, read_bps, "throttleReadBpsDevice", block_device),
    OBJS(block_io, write_bps, "throttleWriteBpsDevice", block_device),
    OBJS(block_io, read_iops, "throttleReadIOPSDevice", block_device),
    OBJS(block_io, write_iops, "throttleWriteIOPSDevice", block_device),
};
TYPE(block_io);

FIELDS(hugepage_limit) = { F(hugepage_limit, page_size, "pageSize", REQ), F(hugepage_limit, limit, "limit", REQ) };
TYPE(hugepage_limit);

FIELDS(interface_priority) = {
    F(interface_priority, name, "name", REQ), F(interface_priority, priority, "priority", REQ),
};
TYPE(interface_priority);

FIELDS(network) = {
    F(network, class_id, "classID"), OBJS(network, priorities, "priorities", interface_priority),
};
TYPE(network);

FIELDS(rdma) = { F(rdma, hca_handles, "hcaHandles"), F(rdma, hca_objects, "hcaObjects") };
KEYED_TYPE(rdma);

FIELDS(resources) = {
    OBJS(resources, devices, "devices", device_rule),
    OBJ(resources, memory, "memory", memory),
    OBJ(resources, cpu, "cpu", cpu),
    OBJ(resources, pids, "pids", pids),
    OBJ(resources, block_io, "blockIO", block_io),
    OBJS(resources, hugepage_limits, "hugepageLimits", hugepage_limit),
    OBJ(resources, network, "network", network),
    DICT(resources, rdma, "rdma", rdma),
    F(resources, unified, "unified"),
};
PUBLIC_TYPE(resources);

FIELDS(syscall_arg) = {
    F(syscall_arg, index, "index", REQ), F(syscall_arg, value, "value", REQ), F(syscall_arg, value_two, "valueTwo"),
    CHOICE(syscall_arg, op, "op", seccomp_ops, REQ),
};
TYPE(syscall_arg);

FIELDS(syscall) = {
    F(syscall, names, "names", REQ), CHOICE(syscall, action, "action", seccomp_actions, REQ),
    F(syscall, errno_ret, "errnoRet"), OBJS(syscall, args, "args", syscall_arg),
};
TYPE(syscall);

FIELDS(seccomp) = {
    CHOICE(seccomp, default_action, "defaultAction", seccomp_actions, REQ),
    F(seccomp, default_errno_ret, "defaultErrnoRet"), F(seccomp, architectures, "architectures"),
    F(seccomp, flags, "flags"), F(seccomp, listener_path, "listenerPath"),
    F(seccomp, listener_metadata, "listenerMetadata"), OBJS(seccomp, syscalls, "syscalls", syscall),
};
TYPE(seccomp);

FIELDS(intel_rdt) = {
    F(intel_rdt, clos_id, "closID"), F(intel_rdt, schemata, "schemata"),
    F(intel_rdt, l3_cache_schema, "l3CacheSchema"), F(intel_rdt, mem_bw_schema, "memBwSchema"),
    F(intel_rdt, enable_monitoring, "enableMonitoring"),
};
TYPE(intel_rdt);

FIELDS(memory_policy) = {
    F(memory_policy, mode, "mode", REQ), F(memory_policy, nodes, "nodes"), F(memory_policy, flags, "flags"),
};
TYPE(memory_policy);

FIELDS(personality) = { F(personality, domain, "domain"), F(personality, flags, "flags") };
TYPE(personality);

FIELDS(time_offset) = { F(time_offset, secs, "secs"), F(time_offset, nanosecs, "nanosecs") };
KEYED_TYPE(time_offset);

FIELDS(linux) = {
    OBJS(linux, uid_mappings, "uidMappings", id_mapping),
    OBJS(linux, gid_mappings, "gidMappings", id_mapping),
    F(linux, sysctl, "sysctl"),
    OBJ(linux, resources, "resources", resources),
    F(linux, cgroups_path, "cgroupsPath"),
    OBJS(linux, namespaces, "namespaces", namespace),
    OBJS(linux, devices, "devices", device),
    DICT(linux, net_devices, "netDevices", net_device),
    OBJ(linux, seccomp, "seccomp", seccomp),
    F(linux, rootfs_propagation, "rootfsPropagation"),
    F(linux, masked_paths, "maskedPaths"),
    F(linux, readonly_paths, "readonlyPaths"),
    F(linux, mount_label, "mountLabel"),
    OBJ(linux, intel_rdt, "intelRdt", intel_rdt),
    OBJ(linux, memory_policy, "memoryPolicy", memory_policy),
    OBJ(linux, personality, "personality", personality),
    DICT(linux, time_offsets, "timeOffsets", time_offset),
};
TYPE(linux);

FIELDS(spec) = {
    F(spec, oci_version, "ociVersion", REQ),
    OBJ(spec, process, "process", process),
    OBJ(spec, root, "root", root),
    F(spec, hostname, "hostname"),
    F(spec, domainname, "domainname"),
    OBJS(spec, mounts, "mounts", mount),
    OBJ(spec, hooks, "hooks", hooks),
    F(spec, annotations, "annotations"),
    OBJ(spec, linux, "linux", linux),
};
PUBLIC_TYPE(spec);
