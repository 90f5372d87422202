/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci_state.c - the tables of the state of a container. */
#include "oci_state.h"

#include "oci_tables.h"

/* clang-format off */

WORDS(oci_statuses,
      [OCI_STATUS_CREATING] = "creating", [OCI_STATUS_CREATED] = "created", [OCI_STATUS_RUNNING] = "running",
      [OCI_STATUS_STOPPED] = "stopped", [OCI_STATUS_PAUSED] = "paused");

FIELDS(state) = {
    F(state, oci_version, "ociVersion", REQ),
    F(state, id, "id", REQ),
    CHOICE(state, status, "status", oci_statuses, REQ),
    F(state, pid, "pid"),
    F(state, bundle, "bundle", REQ),
    F(state, annotations, "annotations"),
};
PUBLIC_TYPE(state);

FIELDS(container_process_state) = {
    F(container_process_state, oci_version, "ociVersion", REQ),
    F(container_process_state, fds, "fds"),
    F(container_process_state, pid, "pid", REQ),
    F(container_process_state, metadata, "metadata"),
    OBJ(container_process_state, state, "state", state, REQ),
};
PUBLIC_TYPE(container_process_state);

/* clang-format on */
