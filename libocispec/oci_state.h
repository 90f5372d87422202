/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_state.h - the state of a container (runtime.md "State"), as hooks and callers get it, and the
 * container process state (config-linux.md "The Container Process State") that goes to a seccomp agent.
 */
#ifndef OCIRT_OCI_STATE_H
#define OCIRT_OCI_STATE_H

#include "json.h"

enum oci_status {
    OCI_STATUS_UNSET,
    OCI_STATUS_CREATING,
    OCI_STATUS_CREATED,
    OCI_STATUS_RUNNING,
    OCI_STATUS_STOPPED,
    OCI_STATUS_PAUSED, /* not of the specification, which allows more; all runtimes say it */
};
extern const struct json_words oci_statuses;

struct oci_state {
    struct json_node node;
    char *oci_version, *id;
    enum oci_status status;
    int32_t pid; /* required while created or running: json_mark() it if it is 0 */
    char *bundle;
    struct json_map annotations;
};

struct oci_container_process_state {
    struct json_node node;
    char *oci_version;
    struct json_strings fds; /* names of the descriptors that go along: OCI_SECCOMP_FD_NAME */
    int32_t pid;
    char *metadata;
    struct oci_state *state;
};

#define OCI_SECCOMP_FD_NAME "seccompFd"

extern const struct json_type oci_state_type, oci_container_process_state_type;

#endif
