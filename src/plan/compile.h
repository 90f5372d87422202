/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile.h - the steps of plan_compile(), for the files of this directory.
 *
 * Each step fills its part of the plan.  It returns 0, or a negative errno with
 * ERR filled.  Where ERR collects, a step goes on after a mistake so that all of
 * them are told at once; plan_go_on() is the one place that decides so.
 */
#ifndef OCIRT_PLAN_COMPILE_H
#define OCIRT_PLAN_COMPILE_H

#include "plan/plan.h"

/* ---- the steps, in their order ------------------------------------------------------------------------- */

int plan_check(struct plan *plan, struct err *err);
int plan_annotations_compile(struct plan *plan, struct err *err);
int plan_namespaces_compile(struct plan *plan, struct err *err);
int plan_ids_compile(struct plan *plan, struct err *err);
int plan_names_compile(struct plan *plan, struct err *err);
int plan_root_compile(struct plan *plan, struct err *err);
int plan_process_step(struct plan *plan, struct err *err);
int plan_mounts_compile(struct plan *plan, struct err *err);
int plan_devices_compile(struct plan *plan, struct err *err); /* after mounts */
int plan_hide_compile(struct plan *plan, struct err *err);
int plan_sysctls_compile(struct plan *plan, struct err *err);
int plan_hooks_compile(struct plan *plan, struct err *err);
int plan_seccomp_compile(struct plan *plan, struct err *err);
int plan_net_devices_compile(struct plan *plan, struct err *err);
int plan_rdt_compile(struct plan *plan, struct err *err);
int plan_memory_policy_compile(struct plan *plan, struct err *err);
int plan_personality_compile(struct plan *plan, struct err *err);

/* ---- shared between them ------------------------------------------------------------------------------- */

/*
 * After R of one item: true if the next one is to be looked at.  Remembers the first failure in *FAILED,
 * which the step returns at its end.
 */
bool plan_go_on(const struct err *err, int r, int *failed);

/* spec->linux, or an empty one: linux is optional (config.md "Platform-specific configuration"). */
const struct oci_linux *plan_linux(const struct oci_spec *spec);

/*
 * Has the container a namespace of this CLONE_NEW* that is not the runtime's: a new one, or one that it
 * joins?
 */
bool plan_has_namespace(const struct plan *plan, uint64_t flag);

/* Is the user namespace of the container another than the runtime's? */
bool plan_has_user_namespace(const struct oci_spec *spec);
bool plan_joins_user_namespace(const struct oci_spec *spec);

/* Does the container's user namespace know ID? */
bool plan_uid_is_known(const struct oci_spec *spec, const struct plan_facts *facts, uint32_t uid);
bool plan_gid_is_known(const struct oci_spec *spec, const struct plan_facts *facts, uint32_t gid);

/* Turns ID MAPPINGS of the spec into RANGES in ARENA. */
int plan_ranges_compile(const struct json_node *node, size_t member, const struct oci_id_mappings *mappings,
                        struct arena *arena, struct plan_id_range **ret, struct err *err);

/*
 * Checks a list of RANGES given in another way than by mappings: sizes, ends, overlaps.  NULL, or what is
 * wrong.
 */
const char *plan_ranges_fault(const struct plan_id_range *ranges, size_t n);

/* The place of *S in WORDS, or 0 with an error at element INDEX of MEMBER, with a suggestion. */
unsigned plan_word(const struct json_words *words, const char *s, const char *what,
                   const struct json_node *node, size_t member, size_t index, enum err_code code,
                   struct err *err);

/* Adds the hint "did you mean WORD?" if NEAREST is not NULL. */
void plan_hint_nearest(struct err *err, const char *nearest);

/* Has PATH a component ".."? */
bool plan_path_has_dotdot(const char *path);

/* PATH without doubled, leading and trailing slashes and without "." components, with one "/" in front. */
char *plan_path_clean(struct arena *arena, const char *path);

/*
 * Is the container to be given a NOTIFY_SOCKET?  Not if the caller's is neither a path nor an abstract name,
 * as a virtual machine's.
 */
bool plan_has_notify_socket(const struct plan_options *options);
#define PLAN_NOTIFY_DIRECTORY "/run/notify"
#define PLAN_NOTIFY_SOCKET    PLAN_NOTIFY_DIRECTORY "/notify.sock"

/* PATH if it is absolute, else below DIRECTORY. */
const char *plan_path_below(struct arena *arena, const char *directory, const char *path);

/* A copy of STRINGS, NULL-terminated, with room for EXTRA more. */
char **plan_strings_copy(struct arena *arena, const struct json_strings *strings, size_t extra);

/* Checks that every element of the environment ENV is NAME=VALUE. */
int plan_env_check(const struct json_node *node, size_t member, const struct json_strings *env,
                   struct err *err);

/*
 * Parses a list as of cpuset(7), "0-3,8, 10-11", into a mask in ARENA.  MAX is the largest number allowed.
 * An empty list gives *RET_WORDS 0.  NULL, or what is wrong.
 */
const char *plan_mask_parse(const char *list, unsigned max, struct arena *arena, unsigned long **ret_mask,
                            size_t *ret_words);

/* The parts of plan_process_compile() that have a file of their own. */
int plan_capabilities_compile(const struct oci_process *process, const struct plan_facts *facts,
                              struct plan_process *p, struct err *err);
int plan_rlimits_compile(const struct oci_process *process, struct arena *arena, struct plan_process *p,
                         struct err *err);
int plan_scheduler_compile(const struct oci_process *process, struct plan_process *p, struct err *err);
int plan_io_priority_compile(const struct oci_process *process, struct plan_process *p, struct err *err);
int plan_affinity_compile(const struct oci_process *process, struct arena *arena, struct plan_process *p,
                          struct err *err);

/*
 * The mounts of a `mounts` entry of type cgroup: one on v2, several on v1.  Appends them with
 * plan_mounts_append().
 */
struct plan_mount_list {
    struct plan *plan;
    size_t room;
};
struct plan_mount *plan_mounts_append(struct plan_mount_list *list); /* NULL if out of memory */
int plan_cgroup_mounts_compile(struct plan_mount_list *list, const struct plan_mount *model, struct err *err);

#endif
