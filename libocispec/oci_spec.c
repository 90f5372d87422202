/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_spec.c - which property of config.json fills which member.
 *
 * One table per JSON object, in the order of the specification.  To support a
 * new property: add the member to oci_spec.h and its row here; nothing else.
 */
#include "oci_spec.h"

#include "oci_tables.h"

/* clang-format off */

/* ---- words --------------------------------------------------------------------------------------------- */

WORDS(oci_namespace_types,
      [OCI_NAMESPACE_PID] = "pid", [OCI_NAMESPACE_NETWORK] = "network", [OCI_NAMESPACE_MOUNT] = "mount",
      [OCI_NAMESPACE_IPC] = "ipc", [OCI_NAMESPACE_UTS] = "uts", [OCI_NAMESPACE_USER] = "user",
      [OCI_NAMESPACE_CGROUP] = "cgroup", [OCI_NAMESPACE_TIME] = "time");

WORDS(oci_device_types,
      [OCI_DEVICE_CHAR] = "c", [OCI_DEVICE_BLOCK] = "b", [OCI_DEVICE_UNBUFFERED] = "u",
      [OCI_DEVICE_FIFO] = "p");

WORDS(oci_device_rule_types,
      [OCI_DEVICE_CHAR] = "c", [OCI_DEVICE_BLOCK] = "b", [OCI_DEVICE_ALL] = "a");

WORDS(oci_propagations,
      [OCI_PROPAGATION_SHARED] = "shared", [OCI_PROPAGATION_SLAVE] = "slave",
      [OCI_PROPAGATION_PRIVATE] = "private", [OCI_PROPAGATION_UNBINDABLE] = "unbindable",
      [OCI_PROPAGATION_RSHARED] = "rshared", [OCI_PROPAGATION_RSLAVE] = "rslave",
      [OCI_PROPAGATION_RPRIVATE] = "rprivate", [OCI_PROPAGATION_RUNBINDABLE] = "runbindable");

WORDS(oci_sched_policies,
      [OCI_SCHED_OTHER] = "SCHED_OTHER", [OCI_SCHED_FIFO] = "SCHED_FIFO", [OCI_SCHED_RR] = "SCHED_RR",
      [OCI_SCHED_BATCH] = "SCHED_BATCH", [OCI_SCHED_ISO] = "SCHED_ISO", [OCI_SCHED_IDLE] = "SCHED_IDLE",
      [OCI_SCHED_DEADLINE] = "SCHED_DEADLINE");

WORDS(oci_io_classes,
      [OCI_IO_RT] = "IOPRIO_CLASS_RT", [OCI_IO_BE] = "IOPRIO_CLASS_BE", [OCI_IO_IDLE] = "IOPRIO_CLASS_IDLE");

