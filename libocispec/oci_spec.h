/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci_spec.h - config.json of the OCI runtime specification 1.2, for Linux, as C structs. */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include "json.h"

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
    int policy;                     /* enum oci_sched_policy */
    int32_t nice, priority;
    struct json_strings flags;
    uint64_t runtime, deadline, period;
};

struct oci_io_priority { struct json_node node; char *class; int32_t priority; };
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

struct oci_root { struct json_node node; char *path; bool readonly; };

struct oci_id_mapping { struct json_node node; uint32_t container_id, host_id, size; };
typedef JSON_LIST(struct oci_id_mapping *) oci_id_mappings;

struct oci_mount {
    struct json_node node;
    char *destination, *type, *source;
    struct json_strings options;
    oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_hook { struct json_node node; char *path; struct json_strings args, env; int32_t timeout; };
typedef JSON_LIST(struct oci_hook *) oci_hook_list;

struct oci_hooks {
    struct json_node node;
    oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct oci_namespace {
    struct json_node node;
    int type;                       /* enum oci_namespace_type */
    char *path;
};

struct oci_device {
    struct json_node node;
    char *path, *type;
    int64_t major, minor;
    uint32_t file_mode, uid, gid;
};

struct oci_net_device { struct json_node node; char *key, *name; };

struct oci_device_rule { struct json_node node; bool allow; char *type, *access; int64_t major, minor; };

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

struct oci_block_device { struct json_node node; int64_t major, minor; uint16_t weight, leaf_weight; uint64_t rate; };
typedef JSON_LIST(struct oci_block_device *) oci_block_devices;

struct oci_block_io {
    struct json_node node;
    uint16_t weight, leaf_weight;
    oci_block_devices weight_device, read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit { struct json_node node; char *page_size; uint64_t limit; };
struct oci_interface_priority { struct json_node node; char *name; uint32_t priority; };
struct oci_network { struct json_node node; uint32_t class_id; JSON_LIST(struct oci_interface_priority *) priorities; };
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

struct oci_syscall_arg { struct json_node node; uint32_t index; uint64_t value, value_two; int op; };

struct oci_syscall {
    struct json_node node;
    struct json_strings names;
    int action;                     /* enum oci_seccomp_action */
    uint32_t errno_ret;
    JSON_LIST(struct oci_syscall_arg *) args;
};

struct oci_seccomp {
    struct json_node node;
    int default_action;             /* enum oci_seccomp_action */
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

struct oci_memory_policy { struct json_node node; char *mode, *nodes; struct json_strings flags; };
struct oci_personality { struct json_node node; char *domain; struct json_strings flags; };
struct oci_time_offset { struct json_node node; char *key; int64_t secs; uint32_t nanosecs; };

struct oci_linux {
    struct json_node node;
    oci_id_mappings uid_mappings, gid_mappings;
    struct json_map sysctl;
    struct oci_resources *resources;
    char *cgroups_path, *mount_label, *rootfs_propagation;
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

extern const struct json_type oci_spec_type, oci_process_type, oci_resources_type;

#endif
