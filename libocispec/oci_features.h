/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_features.h - what a runtime can do (features.md and features-linux.md of the specification 1.3).
 *
 * An absent property means "unknown" and an empty list or false means "none": json_mark() what is none.
 */
#ifndef OCIRT_OCI_FEATURES_H
#define OCIRT_OCI_FEATURES_H

#include "json.h"

/* clang-format off */
struct oci_features_cgroup { struct json_node node; bool v1, v2, systemd, systemd_user, rdma; };

struct oci_features_seccomp {
    struct json_node node;
    bool enabled;
    struct json_strings actions, operators, archs, known_flags, supported_flags;
};

struct oci_features_switch { struct json_node node; bool enabled; };
struct oci_features_memory_policy { struct json_node node; struct json_strings modes, flags; };
struct oci_features_intel_rdt { struct json_node node; bool enabled, schemata, monitoring; };
struct oci_features_mount_extensions { struct json_node node; struct oci_features_switch *idmap; };

struct oci_features_linux {
    struct json_node node;
    struct json_strings namespaces, capabilities;
    struct oci_features_cgroup *cgroup;
    struct oci_features_seccomp *seccomp;
    struct oci_features_switch *apparmor, *selinux;
    struct oci_features_memory_policy *memory_policy;
    struct oci_features_intel_rdt *intel_rdt;
    struct oci_features_mount_extensions *mount_extensions;
    struct oci_features_switch *net_devices;
};

struct oci_features {
    struct json_node node;
    char *oci_version_min, *oci_version_max;
    struct json_strings hooks, mount_options;
    struct json_map annotations;
    struct json_strings potentially_unsafe_config_annotations;
    struct oci_features_linux *linux;
};

/* clang-format on */

extern const struct json_type oci_features_type, oci_features_linux_type, oci_features_cgroup_type,
    oci_features_seccomp_type, oci_features_switch_type, oci_features_memory_policy_type,
    oci_features_intel_rdt_type, oci_features_mount_extensions_type;

#endif
