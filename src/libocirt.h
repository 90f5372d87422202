/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libocirt.h - create, start, watch and delete OCI containers.
 *
 * Everything is done for a `struct ocirt`, which holds where the state is kept
 * and how; it is not changed by the calls, so that threads may share one.  No
 * function exits, prints, or executes the calling program again.
 *
 * Functions return 0, or a negative errno with *RET_ERROR set (RET_ERROR may
 * be NULL) to an error that the caller frees with ocirt_error_free().  Texts
 * that are returned in `char **` are the caller's, for free(3).  Structs of
 * options begin with their size, so that members can be added: initialise with
 * `{ .size = sizeof x }`; members left zero are the defaults.
 *
 * The operations are those of the OCI runtime specification, runtime.md
 * "Operations", and those that runc and crun added.
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

/* ---- errors ------------------------------------------------------------------------------------------------ */

struct ocirt_error;

OCIRT_API const char *ocirt_error_text(const struct ocirt_error *error); /* one line */
OCIRT_API const char *ocirt_error_code(const struct ocirt_error *error); /* stable: "E_MOUNT" */
OCIRT_API const char *ocirt_error_property(
    const struct ocirt_error *error);                                 /* "mounts[3].type"; NULL if none */
OCIRT_API unsigned ocirt_error_line(const struct ocirt_error *error); /* in config.json; 0 if none */
OCIRT_API int ocirt_error_number(const struct ocirt_error *error);    /* errno of the kernel; 0 if none */
OCIRT_API const char *ocirt_error_hint(
    const struct ocirt_error *error); /* what to do; NULL if nobody knows */
OCIRT_API const struct ocirt_error *ocirt_error_next(
    const struct ocirt_error *error);                       /* more of ocirt_check() */
OCIRT_API void ocirt_error_free(struct ocirt_error *error); /* with all that follow; NULL is fine */

/* ---- the context ------------------------------------------------------------------------------------------- */

enum ocirt_manager { OCIRT_MANAGER_CGROUPFS, OCIRT_MANAGER_SYSTEMD, OCIRT_MANAGER_DISABLED };
enum ocirt_rootless { OCIRT_ROOTLESS_AUTO, OCIRT_ROOTLESS_YES, OCIRT_ROOTLESS_NO };

struct ocirt_options {
    size_t size;
    const char *root; /* state directory; NULL: /run/ocirt, or $XDG_RUNTIME_DIR/ocirt when not root */
    enum ocirt_manager manager;
    enum ocirt_rootless rootless;
    void (*warn)(void *context, const char *text);  /* warnings, one line each; NULL: dropped */
    void (*debug)(void *context, const char *text); /* what is being done; NULL: dropped */
    void *context;
    int trace_fd; /* > 0: phases as Chrome trace events are appended to it; 0: none */
};

struct ocirt;

OCIRT_API int ocirt_new(const struct ocirt_options *options, struct ocirt **ret_ocirt,
                        struct ocirt_error **ret_error);
OCIRT_API void ocirt_free(struct ocirt *ocirt);
OCIRT_API const char *ocirt_root(const struct ocirt *ocirt);

/* ---- create, start, run ------------------------------------------------------------------------------------ */

struct ocirt_create_options {
    size_t size;
    const char *bundle;         /* NULL: the working directory */
    const char *config;         /* path of the configuration; NULL: config.json in the bundle */
    const char *config_text;    /* the configuration itself, instead of a file */
    const char *console_socket; /* AF_UNIX path to which the terminal's master is sent */
    const char *pidfd_socket;   /* AF_UNIX path to which a pidfd of the container's process is sent */
    const char *pid_file;
    unsigned preserve_fds; /* this many descriptors from 3 on are the program's as well */
    bool no_pivot, no_new_keyring;
    bool detach;       /* run: return once the program runs */
    bool keep;         /* run: do not delete the container when it ends */
    bool no_subreaper; /* accepted for runc's callers: nothing here needs a subreaper */
};

OCIRT_API int ocirt_create(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
                           struct ocirt_error **ret_error);

/* 0 means that the program was executed and the poststart hooks ran. */
OCIRT_API int ocirt_start(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);

/*
 * Create, start, wait and delete.  In the foreground it passes signals on, and copies between the terminal of the
 * container and its own descriptors 0 and 1.  *RET_STATUS is the exit status, 128 + n after signal n; 0 when detached.
 */
OCIRT_API int ocirt_run(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
                        int *ret_status, struct ocirt_error **ret_error);

/* ---- what there is ----------------------------------------------------------------------------------------- */

enum ocirt_status { OCIRT_CREATING = 1, OCIRT_CREATED, OCIRT_RUNNING, OCIRT_STOPPED, OCIRT_PAUSED };

struct ocirt_container {
    size_t size;
    const char *id, *bundle, *rootfs, *created, *owner; /* created: RFC 3339 with nanoseconds, UTC */
    enum ocirt_status status;
    pid_t pid; /* 0 if stopped */
};

/* The state as runc and crun print it, JSON in several lines. */
OCIRT_API int ocirt_state(struct ocirt *ocirt, const char *id, char **ret_json,
                          struct ocirt_error **ret_error);

