/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci_features.c - the tables of what a runtime can do. */
#include "oci_features.h"

#include "oci_tables.h"

/* clang-format off */

FIELDS(features_cgroup) = {
    F(features_cgroup, v1, "v1"), F(features_cgroup, v2, "v2"), F(features_cgroup, systemd, "systemd"),
    F(features_cgroup, systemd_user, "systemdUser"), F(features_cgroup, rdma, "rdma"),
};
PUBLIC_TYPE(features_cgroup);

FIELDS(features_seccomp) = {
    F(features_seccomp, enabled, "enabled"), F(features_seccomp, actions, "actions"),
    F(features_seccomp, operators, "operators"), F(features_seccomp, archs, "archs"),
    F(features_seccomp, known_flags, "knownFlags"), F(features_seccomp, supported_flags, "supportedFlags"),
};
PUBLIC_TYPE(features_seccomp);

FIELDS(features_switch) = { F(features_switch, enabled, "enabled") };
PUBLIC_TYPE(features_switch);

FIELDS(features_memory_policy) = {
    F(features_memory_policy, modes, "modes"), F(features_memory_policy, flags, "flags"),
};
PUBLIC_TYPE(features_memory_policy);

FIELDS(features_intel_rdt) = {
    F(features_intel_rdt, enabled, "enabled"), F(features_intel_rdt, schemata, "schemata"),
    F(features_intel_rdt, monitoring, "monitoring"),
};
PUBLIC_TYPE(features_intel_rdt);

FIELDS(features_mount_extensions) = { OBJ(features_mount_extensions, idmap, "idmap", features_switch) };
PUBLIC_TYPE(features_mount_extensions);

FIELDS(features_linux) = {
    F(features_linux, namespaces, "namespaces"),
    F(features_linux, capabilities, "capabilities"),
    OBJ(features_linux, cgroup, "cgroup", features_cgroup),
    OBJ(features_linux, seccomp, "seccomp", features_seccomp),
    OBJ(features_linux, apparmor, "apparmor", features_switch),
    OBJ(features_linux, selinux, "selinux", features_switch),
    OBJ(features_linux, memory_policy, "memoryPolicy", features_memory_policy),
    OBJ(features_linux, intel_rdt, "intelRdt", features_intel_rdt),
    OBJ(features_linux, mount_extensions, "mountExtensions", features_mount_extensions),
    OBJ(features_linux, net_devices, "netDevices", features_switch),
};
PUBLIC_TYPE(features_linux);

FIELDS(features) = {
    F(features, oci_version_min, "ociVersionMin", REQ),
    F(features, oci_version_max, "ociVersionMax", REQ),
    F(features, hooks, "hooks"),
    F(features, mount_options, "mountOptions"),
    OBJ(features, linux, "linux", features_linux),
    F(features, annotations, "annotations"),
    F(features, potentially_unsafe_config_annotations, "potentiallyUnsafeConfigAnnotations"),
};
PUBLIC_TYPE(features);

/* clang-format on */
