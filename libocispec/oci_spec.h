/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_spec.h - config.json of the OCI runtime specification 1.3, for Linux, as C structs.
 *
 * One struct per JSON object, in the order of the specification; oci_spec.c
 * has the tables.  What a struct can't express (ranges, patterns, properties that
 * go together) is judged by the plan, not here.  Lists of capabilities, rlimits,
 * architectures and flags stay strings: what they may be depends on the kernel.
 */
#ifndef OCIRT_OCI_SPEC_H
#define OCIRT_OCI_SPEC_H

#include "json.h"

/* clang-format off */

/* ---- the words ----------------------------------------------------------------------------------------- */

enum oci_namespace_type {
    OCI_NAMESPACE_UNSET, OCI_NAMESPACE_PID, OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_MOUNT, OCI_NAMESPACE_IPC,
    OCI_NAMESPACE_UTS, OCI_NAMESPACE_USER, OCI_NAMESPACE_CGROUP, OCI_NAMESPACE_TIME,
};

enum oci_device_type {
    OCI_DEVICE_UNSET, OCI_DEVICE_CHAR, OCI_DEVICE_BLOCK, OCI_DEVICE_UNBUFFERED, OCI_DEVICE_FIFO,
    OCI_DEVICE_ALL,
};

enum oci_propagation {             /* those with R in front are an extension that all runtimes share */
    OCI_PROPAGATION_UNSET, OCI_PROPAGATION_SHARED, OCI_PROPAGATION_SLAVE, OCI_PROPAGATION_PRIVATE,
    OCI_PROPAGATION_UNBINDABLE, OCI_PROPAGATION_RSHARED, OCI_PROPAGATION_RSLAVE, OCI_PROPAGATION_RPRIVATE,
    OCI_PROPAGATION_RUNBINDABLE,
};

enum oci_sched_policy {
    OCI_SCHED_UNSET, OCI_SCHED_OTHER, OCI_SCHED_FIFO, OCI_SCHED_RR, OCI_SCHED_BATCH, OCI_SCHED_ISO,
    OCI_SCHED_IDLE,
    OCI_SCHED_DEADLINE,
};

enum oci_io_class { OCI_IO_UNSET, OCI_IO_RT, OCI_IO_BE, OCI_IO_IDLE };

enum oci_seccomp_action {
    OCI_SECCOMP_UNSET, OCI_SECCOMP_KILL, OCI_SECCOMP_KILL_PROCESS, OCI_SECCOMP_KILL_THREAD, OCI_SECCOMP_TRAP,
    OCI_SECCOMP_ERRNO, OCI_SECCOMP_TRACE, OCI_SECCOMP_ALLOW, OCI_SECCOMP_LOG, OCI_SECCOMP_NOTIFY,
};

enum oci_seccomp_op {
    OCI_SECCOMP_OP_UNSET, OCI_SECCOMP_OP_NE, OCI_SECCOMP_OP_LT, OCI_SECCOMP_OP_LE, OCI_SECCOMP_OP_EQ,
    OCI_SECCOMP_OP_GE, OCI_SECCOMP_OP_GT, OCI_SECCOMP_OP_MASKED_EQ,
};

enum oci_memory_policy_mode {
    OCI_MPOL_UNSET, OCI_MPOL_DEFAULT, OCI_MPOL_BIND, OCI_MPOL_INTERLEAVE, OCI_MPOL_WEIGHTED_INTERLEAVE,
    OCI_MPOL_PREFERRED, OCI_MPOL_PREFERRED_MANY, OCI_MPOL_LOCAL,
};

enum oci_personality_domain { OCI_PERSONALITY_UNSET, OCI_PERSONALITY_LINUX, OCI_PERSONALITY_LINUX32 };

/* The words in the text for these: json_word(&oci_seccomp_actions, OCI_SECCOMP_KILL) is "SCMP_ACT_KILL". */
extern const struct json_words oci_namespace_types, oci_device_types, oci_device_rule_types, oci_propagations,
    oci_sched_policies, oci_io_classes, oci_seccomp_actions, oci_seccomp_ops, oci_memory_policy_modes,
    oci_personality_domains;

/* ---- process ------------------------------------------------------------------------------------------- */

struct oci_box { struct json_node node; uint32_t height, width; };

struct oci_user {
    struct json_node node;
    uint32_t uid, gid, umask;
    struct json_numbers additional_gids;
    char *username;
};

