/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state.h - what is kept of a container between two calls of the runtime: one directory each, below the
 * state root.
 *
 *     ROOT/ID/state.json     struct host_state, written before anything that outlives the process is made
 *     ROOT/ID/config.json    the configuration as it was at create, byte for byte
 *     ROOT/ID/start.sock     the stub listens: present until `start`
 *     ROOT/.NAME             the runtime's own (caches): no id begins with a dot
 *
 * Other runtimes may keep theirs in the same root (Docker gives all of them one): their directories count
 * as containers that do not exist, and are never touched.
 *
 * A lock on the directory itself (flock) serialises what changes a container; there is no global lock.
 */
#ifndef OCIRT_HOST_STATE_H
#define OCIRT_HOST_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/oci_state.h"

#define HOST_STATE_SOCKET "start.sock"

/* As enum plan_cgroup_manager, plus one (0: not given). */
enum host_state_manager {
    HOST_MANAGER_UNSET,
    HOST_MANAGER_CGROUPFS,
    HOST_MANAGER_SYSTEMD,
    HOST_MANAGER_DISABLED
};

/* What host_cgroup_open() wants to know; see struct host_cgroup. */
struct host_state_cgroup {
    struct json_node node;
    enum host_state_manager manager;
    char *path, *scope, *subgroup, *made; /* NULL if none */
};

struct host_state_net_device {
    struct json_node node;
    char *host_name, *name;
};

struct host_state_rdt {
    struct json_node node;
    char *group;      /* directory below resctrl; "" for its root */
    bool made;        /* create makes it */
    bool keep;        /* its name was configured: delete leaves it (config-linux.md "IntelRdt") */
    char *monitoring; /* name of our mon_groups/ directory in it; NULL if none */
};

/* What later commands must know of the configuration, so that they need not read it. */
struct host_state_config {
    struct json_node node;
    bool process;                              /* there is a program to start */
    bool own_pids;                             /* it has a new pid namespace */
    bool start_container, poststart, poststop; /* it has such hooks */
};

struct host_state {
    struct json_node node;
    uint32_t format; /* HOST_STATE_FORMAT */
    char *id, *oci_version, *bundle, *rootfs;
    char *created;       /* RFC 3339 with nanoseconds, UTC */
    uint32_t owner;      /* uid of who created it */
    int32_t pid;         /* as the runtime sees it; 0: not made yet */
    uint64_t inode;      /* host_process_inode() of pid; 0: start_time tells who it is */
    uint64_t start_time; /* of pid, in clock ticks since boot; 0 with an inode */
    bool creating;       /* create has not ended */
    bool detached, terminal, rootless;
    bool has_seccomp, has_user_namespace;
    bool has_time_namespace;     /* that the configuration does not tell of: CRIU made it */
    struct json_map annotations; /* of the configuration */

    struct host_state_config *config; /* NULL: of an older version; look into config.json */
    struct host_state_cgroup *cgroup; /* NULL: none */
    struct host_state_rdt *rdt;       /* NULL: none */
    JSON_LIST(struct host_state_net_device *) net_devices; /* that were or are about to be moved */
    struct json_strings mounts; /* made in an inherited mount namespace, to be undone in reverse */
    char *notify_directory;     /* of the NOTIFY_SOCKET proxy; NULL: none */
};

enum { HOST_STATE_FORMAT = 1 };

extern const struct json_type host_state_type, host_state_config_type, host_state_cgroup_type,
    host_state_net_device_type, host_state_rdt_type;

/* ---- the root ---------------------------------------------------------------------------------------- */

/*
 * Opens the state root: PATH, or if NULL /run/ocirt; for a user other than root (or root of a user
 * namespace that has XDG_RUNTIME_DIR) $XDG_RUNTIME_DIR/ocirt.  With CREATE it is made (0700, its parents as
 * needed).  Without, a missing root is no error: *RET_FD is -1, which all functions here take as a root
 * without containers. Refuses a directory that is not ours or that others may write to.  *RET_PATH
 * (absolute, may be NULL) is for free(3).
 */
int host_root_open(const char *path, bool create, char **ret_path, int *ret_fd, struct err *err);

/* Refuses (ERR_CONTAINER_ID) what is not [A-Za-z0-9_+.-]{1,255}, or begins with "." or "-". */
int host_id_check(const char *id, struct err *err);

/*
 * The ids of all containers, sorted; in ARENA.  Directories of other runtimes may be among them: load says
 * so.
 */
int host_state_list(int root_fd, struct arena *arena, struct json_strings *ret_ids, struct err *err);

