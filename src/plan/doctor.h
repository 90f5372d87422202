/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.h - what a host can do for containers: facts about it, and what follows from them.
 *
 * The facts are gathered by host/doctor*.c, the findings are made here, from nothing else: so that any host
 * can be judged from a text of its facts.
 *
 * Facts named after a system call are the errno with which a harmless call of it failed, 0 if it did not.
 */
#ifndef OCIRT_PLAN_DOCTOR_H
#define OCIRT_PLAN_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "libocispec/arena.h"
#include "libocispec/json.h"

struct doctor_kernel {
    struct json_node node;
    char *release, *machine;
    int32_t openat2, clone3, mount_setattr, fsopen, pidfd_open, close_range, memfd_exec, seccomp;
    int32_t seccomp_notify;
    bool pidfs, exit_info, cgroup_kill, overlay, device_bpf;
    int64_t memfd_noexec; /* vm.memfd_noexec; -1: there is no such file, as with all sysctls here */
};

struct doctor_namespaces {
    struct json_node node;
    struct json_strings there;  /* names in /proc/self/ns */
    int32_t new_user;           /* of clone3 with CLONE_NEWUSER, as the caller */
    int64_t max_user;           /* user.max_user_namespaces */
    int64_t unprivileged;       /* kernel.unprivileged_userns_clone, of Debian */
    int64_t apparmor_restricts; /* kernel.apparmor_restrict_unprivileged_userns */
};

struct doctor_cgroup {
    struct json_node node;
    char *layout;                    /* "v2", "hybrid", "v1", "none" */
    char *own;                       /* the caller's, on v2; NULL if not known */
    struct json_strings controllers; /* of the host */
    struct json_strings usable;      /* v2: that a container of this caller can be limited by */
    bool writable;                   /* the caller may make cgroups where its containers would be */
    bool favor_dynmods;              /* moves and limits without waiting for all processors; mount option */
};

struct doctor_systemd {
    struct json_node node;
    bool running;    /* is it the init of this host? */
    bool user;       /* whose manager is asked: the caller's own */
    int32_t connect; /* to that manager */
    char *why;       /* what was said when that failed; NULL if nothing */
    char *version;   /* that the manager tells; NULL: not known */
    bool no_library; /* what it takes to talk to a manager is not installed */
};

struct doctor_caller {
    struct json_node node;
    uint32_t uid;
    bool in_user_namespace;
    struct json_strings lacking;     /* capabilities that root usually has */
    uint64_t subuids, subgids;       /* how many ids in all */
    char *newuidmap, *newgidmap;     /* paths; NULL: not there */
    bool uidmap_works, gidmap_works; /* they have the set-user-id bit, or the file capability */
    uint64_t open_files, processes;  /* hard limits; UINT64_MAX: none */
};

struct doctor_host {
    struct json_node node;
    struct json_strings lsms;
    char *criu;           /* path; NULL: not there */
    int32_t criu_version; /* 40201 is 4.2.1; 0: it can't be used */
    char *criu_why;       /* why not */
    int64_t pid_max, max_map_count, inotify_instances, inotify_watches, keys, ptys;
    char *state_root;
    int32_t state_root_errno; /* of making something in it */
    char *state_root_why;     /* why there is none; NULL: see the errno */
    char *state_root_fs;      /* type of its filesystem; NULL if it is not known */
    bool state_root_noexec, state_root_nosuid;
    struct json_strings consents; /* annotations that the administrator has consented to: see plan_consents */
    char *consents_fault;         /* why a file of them is not believed; NULL if all is well */
};

struct doctor_facts {
    struct json_node node;
    struct doctor_kernel *kernel;
    struct doctor_namespaces *namespaces;
    struct doctor_cgroup *cgroup;
    struct doctor_systemd *systemd;
    struct doctor_caller *caller;
    struct doctor_host *host;
};

enum doctor_verdict { DOCTOR_UNSET, DOCTOR_OK, DOCTOR_LIMITED, DOCTOR_MISSING };

struct doctor_finding {
    struct json_node node;
    char *area, *name;
    enum doctor_verdict verdict;
    bool needed;  /* without it no container runs */
    char *found;  /* what was seen; NULL if there is no more to say */
    char *costs;  /* what does not work for lack of it; NULL if OK */
    char *remedy; /* how to get it; NULL if OK */
};

struct doctor_report {
    struct json_node node;
    bool able; /* containers can be run */
    JSON_LIST(struct doctor_finding *) findings;
};

extern const struct json_type doctor_facts_type, doctor_report_type;
extern const struct json_words doctor_verdicts;

/* Facts with all their objects, none of which is known yet, in ARENA; NULL if out of memory. */
struct doctor_facts *doctor_facts_new(struct arena *arena);

/*
 * Judges FACTS, of which every object must be there.  *RET lives in ARENA and may point into FACTS.  0 or
 * -ENOMEM.
 */
int doctor_judge(const struct doctor_facts *facts, struct arena *arena, struct doctor_report *ret);

#endif