struct oci_capabilities {
    struct json_node node;
    struct json_strings bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit { struct json_node node; char *type; uint64_t soft, hard; };

struct oci_scheduler {
    struct json_node node;
    enum oci_sched_policy policy;
    int32_t nice, priority;
    struct json_strings flags;
    uint64_t runtime, deadline, period;
};

struct oci_io_priority { struct json_node node; enum oci_io_class class; int32_t priority; };
struct oci_cpu_affinity { struct json_node node; char *initial, *final; };

struct oci_process {
    struct json_node node;
    bool terminal, no_new_privileges;
    struct oci_box *console_size;
    struct oci_user *user;
    struct json_strings args, env;
    char *cwd;
    struct oci_capabilities *capabilities;
    JSON_LIST(struct oci_rlimit *) rlimits;
    char *apparmor_profile, *selinux_label;
    int32_t oom_score_adj;
    struct oci_scheduler *scheduler;
    struct oci_io_priority *io_priority;
    struct oci_cpu_affinity *exec_cpu_affinity;
};

/* ---- root, mounts, hooks ------------------------------------------------------------------------------- */

struct oci_root { struct json_node node; char *path; bool readonly; };

struct oci_id_mapping { struct json_node node; uint32_t container_id, host_id, size; };
struct oci_id_mappings { struct oci_id_mapping **v; size_t n; };

struct oci_mount {
    struct json_node node;
    char *destination, *type, *source;
    struct json_strings options;
    struct oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_hook { struct json_node node; char *path; struct json_strings args, env; int32_t timeout; };
struct oci_hook_list { struct oci_hook **v; size_t n; };

struct oci_hooks {
    struct json_node node;
    struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

/* ---- linux --------------------------------------------------------------------------------------------- */

struct oci_namespace {
    struct json_node node;
    enum oci_namespace_type type;
    char *path;
};

struct oci_device {
    struct json_node node;
    char *path;
    enum oci_device_type type;      /* not OCI_DEVICE_ALL */
    int64_t major, minor;
    uint32_t file_mode, uid, gid;
};

struct oci_net_device { struct json_node node; char *key, *name; };

struct oci_device_rule {
    struct json_node node;
    bool allow;
    enum oci_device_type type;      /* unset, OCI_DEVICE_ALL, OCI_DEVICE_CHAR or OCI_DEVICE_BLOCK */
    int64_t major, minor;           /* absent: all */
    char *access;
};

struct oci_memory {
    struct json_node node;
    int64_t limit, reservation, swap, kernel, kernel_tcp;
    uint64_t swappiness;
    bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
    struct json_node node;
    uint64_t shares, burst, period, realtime_period;
    int64_t quota, realtime_runtime, idle;
    char *cpus, *mems;
};

struct oci_pids { struct json_node node; int64_t limit; };

struct oci_block_device {            /* of weightDevice: with weights; of the throttles: with a rate */
    struct json_node node;
    int64_t major, minor;
    uint16_t weight, leaf_weight;
    uint64_t rate;
};
struct oci_block_devices { struct oci_block_device **v; size_t n; };

struct oci_block_io {
    struct json_node node;
    uint16_t weight, leaf_weight;
    struct oci_block_devices weight_device, read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit { struct json_node node; char *page_size; uint64_t limit; };
struct oci_interface_priority { struct json_node node; char *name; uint32_t priority; };
struct oci_network {
    struct json_node node; uint32_t class_id; JSON_LIST(struct oci_interface_priority *) priorities;
};
struct oci_rdma { struct json_node node; char *key; uint32_t hca_handles, hca_objects; };

struct oci_resources {
    struct json_node node;
    JSON_LIST(struct oci_device_rule *) devices;
    struct oci_memory *memory;
    struct oci_cpu *cpu;
    struct oci_pids *pids;
    struct oci_block_io *block_io;
    JSON_LIST(struct oci_hugepage_limit *) hugepage_limits;
    struct oci_network *network;
    JSON_LIST(struct oci_rdma *) rdma;
    struct json_map unified;
};

struct oci_syscall_arg {
    struct json_node node; uint32_t index; uint64_t value, value_two; enum oci_seccomp_op op;
};

struct oci_syscall {
    struct json_node node;
    struct json_strings names;
    enum oci_seccomp_action action;
    uint32_t errno_ret;
    JSON_LIST(struct oci_syscall_arg *) args;
};

struct oci_seccomp {
    struct json_node node;
    enum oci_seccomp_action default_action;
    uint32_t default_errno_ret;
    struct json_strings architectures, flags;
    char *listener_path, *listener_metadata;
    JSON_LIST(struct oci_syscall *) syscalls;
};

struct oci_intel_rdt {
    struct json_node node;
    char *clos_id, *l3_cache_schema, *mem_bw_schema;
    struct json_strings schemata;
    bool enable_monitoring;
};

/* What may stand beside the resources in an update. */
struct oci_rdt_change {
    struct json_node node;
    struct oci_intel_rdt *intel_rdt;
};

struct oci_memory_policy {
    struct json_node node;
    enum oci_memory_policy_mode mode;
    char *nodes;
    struct json_strings flags;
};

struct oci_personality {
    struct json_node node; enum oci_personality_domain domain; struct json_strings flags;
};
struct oci_time_offset { struct json_node node; char *key; int64_t secs; uint32_t nanosecs; };

struct oci_linux {
    struct json_node node;
    struct oci_id_mappings uid_mappings, gid_mappings;
    struct json_map sysctl;
    struct oci_resources *resources;
    char *cgroups_path, *mount_label;
    enum oci_propagation rootfs_propagation;
    JSON_LIST(struct oci_namespace *) namespaces;
    JSON_LIST(struct oci_device *) devices;
    JSON_LIST(struct oci_net_device *) net_devices;
    struct oci_seccomp *seccomp;
    struct json_strings masked_paths, readonly_paths;
    struct oci_intel_rdt *intel_rdt;
    struct oci_memory_policy *memory_policy;
    struct oci_personality *personality;
    JSON_LIST(struct oci_time_offset *) time_offsets;
};

/* ---- the document -------------------------------------------------------------------------------------- */

struct oci_spec {
    struct json_node node;
    char *oci_version, *hostname, *domainname;
    struct oci_process *process;
    struct oci_root *root;
    JSON_LIST(struct oci_mount *) mounts;
    struct oci_hooks *hooks;
    struct json_map annotations;
    struct oci_linux *linux;
};

/* Any of these can be the root of a text: a process for exec, resources for update, a seccomp profile. */
extern const struct json_type oci_spec_type, oci_process_type, oci_resources_type, oci_rdt_change_type,
    oci_seccomp_type, oci_hooks_type, oci_mount_type;

/* clang-format on */

#endif
