/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * annotations.h - the annotations that mean something to ocirt; all others are data (config.md
 * "Annotations").
 */
#ifndef OCIRT_PLAN_ANNOTATIONS_H
#define OCIRT_PLAN_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "libocispec/oci_spec.h"

/* Names that engines pass to any runtime. */
#define PLAN_ANNOTATION_MOUNT_CONTEXT    "run.oci.mount_context_type"
#define PLAN_ANNOTATION_KEEP_GROUPS      "run.oci.keep_original_groups"
#define PLAN_ANNOTATION_HOOKS_STDOUT     "run.oci.hooks.stdout"
#define PLAN_ANNOTATION_HOOKS_STDERR     "run.oci.hooks.stderr"
#define PLAN_ANNOTATION_SECCOMP_RECEIVER "run.oci.seccomp.receiver"
#define PLAN_ANNOTATION_SECCOMP_STRICT   "run.oci.seccomp_fail_unknown_syscall"
#define PLAN_ANNOTATION_SECCOMP_BPF      "run.oci.seccomp_bpf_data"
#define PLAN_ANNOTATION_PIDFD_RECEIVER   "run.oci.pidfd_receiver"
#define PLAN_ANNOTATION_TIME_OFFSET      "run.oci.timens_offset"
#define PLAN_ANNOTATION_DELEGATE_CGROUP  "run.oci.delegate-cgroup"
#define PLAN_ANNOTATION_SUBGROUP         "run.oci.systemd.subgroup"
#define PLAN_ANNOTATION_SYSTEMD_PROPERTY "org.systemd.property." /* a prefix */
#define PLAN_ANNOTATION_CRIU_CONFIG      "org.criu.config"

/* Properties of systemd that concern the unit alone, and that engines set. */
#define PLAN_ANNOTATION_STOP_SEC             PLAN_ANNOTATION_SYSTEMD_PROPERTY "TimeoutStopSec"
#define PLAN_ANNOTATION_STOP_USEC            PLAN_ANNOTATION_SYSTEMD_PROPERTY "TimeoutStopUSec"
#define PLAN_ANNOTATION_KILL_SIGNAL          PLAN_ANNOTATION_SYSTEMD_PROPERTY "KillSignal"
#define PLAN_ANNOTATION_COLLECT_MODE         PLAN_ANNOTATION_SYSTEMD_PROPERTY "CollectMode"
#define PLAN_ANNOTATION_DEFAULT_DEPENDENCIES PLAN_ANNOTATION_SYSTEMD_PROPERTY "DefaultDependencies"
#define PLAN_ANNOTATION_AFTER                PLAN_ANNOTATION_SYSTEMD_PROPERTY "After"
#define PLAN_ANNOTATION_DESCRIPTION          PLAN_ANNOTATION_SYSTEMD_PROPERTY "Description"

/* ocirt's own: "tmpfs": the root filesystem can be written, to memory, and is never changed. */
#define PLAN_ANNOTATION_ROOT_OVERLAY "org.ocirt.root.overlay"

/* The value of annotation NAME; NULL if it is not given. */
const char *plan_annotation(const struct oci_spec *spec, const char *name);

/* An error about annotation NAME, which is given. */
int plan_annotation_error(const struct oci_spec *spec, const char *name, enum err_code code, struct err *err,
                          const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Is it given, and not "0", "false" or "no"? */
bool plan_annotation_is_on(const struct oci_spec *spec, const char *name);

/* Has SPEC an annotation that needs consent (plan_consents)? */
bool plan_annotations_ask(const struct oci_spec *spec);

/* Would consent to LINE, a name or a prefix, let any annotation do something? */
bool plan_annotation_takes_consent(const char *line);

/*
 * The annotations that change what a container may do, for `features` "potentiallyUnsafeConfigAnnotations";
 * one that ends with "." is a prefix.  NULL at the end.
 */
const char *plan_annotation_unsafe(size_t i);

#endif