/* ---- one container ----------------------------------------------------------------------------------- */

/*
 * Makes and locks the directory of a new container: WORDS_EXISTS (ERR_EXISTS, -EEXIST) if there is one.
 * Whether it has remained ours until it was locked, host_config_save() tells, which comes next.  -ENOENT:
 * another command removed it: try again.
 */
int host_state_claim(int root_fd, const char *id, int *ret_dir_fd, struct err *err);

/*
 * Opens the directory of a container, to lock it: WORDS_NOT_FOUND (ERR_NOT_FOUND, -ENOENT) if there is
 * none. Whose it is, host_state_load() finds out.
 */
int host_state_open(int root_fd, const char *id, int *ret_dir_fd, struct err *err);

/*
 * Waits up to TIMEOUT_MS for the lock, which lasts until DIR_FD is closed.  -ENOENT if it was removed
 * meanwhile.
 */
int host_state_lock(int dir_fd, bool exclusive, unsigned timeout_ms, struct err *err);

/* Gives the lock up although a child may still hold a copy of DIR_FD (which keeps a lock otherwise). */
void host_state_unlock(int dir_fd);

/* Writes state.json: a new file that takes the place of the old one. */
int host_state_save(int dir_fd, const struct host_state *state, struct err *err);

/*
 * Reads state.json into a new struct in ARENA.  *RET_DIR_FD (may be NULL) is the directory. A directory
 * that a create killed at its very start left counts as `creating` with pid 0. -ENOENT as host_state_open,
 * also for what another runtime made; -EBADMSG (ERR_STATE_FILE) if the file is spoilt: only
 * host_state_remove() helps.
 */
int host_state_load(int root_fd, const char *id, struct arena *arena, struct host_state **ret_state,
                    int *ret_dir_fd, struct err *err);

/* The same from a directory that host_state_open() has opened. */
int host_state_read(int dir_fd, const char *id, struct arena *arena, struct host_state **ret_state,
                    struct err *err);

/*
 * The same without opening the directory, which is a good part of what one more container costs in a list.
 * What only its directory can tell about (a leftover, another runtime's) is not found: -ENOENT, then load it.
 */
int host_state_peek(int root_fd, const char *id, struct arena *arena, struct host_state **ret_state,
                    struct err *err);

/*
 * config.json as it was read at create. *RET_TEXT lives in ARENA, NUL-terminated.  Saving fails with -ENOENT
 * where the claimed directory is gone, and with -EEXIST (ERR_EXISTS) where it is another container's, which
 * took its place before it was locked: then it is not to be touched.
 */
int host_config_save(int dir_fd, const char *text, size_t n, struct err *err);
int host_config_load(int dir_fd, struct arena *arena, char **ret_text, size_t *ret_n, struct err *err);

/* Removes the directory and all in it; never follows a symlink or enters a mount.  A missing one is fine. */
int host_state_remove(int root_fd, const char *id, struct err *err);

/*
 * Records in STATE which process PIDFD is: its inode, or where there is none, or where the state root DIR_FD
 * is in may outlive a reboot (after which inodes are used again), its start time.  PROC_FD: the private
 * procfs.  0 or -errno.
 */
int host_state_identify(struct host_state *state, int dir_fd, int pidfd, int proc_fd, pid_t pid);

/* Is PIDFD the container's process, although it may have ended?  PROC_FD as below. */
bool host_state_is_process(const struct host_state *state, int pidfd, int proc_fd);

/* Must these two have a procfs to tell? */
bool host_state_needs_procfs(const struct host_state *state);

/*
 * What the container is doing, from its process and start.sock: creating, created, running or stopped (never
 * paused: ask the cgroup).  PIDFD: of state->pid, or negative if there is no such process.  PROC_FD: the
 * private procfs, if it is needed.  SOCKET: HOST_STATE_SOCKET in DIR_FD, or its path below it.
 */
enum oci_status host_state_status(const struct host_state *state, int pidfd, int proc_fd, int dir_fd,
                                  const char *socket);

/* ---- what goes into it ------------------------------------------------------------------------------- */

/*
 * Now, as RFC 3339 with nanoseconds, UTC: "2026-11-24T23:39:33.123456789Z".  In ARENA; NULL if out of
 * memory.
 */
char *host_state_now(struct arena *arena);

/*
 * Name of user UID from /etc/passwd (no NSS: a static program has none), or its number.  In ARENA; NULL if
 * out of memory.
 */
char *host_user_name(uid_t uid, struct arena *arena);

#endif