WORDS(oci_seccomp_actions,
      [OCI_SECCOMP_KILL] = "SCMP_ACT_KILL", [OCI_SECCOMP_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
      [OCI_SECCOMP_KILL_THREAD] = "SCMP_ACT_KILL_THREAD", [OCI_SECCOMP_TRAP] = "SCMP_ACT_TRAP",
      [OCI_SECCOMP_ERRNO] = "SCMP_ACT_ERRNO", [OCI_SECCOMP_TRACE] = "SCMP_ACT_TRACE",
      [OCI_SECCOMP_ALLOW] = "SCMP_ACT_ALLOW", [OCI_SECCOMP_LOG] = "SCMP_ACT_LOG",
      [OCI_SECCOMP_NOTIFY] = "SCMP_ACT_NOTIFY");

WORDS(oci_seccomp_ops,
      [OCI_SECCOMP_OP_NE] = "SCMP_CMP_NE", [OCI_SECCOMP_OP_LT] = "SCMP_CMP_LT",
      [OCI_SECCOMP_OP_LE] = "SCMP_CMP_LE",
      [OCI_SECCOMP_OP_EQ] = "SCMP_CMP_EQ", [OCI_SECCOMP_OP_GE] = "SCMP_CMP_GE",
      [OCI_SECCOMP_OP_GT] = "SCMP_CMP_GT",
      [OCI_SECCOMP_OP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ");

WORDS(oci_memory_policy_modes,
      [OCI_MPOL_DEFAULT] = "MPOL_DEFAULT", [OCI_MPOL_BIND] = "MPOL_BIND",
      [OCI_MPOL_INTERLEAVE] = "MPOL_INTERLEAVE",
      [OCI_MPOL_WEIGHTED_INTERLEAVE] = "MPOL_WEIGHTED_INTERLEAVE", [OCI_MPOL_PREFERRED] = "MPOL_PREFERRED",
      [OCI_MPOL_PREFERRED_MANY] = "MPOL_PREFERRED_MANY", [OCI_MPOL_LOCAL] = "MPOL_LOCAL");

WORDS(oci_personality_domains,
      [OCI_PERSONALITY_LINUX] = "LINUX", [OCI_PERSONALITY_LINUX32] = "LINUX32");

/* ---- tables -------------------------------------------------------------------------------------------- */

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
    CHOICE(scheduler, policy, "policy", oci_sched_policies, REQ), F(scheduler, nice, "nice"),
    F(scheduler, priority, "priority"), F(scheduler, flags, "flags"), F(scheduler, runtime, "runtime"),
    F(scheduler, deadline, "deadline"), F(scheduler, period, "period"),
};
TYPE(scheduler);

FIELDS(io_priority) = {
    CHOICE(io_priority, class, "class", oci_io_classes, REQ), F(io_priority, priority, "priority"),
};
TYPE(io_priority);

FIELDS(cpu_affinity) = { F(cpu_affinity, initial, "initial"), F(cpu_affinity, final, "final") };
TYPE(cpu_affinity);

FIELDS(process) = {
    F(process, terminal, "terminal"),
    OBJ(process, console_size, "consoleSize", box),
    OBJ(process, user, "user", user),
    F(process, args, "args"),
    JSON_FIELD_ELSEWHERE("commandLine"),
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
    OBJS(mount, uid_mappings, "uidMappings", id_mapping),
    OBJS(mount, gid_mappings, "gidMappings", id_mapping),
};
PUBLIC_TYPE(mount);

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
PUBLIC_TYPE(hooks);

FIELDS(namespace) = { CHOICE(namespace, type, "type", oci_namespace_types, REQ), F(namespace, path, "path") };
TYPE(namespace);

FIELDS(device) = {
    F(device, path, "path", REQ), CHOICE(device, type, "type", oci_device_types, REQ),
    F(device, major, "major"),
    F(device, minor, "minor"), F(device, file_mode, "fileMode"), F(device, uid, "uid"), F(device, gid, "gid"),
};
TYPE(device);

FIELDS(net_device) = { F(net_device, name, "name") };
KEYED_TYPE(net_device);

FIELDS(device_rule) = {
    F(device_rule, allow, "allow", REQ), CHOICE(device_rule, type, "type", oci_device_rule_types),
    F(device_rule, major, "major"),
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

/* One struct, but each list has its own table: a rate is unknown among the weights. */
FIELDS(block_weight) = {
    F(block_device, major, "major", REQ), F(block_device, minor, "minor", REQ),
    F(block_device, weight, "weight"),
    F(block_device, leaf_weight, "leafWeight"),
};
TYPE_OF(static, block_weight, block_device, 0);

FIELDS(block_rate) = {
    F(block_device, major, "major", REQ), F(block_device, minor, "minor", REQ), F(block_device, rate, "rate"),
};
TYPE_OF(static, block_rate, block_device, 0);

FIELDS(block_io) = {
    F(block_io, weight, "weight"), F(block_io, leaf_weight, "leafWeight"),
    OBJS(block_io, weight_device, "weightDevice", block_weight),
    OBJS(block_io, read_bps, "throttleReadBpsDevice", block_rate),
    OBJS(block_io, write_bps, "throttleWriteBpsDevice", block_rate),
    OBJS(block_io, read_iops, "throttleReadIOPSDevice", block_rate),
    OBJS(block_io, write_iops, "throttleWriteIOPSDevice", block_rate),
};
TYPE(block_io);

FIELDS(hugepage_limit) = {
    F(hugepage_limit, page_size, "pageSize", REQ), F(hugepage_limit, limit, "limit", REQ),
};
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
    F(syscall_arg, index, "index", REQ), F(syscall_arg, value, "value", REQ),
    F(syscall_arg, value_two, "valueTwo"),
    CHOICE(syscall_arg, op, "op", oci_seccomp_ops, REQ),
};
TYPE(syscall_arg);

FIELDS(syscall) = {
    F(syscall, names, "names", REQ), CHOICE(syscall, action, "action", oci_seccomp_actions, REQ),
    F(syscall, errno_ret, "errnoRet"), OBJS(syscall, args, "args", syscall_arg),
};
TYPE(syscall);

FIELDS(seccomp) = {
    CHOICE(seccomp, default_action, "defaultAction", oci_seccomp_actions, REQ),
    F(seccomp, default_errno_ret, "defaultErrnoRet"), F(seccomp, architectures, "architectures"),
    F(seccomp, flags, "flags"), F(seccomp, listener_path, "listenerPath"),
    F(seccomp, listener_metadata, "listenerMetadata"), OBJS(seccomp, syscalls, "syscalls", syscall),
};
PUBLIC_TYPE(seccomp);

FIELDS(intel_rdt) = {
    F(intel_rdt, clos_id, "closID"), F(intel_rdt, schemata, "schemata"),
    F(intel_rdt, l3_cache_schema, "l3CacheSchema"), F(intel_rdt, mem_bw_schema, "memBwSchema"),
    F(intel_rdt, enable_monitoring, "enableMonitoring"),
};
TYPE(intel_rdt);

FIELDS(rdt_change) = {
    OBJ(rdt_change, intel_rdt, "intelRdt", intel_rdt),
};
PUBLIC_TYPE(rdt_change);

FIELDS(memory_policy) = {
    CHOICE(memory_policy, mode, "mode", oci_memory_policy_modes, REQ), F(memory_policy, nodes, "nodes"),
    F(memory_policy, flags, "flags"),
};
TYPE(memory_policy);

FIELDS(personality) = {
    CHOICE(personality, domain, "domain", oci_personality_domains, REQ), F(personality, flags, "flags"),
};
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
    CHOICE(linux, rootfs_propagation, "rootfsPropagation", oci_propagations),
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
    JSON_FIELD_ELSEWHERE("freebsd"),
    JSON_FIELD_ELSEWHERE("solaris"),
    JSON_FIELD_ELSEWHERE("vm"),
    JSON_FIELD_ELSEWHERE("windows"),
    JSON_FIELD_ELSEWHERE("zos"),
};
PUBLIC_TYPE(spec);

/* clang-format on */
