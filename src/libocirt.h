/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libocirt.h - create, start, watch and delete OCI containers.
 *
 * Everything is done for a `struct ocirt`, which holds where the state is kept
 * and how; it is not changed by the calls, so that threads may share one.  No
 * function exits, prints, changes the environment or the working directory, or
 * executes the calling program again.  Only where it is said a function reads
 * the environment.
 *
 * Errors: functions return 0, or a negative errno with *RET_ERROR set (RET_ERROR
 * may be NULL) to an error that the caller frees with ocirt_error_free().  On
 * success *RET_ERROR and on failure all other results are left as they were.
 *
 * Ownership: strings that are given are not kept longer than the call.  Texts
 * that are returned in `char **` are the caller's, for free(3); `const char *`
 * belongs to what it was asked of.
 *
 * Options: structs of options begin with their size, so that members can be
 * added: initialise with `{ .size = sizeof x }`; members left zero are the
 * defaults.  NULL instead of a struct means the defaults.
 *
 * Processes: the container's process is a child of the calling process, which
 * gets SIGCHLD.  ocirt_wait(), ocirt_run() and ocirt_delete() reap it; a program
 * that reaps all its children itself, or ignores SIGCHLD, still learns the status
 * from Linux 6.15 on.  All descriptors are close-on-exec.  SIGPIPE is never caused.
 *
 * The operations are those of the OCI runtime specification, runtime.md
 * "Operations", and those that runc and crun added.  Commands of ocirt and calls
 * of the library may be mixed for one container: each locks it while it changes it.
 */
#ifndef LIBOCIRT_H
#define LIBOCIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OCIRT_API __attribute__((visibility("default")))

/* ---- errors -------------------------------------------------------------------------------------------- */

/* What failed.  NULL is taken for one of which there was no memory left to tell more. */
struct ocirt_error;

/* One line, without a newline at the end: "create web1: config.json:64: mounts[3].type: ...". */
OCIRT_API const char *ocirt_error_text(const struct ocirt_error *error);

/* A stable name, "E_MOUNT"; docs/errors.md has all, and `ocirt explain` tells more of each. */
OCIRT_API const char *ocirt_error_code(const struct ocirt_error *error);

/* The property of the configuration that it is about, "mounts[3].type"; NULL if none. */
OCIRT_API const char *ocirt_error_property(const struct ocirt_error *error);

/* Its line in the configuration, from 1; 0 if none. */
OCIRT_API unsigned ocirt_error_line(const struct ocirt_error *error);

/* The errno with which the kernel refused, positive; 0 if it had no say. */
OCIRT_API int ocirt_error_number(const struct ocirt_error *error);

/* What to do about it; NULL if nobody knows. */
OCIRT_API const char *ocirt_error_hint(const struct ocirt_error *error);

/* The next mistake that ocirt_check() found; NULL after the last.  Belongs to the first. */
OCIRT_API const struct ocirt_error *ocirt_error_next(const struct ocirt_error *error);

/* Frees an error with all that follow it.  NULL is fine. */
OCIRT_API void ocirt_error_free(struct ocirt_error *error);

/* ---- the context --------------------------------------------------------------------------------------- */

enum ocirt_manager { OCIRT_MANAGER_CGROUPFS, OCIRT_MANAGER_SYSTEMD, OCIRT_MANAGER_DISABLED };
enum ocirt_rootless { OCIRT_ROOTLESS_AUTO, OCIRT_ROOTLESS_YES, OCIRT_ROOTLESS_NO };

struct ocirt_options {
    size_t size;
    const char *root; /* state directory; NULL: /run/ocirt, or $XDG_RUNTIME_DIR/ocirt when not root */
    enum ocirt_manager manager;   /* who makes the cgroups; a user's SYSTEMD is found by $XDG_RUNTIME_DIR */
    enum ocirt_rootless rootless; /* leave out what only root may do in cgroups; AUTO: if not root */
    /*
     * One line each, without a newline; called by the thread that made the call, and not to call the library
     * again.
     */
    void (*warn)(void *context, const char *text);  /* warnings; NULL: dropped */
    void (*debug)(void *context, const char *text); /* what is being done; NULL: dropped */
    void *context;                                  /* for these two */
    int trace_fd; /* > 0: phases as Chrome trace events are appended to it; 0: none */
    /*
     * The span of a trace that the calls belong to, as W3C Trace Context has it; NULL: none.  Hooks find it
     * in their environment, unless they are given another, and so do readers of trace_fd.  One that is not
     * valid counts as none.
     */
    const char *traceparent;
    /*
     * Of sd_notify(3).  ocirt_start() of a container that was created with one returns when its program has
     * said READY=1, or has ended, and tells the service manager there.
     */
    const char *notify_socket;
};

