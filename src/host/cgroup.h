/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup.h - the control group of one container, from its name to its removal.
 *
 * The order of calls: facts (once a process), then for a new container name (what goes into the write-ahead
 * record), create, clone into process_fd, enter, delegate; for an existing one, open.  remove comes after
 * kill and after our own init was reaped.  done at last, always.
 *
 * Three layouts (plan_cgroup_layout).  v2 has one directory.  v1 has one directory of the same name in each
 * hierarchy that is mounted below /sys/fs/cgroup.  hybrid is v1 and a cgroup2 without controllers on
 * /sys/fs/cgroup/unified: there the container has a directory too, so that clone3, cgroup.kill and
 * cgroup.freeze work as on v2.
 *
 * Everything is reached from the mount point's descriptor with RESOLVE_BENEATH.  No wait is longer than
 * HOST_CGROUP_DEADLINE.  All functions return 0 or a negative errno with ERR filled, unless they say
 * otherwise.
 */
#ifndef OCIRT_HOST_CGROUP_H
#define OCIRT_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

enum { HOST_CGROUP_DEADLINE = 10 * 1000 }; /* milliseconds */

/* The container's directory in one hierarchy: the only one on v2. */
struct host_cgroup_dir {
    char *name; /* below /sys/fs/cgroup: "cpu,cpuacct"; hybrid's v2 one "unified"; v2: "" */
    bool v2;
    int root_fd;   /* where the hierarchy is mounted */
    int fd;        /* -1: does not exist */
    unsigned made; /* that many last components of the path there are ours to remove */
};

struct host_cgroup {
    enum plan_cgroup_manager manager;
    enum plan_cgroup_layout layout;
    char *path;     /* "/a/b", below the mount point (v2) or each hierarchy; NULL: there is none */
    char *scope;    /* systemd unit; NULL if none */
    char *subgroup; /* "/a/b/SUBGROUP" is where its processes live; NULL if none */
    char *made;     /* what of the path is ours to remove, as text for the state file */
    struct host_cgroup_dir *dirs; /* all hierarchies; the v2 one, if there is one, is the first */
    size_t n_dirs;
    int dir_fd;        /* v2 and hybrid: fd of its v2 directory, with the limits; -1 if there is none */
    int process_fd;    /* for CLONE_INTO_CGROUP and the container's cgroup mount: that of the
                                      subgroup, or as dir_fd; -1 if there is none.  done closes both */
    bool devices_wait; /* for create: its caller restricts the devices; false after it: not so */
    bool asked;        /* systemd may have the scope: it is to be stopped */
    struct host_cgroup_pending *pending; /* systemd: the scope is on its way; NULL if none */
};

/*
 * CLONE_INTO_CGROUP has a fault since Linux 6.14 (and in the stable kernels of early 2025):
 * cgroup_css_set_fork() takes the number of cgroup.kills of the *parent's* cgroup and cgroup_post_fork()
 * compares it with the target's.  Where the two differ, the child is killed at birth by SIGKILL: if
 * cgroup.kill was ever written to the runtime's own cgroup, or to the target.  Who sees its child die so
 * before the first message clones again without the flag, and calls host_cgroup_enter() with BORN false.
 */
#define HOST_CGROUP_INIT \
    { \
        .dir_fd = -1, .process_fd = -1 \
    }

/*
 * Fills the cgroup_* and hierarchies members of FACTS; the strings live in ARENA.  No cgroup file system is
 * PLAN_CGROUP_NONE, no error.  0 or -errno; silent.
 */
int host_cgroup_facts(struct plan_facts *facts, struct arena *arena);

/*
 * Decides where the container's cgroup will be, and looks what of it is there already; makes nothing.
 * *RET then has manager, layout, path, scope, subgroup and made: record them before host_cgroup_create().
 */
int host_cgroup_name(const struct plan *plan, struct host_cgroup *ret, struct err *err);

/*
 * Makes the cgroup (parents too), enables the controllers that the plan needs, writes the limits, restricts
 * devices. Refuses one that has processes or is frozen (config-linux.md "Control groups").  On failure what
 * was made is removed again.  Where a rootless runtime may not make any and the configuration asks for none,
 * path becomes NULL and it is no error.
 */
int host_cgroup_create(const struct plan *plan, struct host_cgroup *cg, struct err *err);

/*
 * Waits until the manager has made the cgroup that create asked for; call it before the clone, and record
 * path then.  Where path is still not known, the container's process can't be born in the cgroup: enter makes
 * it.  cgroupfs: nothing.
 */
int host_cgroup_settle(const struct plan *plan, struct host_cgroup *cg, struct err *err);

/*
 * Below a threaded cgroup (cgroup.type) one that is new is invalid, and clone3 into it says EOPNOTSUPP: makes
 * it threaded, and those above it that are invalid too.  Domain controllers (memory, io) are not to be had
 * there, which create has said already if there is a limit.  0 or -errno, which is EOPNOTSUPP where the
 * container gets the cgroup as its own; silent.
 */
int host_cgroup_make_threaded(const struct host_cgroup *cg);

/*
 * Puts process PID, our child that still waits, where clone3 did not put it: into each v1 hierarchy, or
 * (systemd) into a new scope.  BORN: it was cloned with CLONE_INTO_CGROUP into process_fd.  PLAN is NULL for
 * exec.
 */
int host_cgroup_enter(const struct plan *plan, struct host_cgroup *cg, pid_t pid, bool born, struct err *err);

