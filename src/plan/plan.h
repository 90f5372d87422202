/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan.h - what will be done, as plain data.
 *
 * plan_compile() turns a spec into a plan: every flag resolved, every default
 * filled in, every mistake found, nothing on the host touched.  Everything
 * lives in the plan's arena and stays as it is, but for the members called
 * `..._fd`: the runtime's side (host) opens what they name before the clone,
 * and the child (init), which has the same memory and descriptors, uses them.
 * -1 in such a member means "not opened": init then opens it by name itself.
 *
 * `from` members lead back to the spec: to the line of config.json.
 */
#ifndef OCIRT_PLAN_H
#define OCIRT_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/oci_spec.h"
#include "stub/stub.h"

/* ---- what the host is like: input of the compiler, so that golden tests can choose it ------------------ */

enum plan_cgroup_layout { PLAN_CGROUP_NONE, PLAN_CGROUP_V2, PLAN_CGROUP_V1, PLAN_CGROUP_HYBRID };
enum plan_cgroup_manager { PLAN_MANAGER_CGROUPFS, PLAN_MANAGER_SYSTEMD, PLAN_MANAGER_DISABLED };

struct plan_hierarchy {  /* one mounted cgroup v1 hierarchy */
    const char *name;    /* directory below /sys/fs/cgroup: "cpu,cpuacct", "systemd" */
    const char *options; /* mount data: "cpu,cpuacct" or "none,name=systemd" */
};

struct plan_facts {
    enum plan_cgroup_layout cgroup_layout;
    const struct plan_hierarchy *hierarchies; /* v1 and hybrid, without the v2 one; hybrid's is "unified" */
    size_t n_hierarchies;
    uid_t euid;
    gid_t egid;
    bool in_user_namespace; /* not the initial one: no mknod, limited mounts */
    bool rootless;          /* unprivileged: sources are opened by init, not by the runtime */
    bool may_lack_cgroup;   /* a container without limits may go without one where none can be made */
    int last_capability;    /* CAP_LAST_CAP of the running kernel */
};

/*
 * What the administrator has consented to: annotations that act on objects of the host, or that weaken what
 * confines the container.  Others are refused (CVE-2024-3154: engines pass a pod's annotations on).
 */
struct plan_consents {
    struct json_strings allowed; /* names; prefixes if they end with "." */
    const char *file;            /* to which a line can be added */
    const char *fault;           /* why a file that is there is not believed; NULL if all is well */
};

/* What the caller asked for beside the configuration. */
struct plan_options {
    const char *id;
    const char *bundle; /* absolute */
    enum plan_cgroup_manager manager;
    bool no_pivot, no_new_keyring;
    unsigned preserve_fds;     /* descriptors from 3 on that stay open in the program */
    const char *traceparent;   /* for the hooks; NULL: none */
    const char *notify_socket; /* $NOTIFY_SOCKET of the caller, to whom the container's readiness is told */
    unsigned listen_fds;       /* $LISTEN_FDS: included in preserve_fds */
    bool consented;            /* create has asked for consent; it is not asked for again */
    struct plan_consents consents;
    const char
        *seccomp_receiver; /* $RUN_OCI_SECCOMP_RECEIVER, or NULL: for a profile that notifies but has no
                                      listenerPath */
};

/* ---- namespaces and ids -------------------------------------------------------------------------------- */

struct plan_join {
    uint64_t flag; /* CLONE_NEW* */
    const char *path;
    int ns_fd;
    const struct oci_namespace *from;
};

struct plan_namespaces {
    uint64_t fresh;  /* CLONE_NEW*: to be created */
    uint64_t joined; /* CLONE_NEW*: all of `join` */
    struct plan_join join[8];
    size_t n_join;
    const char *time_offsets; /* text for timens_offsets; NULL if none */
};

struct plan_id_range {
    uint32_t inside, outside, size;
};

struct plan_id_map {
    struct plan_id_range *uid, *gid;
    size_t n_uid, n_gid;
    int userns_fd; /* of an id-mapped mount: a user namespace with these maps */
};

/* ---- the root and what is mounted on it ---------------------------------------------------------------- */

struct plan_root {
    const char *path; /* absolute, on the host */
    bool readonly;
    bool overlay;         /* it is the lower layer of an overlay, whose upper one is in memory */
    uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, for the container's "/" */
    bool propagation_recursive;
    enum {
        PLAN_ROOT_PIVOT,
        PLAN_ROOT_MOVE,
        PLAN_ROOT_CHROOT
    } how;       /* CHROOT: the mount namespace is not our own */
    int tree_fd; /* detached tree of it */
};

enum plan_mount_kind {
    PLAN_MOUNT_FS,      /* a new instance: fsopen, fsconfig, fsmount */
    PLAN_MOUNT_CLASSIC, /* mount(2): what fsconfig can't say (long data, silent, unknown filesystems) */
    PLAN_MOUNT_BIND,    /* open_tree of `source` */
    PLAN_MOUNT_REMOUNT, /* new attributes of what is mounted there already */
    PLAN_MOUNT_CGROUP,  /* bind of the container's own directory of the v1 hierarchy named `source`
                                      ("cpu,cpuacct"; "unified" on a hybrid host): host fills tree_fd */
    PLAN_MOUNT_SYMLINK, /* cgroup v1: "cpu" -> "cpu,cpuacct"; source is the link's text */
};