/* Calls EACH for every container, in the order of their ids; stops when it returns non-zero, and returns that. */
OCIRT_API int ocirt_list(struct ocirt *ocirt,
                         int (*each)(void *context, const struct ocirt_container *container), void *context,
                         struct ocirt_error **ret_error);
OCIRT_API int ocirt_list_json(struct ocirt *ocirt, char **ret_json, struct ocirt_error **ret_error);

/* ---- what can be done to a container ------------------------------------------------------------------------ */

OCIRT_API int ocirt_kill(struct ocirt *ocirt, const char *id, int signal, bool all,
                         struct ocirt_error **ret_error);

/* Not running, unless FORCE: then it is killed first, and an id that does not exist is fine. */
OCIRT_API int ocirt_delete(struct ocirt *ocirt, const char *id, bool force, struct ocirt_error **ret_error);

OCIRT_API int ocirt_pause(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);
OCIRT_API int ocirt_resume(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error);

/* Pids of all processes, as the caller sees them. */
OCIRT_API int ocirt_ps(struct ocirt *ocirt, const char *id, pid_t **ret_pids, size_t *ret_n,
                       struct ocirt_error **ret_error);

/* RESOURCES: JSON text of linux.resources. */
OCIRT_API int ocirt_update(struct ocirt *ocirt, const char *id, const char *resources,
                           struct ocirt_error **ret_error);

/* One line of JSON as `runc events --stats` has it. */
OCIRT_API int ocirt_stats(struct ocirt *ocirt, const char *id, char **ret_json,
                          struct ocirt_error **ret_error);

/* Calls EACH with a line of JSON every INTERVAL_MS and on each out-of-memory kill, until the container ends or EACH
 * returns non-zero. */
OCIRT_API int ocirt_events(struct ocirt *ocirt, const char *id, unsigned interval_ms,
                           int (*each)(void *context, const char *json), void *context,
                           struct ocirt_error **ret_error);

/* Waits until the container's process has ended. *RET_STATUS is its exit status where the kernel tells
 * (PIDFD_GET_INFO, Linux 6.15), or where the caller is its parent; -1 otherwise. */
OCIRT_API int ocirt_wait(struct ocirt *ocirt, const char *id, int *ret_status,
                         struct ocirt_error **ret_error);

struct ocirt_exec_options {
    size_t size;
    const char *process; /* JSON text of a process; NULL: args and the container's own process */
    char *const *args;   /* NULL-terminated */
    char *const *env;    /* NAME=VALUE to add; NULL-terminated; NULL: none */
    char *const *caps;   /* capabilities to add; NULL-terminated; NULL: none */
    const char *cwd;
    const char *user;            /* "UID[:GID]", numbers */
    const char *additional_gids; /* "GID,GID" */
    const char *cgroup;          /* below the container's */
    const char *process_label, *apparmor;
    const char *console_socket, *pidfd_socket, *pid_file;
    unsigned preserve_fds;
    bool terminal, detach, no_new_privs, ignore_paused;
    /* The caller is a program that may be executed again, with its arguments and from the start, as a protection of
     * its file against a container with CAP_SYS_PTRACE.  Not for a process that has other things to do. */
    bool execute_again;
};

OCIRT_API int ocirt_exec(struct ocirt *ocirt, const char *id, const struct ocirt_exec_options *options,
                         int *ret_status, struct ocirt_error **ret_error);

/* Mounts that are added to or taken from a running container: JSON text of an array of mounts. */
OCIRT_API int ocirt_mounts_add(struct ocirt *ocirt, const char *id, const char *mounts,
                               struct ocirt_error **ret_error);
OCIRT_API int ocirt_mounts_remove(struct ocirt *ocirt, const char *id, const char *mounts,
                                  struct ocirt_error **ret_error);

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

OCIRT_API int ocirt_checkpoint(struct ocirt *ocirt, const char *id,
                               const struct ocirt_checkpoint_options *options,
                               struct ocirt_error **ret_error);
OCIRT_API int ocirt_restore(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *create,
                            const struct ocirt_checkpoint_options *options, int *ret_status,
                            struct ocirt_error **ret_error);

/* ---- without a container ------------------------------------------------------------------------------------- */

OCIRT_API int ocirt_features(char **ret_json, struct ocirt_error **ret_error); /* features.md */

/* A config.json to begin with. */
OCIRT_API int ocirt_spec(bool rootless, char **ret_json, struct ocirt_error **ret_error);

/* All mistakes of a configuration as a list of errors (ocirt_error_next()); the host is not touched. */
OCIRT_API int ocirt_check(struct ocirt *ocirt, const struct ocirt_create_options *options,
                          struct ocirt_error **ret_error);

/* What would be done, a line a step. */
OCIRT_API int ocirt_plan(struct ocirt *ocirt, const struct ocirt_create_options *options, char **ret_text,
                         struct ocirt_error **ret_error);

OCIRT_API const char *ocirt_version(void);      /* "0.1.0" */
OCIRT_API const char *ocirt_commit(void);       /* of the source; "" if unknown */
OCIRT_API const char *ocirt_spec_version(void); /* of the OCI runtime specification: "1.3.0" */

/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+1": the number, or -EINVAL. */
OCIRT_API int ocirt_signal_of(const char *name);

#ifdef __cplusplus
}
#endif

#endif