/*
 * Gives the cgroup to host user UID where the plan says so: its directory and the files that
 * /sys/kernel/cgroup/delegate lists (config-linux.md "Cgroup ownership").  After enter.  v2 only; else
 * nothing.
 */
int host_cgroup_delegate(const struct plan *plan, struct host_cgroup *cg, uid_t uid, struct err *err);

/*
 * Opens the cgroup of a container that is known from its state; strings may be NULL.  One that is gone,
 * wholly or in some hierarchies, is no error: dir_fd and fd of its dirs stay -1.
 */
int host_cgroup_open(enum plan_cgroup_manager manager, const char *path, const char *scope,
                     const char *subgroup, const char *made, struct host_cgroup *ret, struct err *err);

/* Lets its processes have the devices of RULES only.  On v1 the writes do it. */
int host_cgroup_restrict_devices(const struct host_cgroup *cg, const struct plan_facts *facts,
                                 const struct plan_device_rules *rules, struct err *err);

/* Does any of it exist? */
bool host_cgroup_exists(const struct host_cgroup *cg);

/* Where all cgroups are: opened once, to look at many containers. */
struct host_cgroup_top {
    enum plan_cgroup_layout layout;
    int v2_fd, freezer_fd; /* -1: there is none */
};

#define HOST_CGROUP_TOP_INIT \
    { \
        .v2_fd = -1, .freezer_fd = -1 \
    }

int host_cgroup_top_open(struct host_cgroup_top *ret, struct err *err);
void host_cgroup_top_close(struct host_cgroup_top *top);

/*
 * Is the cgroup PATH ("/a/b") frozen?  What host_cgroup_is_frozen() says, without opening it: 1, 0, or
 * -errno.
 */
int host_cgroup_top_frozen(const struct host_cgroup_top *top, const char *path);

/*
 * exec --cgroup: the cgroup PATH below the container's own, which must exist.  A leading "/" means the
 * container's own. HIERARCHY is NULL, or the v1 controller whose hierarchy alone is meant (runc's
 * "controller:path").  *RET is for host_cgroup_enter() and process_fd.  May be called again with the same RET
 * for another hierarchy.
 */
int host_cgroup_sub(const struct host_cgroup *cg, const char *hierarchy, const char *path,
                    struct host_cgroup *ret, struct err *err);

/*
 * The cgroup in which process PID of the container lives now, if it is below the container's: where exec goes
 * when the container's own has become an inner node (clone3 says EBUSY).  Fills *RET as host_cgroup_sub()
 * does.
 */
int host_cgroup_of_process(const struct host_cgroup *cg, pid_t pid, struct host_cgroup *ret, struct err *err);

/*
 * Signals every process of the cgroup and of those below.  SIGKILL is atomic where cgroup.kill exists, and
 * works on frozen ones; on v1 they are frozen, signalled and thawed until none is left or the deadline comes.
 */
int host_cgroup_kill(struct host_cgroup *cg, int signal, struct err *err);

/*
 * Removes it if nothing is left in it, without a look or a wait: true if it is gone, its parents too.  Only
 * on v2 and where ocirt made it; else false, which means that it is to be killed and removed.
 */
bool host_cgroup_remove_empty(struct host_cgroup *cg);

/*
 * Waits until no process is left, then removes what is below the container's cgroup, itself and its parents
 * as far as create made them (runtime.md "Delete": what create did not make stays).  Nothing there is no
 * error.
 */
int host_cgroup_remove(struct host_cgroup *cg, struct err *err);

/* Freezes or thaws.  Returns when the kernel says it is done; a freeze that is not done in time is undone. */
int host_cgroup_freeze(struct host_cgroup *cg, bool frozen, struct err *err);

/* Is it frozen, by itself or by an ancestor?  1, 0 or -errno; silent. */
int host_cgroup_is_frozen(const struct host_cgroup *cg);

/* All process ids in it and below; *RET is malloc'd, sorted, and each is there once. */
int host_cgroup_pids(const struct host_cgroup *cg, pid_t **ret, size_t *ret_n, struct err *err);

/*
 * Changes the limits of a running container.  PLAN is compiled from the container's stored configuration;
 * RESOURCES is what changes.  Device rules are replaced if RESOURCES has any.
 */
int host_cgroup_update(const struct plan *plan, struct host_cgroup *cg, const struct oci_resources *resources,
                       struct err *err);

/*
 * How many processes the kernel's OOM killer took in it (memory.events; v1: memory.oom_control).  -errno;
 * silent.
 */
int host_cgroup_oom_kills(const struct host_cgroup *cg, uint64_t *ret);

/*
 * OOM events.  After open, poll FD for EVENTS; then next returns 1 if there was one, 0 if not, -ENODEV if the
 * cgroup is gone, or another -errno.  Silent but for open.
 */
struct host_cgroup_watch {
    int fd;
    short events;
    int file_fd;
    uint64_t seen;
};
#define HOST_CGROUP_WATCH_INIT \
    { \
        .fd = -1, .file_fd = -1 \
    }
int host_cgroup_watch_open(const struct host_cgroup *cg, struct host_cgroup_watch *ret, struct err *err);
int host_cgroup_watch_next(struct host_cgroup_watch *watch);
void host_cgroup_watch_close(struct host_cgroup_watch *watch);

/* Closes and frees; the cgroup itself stays. */
void host_cgroup_done(struct host_cgroup *cg);

/*
 * For `features`: may a program of this kernel and user filter devices on cgroup2
 * (BPF_PROG_TYPE_CGROUP_DEVICE)?
 */
bool host_cgroup_has_device_bpf(void);

#endif