struct plan_parameter {
    const char *key, *value;
}; /* value NULL: a flag */

struct plan_mount {
    enum plan_mount_kind kind;
    const struct oci_mount *from; /* NULL: ocirt's own */
    const char *type, *source;    /* source: absolute for BIND; NULL if none */
    const char *target;           /* in the container, absolute; resolved there, by openat2 */
    struct plan_parameter *parameters;
    size_t n_parameters;
    const char *data; /* the same for mount(2); NULL if none */
    /*
     * MS_*: for mount(2), and the superblock flags for fsconfig (MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC,
     * MS_LAZYTIME, MS_MANDLOCK, MS_SILENT, MS_I_VERSION, MS_BIND with REMOUNT).
     */
    unsigned long flags;
    uint64_t set, clear;                     /* MOUNT_ATTR_* of this mount */
    uint64_t recursive_set, recursive_clear; /* of it and all below */
    uint64_t propagation;                    /* MS_SHARED...; 0: as made */
    bool propagation_recursive;
    bool recursive;    /* rbind */
    bool copy_up;      /* tmpcopyup */
    bool copy_symlink; /* copy the source if it is a symlink, instead of mounting it */
    bool source_nofollow, target_nofollow;
    bool optional; /* ENOENT of the target or of the host's file is no error */
    struct plan_id_map
        *id_map; /* NULL: not id-mapped.  Without ranges: by the user namespace that is joined */
    bool id_map_recursive;
    const char *file_label; /* SELinux: to be set as security.selinux of the mount's root; NULL: nothing */
    int tree_fd;
    int mounted_fd; /* init's own: the mount, if paths below it are to be hidden; 0: not kept */
};

struct plan_device {
    const char *path; /* in the container, absolute */
    mode_t mode;      /* S_IFCHR, S_IFBLK or S_IFIFO, and permissions */
    unsigned major, minor;
    uid_t uid;
    gid_t gid;
    const struct oci_device *from; /* NULL: a default device */
    int tree_fd;                   /* where mknod is not allowed: detached bind of the host's node */
};

struct plan_symlink {
    const char *path, *text;
    bool replace;
};

struct plan_hidden {
    const char *path;
    size_t index;
    bool readonly;
}; /* false: masked; index in its list */

struct plan_sysctl {
    const char *name, *path, *value;
}; /* path: "net/ipv4/ip_forward", below /proc/sys */

/* ---- the process --------------------------------------------------------------------------------------- */

struct plan_rlimit {
    int resource;
    uint64_t soft, hard;
    const struct oci_rlimit *from;
};

struct plan_process {
    const struct oci_process *from;
    const char *cwd;
    char **argv; /* NULL-terminated; argv[0] as configured */
    char **envp; /* NULL-terminated, with room for one more entry before the end (HOME) */
    size_t n_env;
    bool has_home;
    const char *search_path; /* PATH of envp, or the default */
    bool terminal;
    bool has_size;
    unsigned short rows, columns;
    uint32_t uid, gid, umask;
    uint32_t *groups;
    size_t n_groups;
    bool keep_groups;      /* annotation run.oci.keep_original_groups */
    bool has_capabilities; /* false: all five sets empty, unless the caller is told otherwise */
    uint64_t capabilities[STUB_CAPABILITY_SETS];
    bool no_new_privileges;
    struct plan_rlimit *rlimits;
    size_t n_rlimits;
    bool has_oom_score_adj;
    int oom_score_adj;
    const char *apparmor, *selinux; /* NULL if none */
    bool has_scheduler;
    struct stub_scheduler scheduler;
    bool has_io_priority;
    int io_priority; /* as ioprio_set(2) takes it */
    unsigned long *initial_affinity,
        *final_affinity; /* masks of affinity_words longs (exec only); NULL if none */
    size_t affinity_words;
};

struct plan_hook {
    const char *path;
    char **argv, **envp; /* NULL-terminated; argv[0] is path if args is empty */
    unsigned timeout;    /* seconds; 0: none */
    const struct oci_hook *from;
};

struct plan_hook_list {
    struct plan_hook *v;
    size_t n;
};

enum plan_hook_kind {
    PLAN_PRESTART,
    PLAN_CREATE_RUNTIME,
    PLAN_CREATE_CONTAINER,
    PLAN_START_CONTAINER,
    PLAN_POSTSTART,
    PLAN_POSTSTOP,
    PLAN_HOOK_KINDS
};
extern const char *const plan_hook_names[PLAN_HOOK_KINDS]; /* "prestart" ... as in config.json */

/* ---- cgroups: see plan/cgroup.h for resources ---------------------------------------------------------- */

