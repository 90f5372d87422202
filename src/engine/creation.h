/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * creation.h - one container on its way into being: what create, run and restore have in common.
 *
 * The steps are called in this order; each leaves in the struct what it made, so that creation_undo() can
 * take it back at any point.
 */
#ifndef OCIRT_ENGINE_CREATION_H
#define OCIRT_ENGINE_CREATION_H

#include "base/text.h"
#include "engine/context.h"
#include "host/cgroup.h"
#include "host/hooks.h"
#include "host/netdev.h"
#include "host/network.h"
#include "host/seccomp.h"
#include "host/state.h"
#include "init/init.h"

struct creation {
    const struct ocirt *ocirt;
    const char *id;
    struct ocirt_create_options options;
    bool run; /* start at once: the stub waits on the gate */

    struct bundle bundle;
    struct plan *plan;
    struct host_state state;
    struct host_state_config state_config;
    struct host_state_cgroup state_cgroup;
    struct host_state_rdt state_rdt;
    struct host_cgroup cgroup;
    struct host_hook_state creating, created; /* state for hooks in the container */
    struct json_text notify_state[3]; /* container process state: between the parts goes the pid, twice */
    struct host_seccomp seccomp;
    struct host_netdev *netdevs; /* moved; n of the plan */

    int root_fd, dir_fd;       /* the state root; the container's directory, locked */
    int proc_fd;               /* -1: not needed so far */
    int listener_fd;           /* start.sock; -1 with run */
    int gate_fd, init_gate_fd; /* our end and init's */
    int stub_fd, notify_fd, hook_stdout_fd, hook_stderr_fd;
    int rdt_fd;
    int pidfd, netns_fd, template_fd;
    struct host_network network; /* a thread that makes netns_fd */
    pid_t pid;                   /* 0: not cloned */
    uint32_t birth;              /* STUB_BIRTH and more if it is not ours to make, else 0: birth.c */
    int master_fd;               /* of the terminal, when init sent it */
    bool heard;                  /* init has said something */
    bool migrate; /* init is moved into its cgroup instead of being born there: see died_at_birth() */
    bool devices_after_clone; /* creation_attend() restricts them, while init makes the mounts */
    bool hooks_ran;           /* from then on a failure runs the poststop hooks */
    bool cgroup_made, rdt_made, netdevs_moved, pid_file_written;
    struct init init;
};

/* What it fails for are the options; creation_done() is due in any case. */
int creation_init(struct creation *c, const struct ocirt *ocirt, const char *id,
                  const struct ocirt_create_options *options, struct err *err);

/* Reads the bundle and compiles the plan; touches nothing. */
int creation_plan(struct creation *c, struct err *err);

/*
 * After creation_plan(): checks the terminal, claims the id, and makes the cgroup.  On failure nothing is
 * undone.
 */
int creation_claim(struct creation *c, struct err *err);

/*
 * Reads, compiles, claims, makes, clones and lets init work until it is READY.  On failure everything is
 * undone.
 */
int creation_make(struct creation *c, struct err *err);

/*
 * Sends terminal and pidfd to who asked for them, writes the pid file, records that the container is created.
 */
int creation_publish(struct creation *c, struct err *err);

/* create.c: waits in the foreground for the container's end, and removes it unless it is to be kept. */
struct host_foreground;
int creation_wait(struct creation *c, struct host_foreground *foreground, int *ret_status, struct err *err);

/* Takes back everything, in reverse. */
void creation_undo(struct creation *c, struct err *err);

/* Frees what belongs to this process; the container stays. */
void creation_done(struct creation *c);

/* Takes over into the state what c->cgroup says, to be saved with it. */
void creation_record_cgroup(struct creation *c);

/* ---- its parts, in files of their own ------------------------------------------------------------------ */

int creation_acquire(struct creation *c, struct err *err); /* acquire.c: descriptors of the host's side */
int acquire_id_map(const struct plan_mount *m,
                   struct err *err); /* acquire.c: id-maps the tree of a bind mount */
int creation_prepare_stub(struct creation *c,
                          struct err *err); /* stub.c: seccomp program, what agent and hooks get */
int creation_build_stub(struct creation *c, struct err *err); /* stub.c: the image */
int creation_choose_birth(struct creation *c,
                          struct err *err); /* birth.c: is the process made by the stub? */
int creation_await_birth(struct creation *c, struct err *err);
int creation_open_gate(struct creation *c, struct err *err); /* acquire.c: the socket between us and init */
int creation_spawn(struct creation *c, struct err *err);     /* spawn.c: the clone; init waits for GO */
/*
 * attend.c: what init needs from outside; messages until READY.  -ERESTART without an error: clone again,
 * with `migrate`.
 */
int creation_attend(struct creation *c, struct err *err);

/*
 * creation.c: opens proc_fd, once.  What the plan has use for it makes a container open it before anything of
 * it exists; who needs it besides asks.
 */
int creation_open_procfs(struct creation *c, struct err *err);

/* network.c: a new network namespace is made beside all else, where that can be; the clone does without. */
int creation_begin_network(struct creation *c, struct err *err);
int creation_end_network(struct creation *c, struct err *err);  /* sets netns_fd, if that was begun */
int creation_move_netdevs(struct creation *c, struct err *err); /* network.c: linux.netDevices */

int creation_save_pid(struct creation *c, struct err *err);          /* attend.c: records c->pid */
int creation_run_runtime_hooks(struct creation *c, struct err *err); /* attend.c: prestart, createRuntime */

/*
 * Since Linux 6.14 a child of CLONE_INTO_CGROUP is killed at birth if cgroup.kill was ever written to the one
 * of the two cgroups (the caller's, the new one) and not as often to the other.  STATUS as
 * host_process_status() has it.
 */
bool engine_died_at_birth(const struct host_cgroup *cgroup, int status);

/*
 * acquire.c: the N descriptors from 3 on, which the program will have, must be there: else it would get ours.
 */
int engine_check_preserved(unsigned n, struct err *err);

/* attend.c: writes oom_score_adj of process PID, if P (may be NULL) has one. */
int engine_set_oom_score(int proc_fd, pid_t pid, const struct plan_process *p, struct err *err);

/* Unmounts what was mounted on PATH, a root filesystem in our own mount namespace, with all below it. */
void engine_unmount(const char *path);

/* Sends MSG_GO with our view of the pid. */
int gate_go(int gate_fd, pid_t pid);
int gate_go_with(int gate_fd, pid_t pid, int fd); /* and FD with it */

/*
 * Receives one message, with its TEXT of *N bytes (on entry: room) and descriptor (-1: none).  1; 0 at the
 * end of file; or -errno.
 */
int gate_receive(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd);

/* The same; *RET_PID is the pid of the sender if it sent its credentials, which the kernel checks; else 0. */
int gate_receive_from(int gate_fd, struct msg *ret, char *text, size_t *n, int *ret_fd, pid_t *ret_pid);

/* init_error.c: makes the sentence of a MSG_FAILED. */
int engine_init_failed(struct plan *plan, const struct plan_process *process, const struct msg *msg,
                       const char *text, size_t n, struct err *err);

/* init_error.c: init is gone without a word: why? */
int engine_init_died_so(int status, const struct host_cgroup *cgroup, struct err *err);
int engine_init_died(int pidfd, const struct host_cgroup *cgroup, struct err *err);

#endif