struct ocirt;

/*
 * Makes a context.  Opens nothing: a state directory that is not there yet is made by the first
 * ocirt_create().
 */
OCIRT_API int ocirt_new(const struct ocirt_options *options, struct ocirt **ret_ocirt,
                        struct ocirt_error **ret_error);

/* Frees a context that no thread uses any more; its containers live on.  NULL is fine. */
OCIRT_API void ocirt_free(struct ocirt *ocirt);

/* The state directory, absolute, also if it does not exist yet.  Reads $XDG_RUNTIME_DIR if none was given. */
OCIRT_API int ocirt_root(const struct ocirt *ocirt, char **ret_path, struct ocirt_error **ret_error);

/* ---- create, start, run -------------------------------------------------------------------------------- */

/*
 * What a container used, from the statistics of its cgroup.  Where these are not counted (no cgroup, no
 * controller), from those of its first process and of the children that it has waited for; memory is then
 * that of the largest one.
 */
struct ocirt_usage {
    size_t size;
    uint64_t wall, user, system; /* microseconds: that passed, and of processors */
    uint64_t memory;             /* bytes at most at a time; 0: not known */
    uint64_t read, written;      /* bytes from and to disks */
    uint64_t oom_kills;          /* processes that the kernel killed for lack of memory */
    int signal;                  /* that ended the program; 0: none did */
    bool cpu_of_cgroup, memory_of_cgroup, io_of_cgroup; /* so it is of all its processes */
};

struct ocirt_create_options {
    size_t size;
    const char *bundle;           /* NULL: the working directory */
    const char *config;           /* path of the configuration; NULL: config.json in the bundle */
    const char *config_text;      /* the configuration itself, instead of a file */
    const char *console_socket;   /* AF_UNIX path to which the terminal's master is sent */
    const char *pidfd_socket;     /* AF_UNIX path to which a pidfd of the container's process is sent */
    const char *pid_file;         /* gets the pid, by rename(2) */
    unsigned preserve_fds;        /* this many descriptors from 3 on are the program's as well */
    bool no_pivot;                /* MS_MOVE and chroot(2) instead of pivot_root(2), for an initial ramdisk */
    bool no_new_keyring;          /* the container has the caller's session keyring */
    bool detach;                  /* run: return once the program runs */
    bool keep;                    /* run: do not delete the container when it ends */
    bool no_subreaper;            /* accepted for runc's callers: nothing here needs a subreaper */
    bool leave_signals;           /* run: pass no signals on, which remain for the program and its threads */
    unsigned listen_fds;          /* as preserve_fds, and the program is told: sd_listen_fds(3) */
    const char *notify_socket;    /* of sd_notify(3): the container gets one of its own; NULL: none */
    const char *seccomp_receiver; /* AF_UNIX path of an agent, for a profile that notifies and names none */
    struct ocirt_usage
        *usage; /* run in the foreground: what the container used, told at its end; NULL: not asked */
    /*
     * The configuration is made from these, as by ocirt_spec_with(), instead of a file or a text; NULL: it is
     * not.  Errors name the options that `ocirt run --rootfs` has for them, for nobody has seen its lines.
     */
    const struct ocirt_spec_options *spec_options;
};

/*
 * Makes the container ID of a bundle (runtime.md "Create"): when it returns, all but the program is there,
 * and waits for ocirt_start().  An id has letters, digits and _+.- and is new (else E_EXISTS).  On failure
 * everything is undone.
 */
OCIRT_API int ocirt_create(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
                           struct ocirt_error **ret_error);

/*
 * Lets a created container execute its program (runtime.md "Start"); 0 means that it was executed and the
 * poststart hooks ran.  A program that can't be executed leaves a stopped container, a hook that failed none.
 */
OCIRT_API int ocirt_start(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);

/*
 * Create, start, wait and delete.  In the foreground this thread passes signals on to the program (they are
 * blocked for it, so other threads should block them too; see leave_signals), and copies between the terminal
 * of the container, if it has one, and the descriptors 0 and 1.  *RET_STATUS is the exit status, 128 + n
 * after signal n; 0 when detached.
 */
