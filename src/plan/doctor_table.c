/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_table.c - facts and findings as JSON.
 */
#include "plan/doctor.h"

/* clang-format off */
#define F(s, m, name, ...) JSON_FIELD(struct doctor_##s, m, name, __VA_ARGS__)
#define ALWAYS JSON_REQUIRED

static const struct json_field kernel_fields[] = {
    F(kernel, release, "release", ALWAYS), F(kernel, machine, "machine", ALWAYS),
    F(kernel, openat2, "openat2"), F(kernel, clone3, "clone3"), F(kernel, mount_setattr, "mountSetattr"),
    F(kernel, fsopen, "fsopen"), F(kernel, pidfd_open, "pidfdOpen"), F(kernel, close_range, "closeRange"),
    F(kernel, memfd_exec, "memfdExec"), F(kernel, seccomp, "seccomp"),
    F(kernel, seccomp_notify, "seccompNotify"),
    F(kernel, pidfs, "pidfs"),
    F(kernel, exit_info, "exitInfo"), F(kernel, cgroup_kill, "cgroupKill"), F(kernel, overlay, "overlay"),
    F(kernel, device_bpf, "deviceBpf"), F(kernel, memfd_noexec, "memfdNoexec"),
};
static const struct json_field namespaces_fields[] = {
    F(namespaces, there, "there"), F(namespaces, new_user, "newUser"), F(namespaces, max_user, "maxUser"),
    F(namespaces, unprivileged, "unprivileged"), F(namespaces, apparmor_restricts, "apparmorRestricts"),
};
static const struct json_field cgroup_fields[] = {
    F(cgroup, layout, "layout", ALWAYS), F(cgroup, own, "own"), F(cgroup, controllers, "controllers"),
    F(cgroup, usable, "usable"), F(cgroup, writable, "writable"), F(cgroup, favor_dynmods, "favorDynmods"),
};
static const struct json_field systemd_fields[] = {
    F(systemd, running, "running"), F(systemd, user, "user"), F(systemd, connect, "connect"),
    F(systemd, why, "why"),
    F(systemd, version, "version"), F(systemd, no_library, "noLibrary"),
};
static const struct json_field caller_fields[] = {
    F(caller, uid, "uid"), F(caller, in_user_namespace, "inUserNamespace"), F(caller, lacking, "lacking"),
    F(caller, subuids, "subuids"), F(caller, subgids, "subgids"), F(caller, newuidmap, "newuidmap"),
    F(caller, newgidmap, "newgidmap"), F(caller, uidmap_works, "newuidmapWorks"),
    F(caller, gidmap_works, "newgidmapWorks"), F(caller, open_files, "openFiles"),
    F(caller, processes, "processes"),
};
static const struct json_field host_fields[] = {
    F(host, lsms, "lsms"), F(host, criu, "criu"), F(host, criu_version, "criuVersion"),
    F(host, criu_why, "criuWhy"), F(host, pid_max, "pidMax"), F(host, max_map_count, "maxMapCount"),
    F(host, inotify_instances, "inotifyInstances"), F(host, inotify_watches, "inotifyWatches"),
    F(host, keys, "keys"), F(host, ptys, "ptys"), F(host, state_root, "stateRoot"),
    F(host, state_root_errno, "stateRootErrno"), F(host, state_root_why, "stateRootWhy"),
    F(host, state_root_fs, "stateRootFilesystem"),
    F(host, state_root_noexec, "stateRootNoexec"), F(host, state_root_nosuid, "stateRootNosuid"),
    F(host, consents, "consents"), F(host, consents_fault, "consentsFault"),
};

#define DOCTOR_TYPE(link, s, table)                                                                         \
    link const struct json_type s##_type = { .size = sizeof(struct s),                                      \
        .n_fields = sizeof table / sizeof *table, .fields = table }

DOCTOR_TYPE(static, doctor_kernel, kernel_fields);
DOCTOR_TYPE(static, doctor_namespaces, namespaces_fields);
DOCTOR_TYPE(static, doctor_cgroup, cgroup_fields);
DOCTOR_TYPE(static, doctor_systemd, systemd_fields);
DOCTOR_TYPE(static, doctor_caller, caller_fields);
DOCTOR_TYPE(static, doctor_host, host_fields);

#define PART(m) JSON_FIELD_OF(struct doctor_facts, m, #m, JSON_OBJECT, &doctor_##m##_type, 0)

static const struct json_field facts_fields[] = {
    PART(kernel), PART(namespaces), PART(cgroup), PART(systemd), PART(caller), PART(host),
};
DOCTOR_TYPE(, doctor_facts, facts_fields);

static const char *const verdict_words[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_LIMITED] = "limited", [DOCTOR_MISSING] = "missing",
};
const struct json_words doctor_verdicts = { verdict_words, sizeof verdict_words / sizeof *verdict_words };

static const struct json_field finding_fields[] = {
    F(finding, area, "area", ALWAYS), F(finding, name, "name", ALWAYS),
    JSON_FIELD_OF(struct doctor_finding, verdict, "status", JSON_CHOICE, &doctor_verdicts, JSON_REQUIRED),
    F(finding, needed, "needed"), F(finding, found, "found"), F(finding, costs, "costs"),
    F(finding, remedy, "remedy"),
};
DOCTOR_TYPE(static, doctor_finding, finding_fields);

static const struct json_field report_fields[] = {
    F(report, able, "able", ALWAYS),
    JSON_FIELD_OF(struct doctor_report, findings, "findings", JSON_OBJECTS, &doctor_finding_type,
    JSON_REQUIRED),
};
DOCTOR_TYPE(, doctor_report, report_fields);
/* clang-format on */

struct doctor_facts *doctor_facts_new(struct arena *arena)
{
    struct doctor_facts *facts = json_new(arena, &doctor_facts_type);

    if (!facts)
        return NULL;
    facts->kernel = json_new(arena, &doctor_kernel_type);
    facts->namespaces = json_new(arena, &doctor_namespaces_type);
    facts->cgroup = json_new(arena, &doctor_cgroup_type);
    facts->systemd = json_new(arena, &doctor_systemd_type);
    facts->caller = json_new(arena, &doctor_caller_type);
    facts->host = json_new(arena, &doctor_host_type);
    return facts->kernel && facts->namespaces && facts->cgroup && facts->systemd && facts->caller &&
                   facts->host
               ? facts
               : NULL;
}