struct plan_cgroup {
    enum plan_cgroup_manager manager;
    const char *path;          /* cgroupfs: "/a/b", below the mount point (v2) or each hierarchy (v1) */
    bool path_is_relative;     /* cgroupsPath was relative: below the runtime's own cgroup */
    const char *slice, *scope; /* systemd: "machine.slice", "ocirt-ID.scope" */
    bool delegate;             /* chown to the container's user: config-linux.md "cgroup ownership" */
    const char *delegate_path, *subgroup; /* annotations run.oci.delegate-cgroup, run.oci.systemd.subgroup */
    struct plan_systemd_properties *properties; /* systemd: systemd_properties.h; NULL for other managers */
    const struct oci_resources *resources;      /* NULL if none */
    struct plan_cgroup_writes *writes;          /* cgroup.h; for the layout of the facts */
    struct plan_device_rules *device_rules;     /* cgroup.h; always set: the default list and the config's */
};

/* ---- seccomp ------------------------------------------------------------------------------------------- */

struct plan_seccomp { /* what libseccomp is asked for; compiled by host/seccomp.c */
    const struct oci_seccomp *from;
    uint32_t default_action; /* SCMP_ACT_* with its errno */
    unsigned flags;          /* SECCOMP_FILTER_FLAG_* */
    bool notify;             /* some rule has SCMP_ACT_NOTIFY */
    const char *listener_path, *listener_metadata;
    const void *raw_bpf; /* annotation run.oci.seccomp_bpf_data; NULL if none */
    size_t raw_size;
    bool fail_unknown; /* annotation run.oci.seccomp_fail_unknown_syscall: an unknown name is an error */
};

/* ---- the rest of linux --------------------------------------------------------------------------------- */

struct plan_net_device {
    const char *host_name, *name;
    const struct oci_net_device *from;
};

struct plan_memory_policy {
    uint32_t mode;
    unsigned long *nodes;
    size_t n_words;
}; /* mode with MPOL_F_* */

struct plan {
    struct arena arena;
    const struct oci_spec *spec;
    struct plan_options options;
    struct plan_facts facts;

    struct plan_namespaces namespaces;
    struct plan_id_map ids; /* of a new user namespace */
    struct plan_root root;
    struct plan_mount *mounts; /* in the order to be made */
    size_t n_mounts;
    size_t notify_mount; /* index plus one of that of NOTIFY_SOCKET, whose source create makes; 0: none */
    bool bind_devices;   /* device nodes are bound from the host: mknod is not allowed */
    struct plan_device *devices;
    size_t n_devices;
    struct plan_symlink *symlinks; /* /dev/fd, stdin, stdout, stderr, core, ptmx */
    size_t n_symlinks;
    struct plan_hidden *hidden; /* masked, then readonly */
    size_t n_hidden;
    int null_tree_fd; /* detached bind of the host's /dev/null for masked files; init clones it */
    struct plan_sysctl *sysctls;
    size_t n_sysctls;
    const char *hostname, *domainname; /* NULL: left alone */
    bool loopback_up;                  /* a new network namespace */
    const char *mount_label;           /* SELinux; NULL if none */

    struct plan_process *process; /* NULL: there is none (start will say so) */
    struct plan_hook_list hooks[PLAN_HOOK_KINDS];
    struct plan_cgroup cgroup;
    struct plan_seccomp *seccomp; /* NULL: none */
    struct plan_net_device *net_devices;
    size_t n_net_devices;
    const struct oci_intel_rdt *intel_rdt; /* checked; NULL: none */
    struct plan_memory_policy *memory_policy;
    bool has_personality;
    uint32_t personality; /* as personality(2) takes it */

    const char *hooks_stdout, *hooks_stderr; /* annotations run.oci.hooks.stdout, .stderr */
    const char *mount_context_type;          /* "context", "fscontext", ... */
    const char *criu_config;                 /* annotation org.criu.config */
    const char *pidfd_receiver; /* annotation run.oci.pidfd_receiver: socket that gets init's pidfd */
};

/*
 * Compiles SPEC, which must outlive the plan, as must what OPTIONS and FACTS point to.  0, or a negative
 * errno with ERR filled (with every mistake if err->collect).  The caller frees with plan_free().
 */
int plan_compile(const struct oci_spec *spec, const struct plan_options *options,
                 const struct plan_facts *facts, struct plan **ret_plan, struct err *err);
void plan_free(struct plan *plan);

/*
 * Compiles a process alone, for exec: into *RET, which lives in ARENA.  SPEC is the container's (annotations,
 * the seccomp and id maps it runs with); PROCESS may be another than spec->process.
 */
int plan_process_compile(const struct oci_spec *spec, const struct oci_process *process,
                         const struct plan_options *options, const struct plan_facts *facts,
                         struct arena *arena, struct plan_process **ret_process, struct err *err);

/* Prints the plan, a line a step, as the golden files and `ocirt plan` have it.  0 or -errno. */
struct text;
int plan_print(const struct plan *plan, struct text *out);

/* Is ID an id that the user namespace of the maps knows?  An absent map knows every id but (uint32_t) -1. */
bool plan_id_is_mapped(const struct plan_id_range *ranges, size_t n, uint32_t id);

#endif