OCIRT_API int ocirt_run(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
                        int *ret_status, struct ocirt_error **ret_error);

/* ---- what there is ------------------------------------------------------------------------------------- */

enum ocirt_status { OCIRT_CREATING = 1, OCIRT_CREATED, OCIRT_RUNNING, OCIRT_STOPPED, OCIRT_PAUSED };

struct ocirt_container {
    size_t size;
    const char *id;
    const char *bundle, *rootfs; /* absolute */
    const char *created;         /* RFC 3339 with nanoseconds, UTC */
    const char *owner;           /* name of the user who created it, or the number */
    enum ocirt_status status;
    pid_t pid; /* as the caller sees it; 0 if stopped */
};

/*
 * The state (runtime.md "State") with what runc and crun add, JSON in several lines.  E_NOT_FOUND if there is
 * none.
 */
OCIRT_API int ocirt_state(struct ocirt *ocirt, const char *id, char **ret_json,
                          struct ocirt_error **ret_error);

/*
 * Calls EACH for every container, in the order of their ids; what it is given is good until it returns.  If
 * it returns non-zero that is returned at once, without an error.  One that can't be read is warned of and
 * left out.
 */
OCIRT_API int ocirt_list(struct ocirt *ocirt,
                         int (*each)(void *context, const struct ocirt_container *container), void *context,
                         struct ocirt_error **ret_error);

/* The same as one JSON array of states, in one line. */
OCIRT_API int ocirt_list_json(struct ocirt *ocirt, char **ret_json, struct ocirt_error **ret_error);

/* ---- what can be done to a container ------------------------------------------------------------------- */

/*
 * Sends SIGNAL, a number, to the container's process (runtime.md "Kill"); ALL: to all processes of its
 * cgroup.  Where the container has no pid namespace of its own, SIGKILL is for all.  E_STATUS if it is
 * neither created nor running.
 */
OCIRT_API int ocirt_kill(struct ocirt *ocirt, const char *id, int signal, bool all,
                         struct ocirt_error **ret_error);

/*
 * Removes a container that is stopped or only created, with its cgroup, and runs the poststop hooks
 * (runtime.md "Delete").  FORCE: kills it first, and an id that does not exist is fine.
 */
OCIRT_API int ocirt_delete(struct ocirt *ocirt, const char *id, bool force, struct ocirt_error **ret_error);

/* Freezes all processes of the container.  0 if they are already. */
OCIRT_API int ocirt_pause(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);

/* Thaws them.  E_STATUS if the container is not paused. */
OCIRT_API int ocirt_resume(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);

/* Pids of all its processes, as the caller sees them.  *RET_PIDS, of *RET_N elements, is for free(3). */
OCIRT_API int ocirt_ps(struct ocirt *ocirt, const char *id, pid_t **ret_pids, size_t *ret_n,
                       struct ocirt_error **ret_error);

/*
 * Changes limits.  RESOURCES: JSON text as in linux.resources (config-linux.md "Control groups"); what is not
 * in it stays.  "intelRdt" may stand beside.
 */
OCIRT_API int ocirt_update(struct ocirt *ocirt, const char *id, const char *resources,
                           struct ocirt_error **ret_error);

/*
 * What the container uses, one line of JSON as `runc events --stats` has it.  Sizes are bytes, CPU times
 * nanoseconds.
 */
OCIRT_API int ocirt_stats(struct ocirt *ocirt, const char *id, char **ret_json,
                          struct ocirt_error **ret_error);

/*
 * Calls EACH with a line of JSON every INTERVAL_MS milliseconds and on each out-of-memory kill, until the
 * container ends or EACH returns non-zero, which is returned without an error then.
 */
OCIRT_API int ocirt_events(struct ocirt *ocirt, const char *id, unsigned interval_ms,
                           int (*each)(void *context, const char *json), void *context,
                           struct ocirt_error **ret_error);

/*
 * Waits until the container's process has ended, and reaps it if it is a child.  *RET_STATUS is its exit
 * status, 128 + n after signal n; -1 where the kernel does not tell: the caller is not its parent, and it is
 * older than 6.15 (PIDFD_GET_INFO), or it ended before and somebody has reaped it.  E_STATUS if it has no
 * process yet.
 */
OCIRT_API int ocirt_wait(struct ocirt *ocirt, const char *id, int *ret_status,
                         struct ocirt_error **ret_error);

/*
 * A pidfd of the container's process, for poll(2) beside other things: it is readable when the process has
 * ended.  The caller closes it.  E_STATUS if the container is stopped.
 */
OCIRT_API int ocirt_pidfd(struct ocirt *ocirt, const char *id, int *ret_fd, struct ocirt_error **ret_error);

struct ocirt_exec_options {
    size_t size;
    const char *process; /* JSON text of a process; NULL: args and the container's own process */
    char *const *args;   /* NULL-terminated */
    char *const *env;    /* NAME=VALUE to add; NULL-terminated; NULL: none */
    char *const *caps;   /* capabilities to add; NULL-terminated; NULL: none */
    const char *cwd;
    const char *user;                                     /* "UID[:GID]", numbers */
    const char *additional_gids;                          /* "GID,GID" */
    const char *cgroup;                                   /* below the container's */
    const char *process_label;                            /* of SELinux */
    const char *apparmor;                                 /* profile */
    const char *console_socket, *pidfd_socket, *pid_file; /* as for create */
    unsigned preserve_fds;
    bool terminal;      /* give it one */
    bool detach;        /* return once the program runs; it remains the caller's child */
    bool no_new_privs;  /* set the attribute */
    bool ignore_paused; /* do it in a paused container too */
    bool leave_signals; /* as for run */
};

/*
 * Runs one more program in a running or created container.  *RET_STATUS as for ocirt_run(), and so are
 * signals and the terminal.  E_EXEC, E_CWD and others say why the program could not be executed.
 */
OCIRT_API int ocirt_exec(struct ocirt *ocirt, const char *id, const struct ocirt_exec_options *options,
                         int *ret_status, struct ocirt_error **ret_error);

/* Adds mounts to a running container.  MOUNTS: JSON text of an array as in config.md "Mounts". */
OCIRT_API int ocirt_mounts_add(struct ocirt *ocirt, const char *id, const char *mounts,
                               struct ocirt_error **ret_error);

/* Unmounts what is on the destinations of MOUNTS, the last first. */
OCIRT_API int ocirt_mounts_remove(struct ocirt *ocirt, const char *id, const char *mounts,
                                  struct ocirt_error **ret_error);

/*
 * As the options of `runc checkpoint` and `runc restore`; paths as CRIU takes them.  Both are the work of
 * CRIU: libcriu is loaded when it is used, and runs the program criu, which is looked for in $PATH.  One
 * request is made at a time: the library keeps it in variables of its own.
 */
struct ocirt_checkpoint_options {
    size_t size;
    const char *image_path, *work_path, *parent_path;
    const char *page_server;         /* "ADDRESS:PORT" */
    const char *manage_cgroups_mode; /* "soft", "full", "strict", "ignore" */
    const char *network_lock;        /* "iptables", "nftables", "skip" */
    const char *lsm_profile, *lsm_mount_context;
    char *const *empty_ns; /* "network"; NULL-terminated; NULL: none */
    int status_fd;         /* > 0: a NUL is written to it when lazy pages can be had */
    bool leave_running, tcp_established, tcp_skip_in_flight, tcp_close, ext_unix_sk, shell_job, lazy_pages,
        file_locks;
    bool pre_dump, auto_dedup, link_remap;
};

/*
 * Writes the processes of a running or paused container to files in `image_path`, and unless it is to be left
 * running ends and deletes it.  E_CHECKPOINT where CRIU is missing, or can't do it.
 */
OCIRT_API int ocirt_checkpoint(struct ocirt *ocirt, const char *id,
                               const struct ocirt_checkpoint_options *options,
                               struct ocirt_error **ret_error);

/*
 * Makes a container from such files, which runs at once; otherwise as ocirt_run().  With `no_pivot` it is an
 * error, since CRIU always pivots.
 */
OCIRT_API int ocirt_restore(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *create,
                            const struct ocirt_checkpoint_options *options, int *ret_status,
                            struct ocirt_error **ret_error);

/* ---- without a container ------------------------------------------------------------------------------- */

/* What this build of the library can do (features.md), JSON in several lines. */
OCIRT_API int ocirt_features(char **ret_json, struct ocirt_error **ret_error);

/* A config.json to begin with, that runs `sh` in a terminal; ROOTLESS: for the caller's own ids. */
OCIRT_API int ocirt_spec(bool rootless, char **ret_json, struct ocirt_error **ret_error);

enum ocirt_verdict { OCIRT_OK = 1, OCIRT_LIMITED, OCIRT_MISSING };

/* What the host has, or lacks, of what containers use. */
struct ocirt_finding {
    size_t size;
    const char *area, *name; /* "kernel", "openat2" */
    enum ocirt_verdict verdict;
    bool needed;        /* without it no container runs */
    const char *found;  /* what was seen; NULL if there is no more to say */
    const char *costs;  /* what does not work for lack of it; NULL if OK */
    const char *remedy; /* how to get it; NULL if OK */
};

/*
 * Examines the host, for the caller and with the options of the context: files are read, and calls tried by a
 * child that ends at once; nothing is changed, no container made.  Calls EACH for every finding; stops when
 * it returns non-zero, and returns that.  *RET_ABLE: nothing that is needed is missing.
 */
OCIRT_API int ocirt_doctor(struct ocirt *ocirt,
                           int (*each)(void *context, const struct ocirt_finding *finding), void *context,
                           bool *ret_able, struct ocirt_error **ret_error);

/* The same as JSON in several lines: an object with "able" and "findings". */
OCIRT_API int ocirt_doctor_json(struct ocirt *ocirt, char **ret_json, bool *ret_able,
                                struct ocirt_error **ret_error);

enum ocirt_network { OCIRT_NETWORK_DEFAULT, OCIRT_NETWORK_NONE, OCIRT_NETWORK_HOST };
enum ocirt_ids { OCIRT_IDS_OWN, OCIRT_IDS_SUBORDINATE, OCIRT_IDS_ANY };

/*
 * What a configuration is to say.  Lists end with NULL; NULL is an empty one.
 *
 * `ids` is for a rootless one: which ids there are beside root.  None (OWN); those that /etc/subuid and
 * /etc/subgid give to the caller; or these, if there are any and newuidmap(1) is there to map them (ANY).
 * `network` by DEFAULT is a namespace with nothing but a loopback device, but the host's for a rootless one.
 */
struct ocirt_spec_options {
    size_t size;
    bool rootless; /* with a user namespace in which the caller is root */
    enum ocirt_ids ids;
    const char *rootfs; /* root.path; NULL: "rootfs" */
    bool writable;      /* else the root filesystem is read-only */
    bool overlay;       /* it can be written, and what is written is forgotten */
    bool scratch;       /* a read-only root has a tmpfs on /tmp, if nothing else is to be mounted there */
    bool no_terminal;
    bool seccomp;         /* with the default filter */
    char *const *args;    /* an empty list: a shell */
    char *const *env;     /* NAME=VALUE, to add */
    char *const *caps;    /* capabilities to add */
    char *const *volumes; /* "SOURCE:DESTINATION[:OPTION,...]" */
    char *const *tmpfs;   /* "DESTINATION[:OPTION,...]" */
    const char *cwd;      /* NULL: "/" */
    const char *user;     /* "USER[:GROUP]", numbers or names that rootfs has in /etc; NULL: 0 */
    const char *hostname; /* NULL: "ocirt" */
    enum ocirt_network network;
    int64_t memory;      /* bytes; 0: no limit */
    unsigned milli_cpus; /* thousandths of a processor; 0: no limit */
    unsigned pids;       /* processes and threads; 0: no limit */
};

/* ocirt_spec() with what OPTIONS (may be NULL) say. */
OCIRT_API int ocirt_spec_with(const struct ocirt_spec_options *options, char **ret_json,
                              struct ocirt_error **ret_error);

/*
 * All mistakes of a configuration: 0 if there are none, else the errno of the first with a list of errors
 * (ocirt_error_next()).  The host is not touched.
 */
OCIRT_API int ocirt_check(struct ocirt *ocirt, const struct ocirt_create_options *options,
                          struct ocirt_error **ret_error);

/* What ocirt_create() would do, as text, a line a step.  The host is not touched. */
OCIRT_API int ocirt_plan(struct ocirt *ocirt, const struct ocirt_create_options *options, char **ret_text,
                         struct ocirt_error **ret_error);

/* The version of the library, "0.1.0". */
OCIRT_API const char *ocirt_version(void);

/* The commit of its source; "" if unknown. */
OCIRT_API const char *ocirt_commit(void);

/* The newest version of the OCI runtime specification that it knows, "1.3.0". */
OCIRT_API const char *ocirt_spec_version(void);

/* The number of a signal, "TERM", "SIGTERM", "sigterm", "15" or "RTMIN+1"; -EINVAL if there is none. */
OCIRT_API int ocirt_signal_of(const char *name);

#ifdef __cplusplus
}
#endif

#endif
