/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init.h - the child of clone3, from its birth until it becomes the stub.
 *
 * It has the parent's memory (a copy) and descriptors, and walks a table of
 * stages.  Rules for everything here: no malloc, no stdio, no JSON, no locks (the
 * parent may have had threads); return -errno and say nothing; leave in
 * `item` which mount, device, ... it was.  The runtime makes the sentence.
 */
#ifndef OCIRT_INIT_H
#define OCIRT_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/msg.h"
#include "plan/plan.h"

/* The stages in their order; a container's init runs all of them, an exec's those marked so in stages.c. */
enum init_stage {
    INIT_STAGE_GO = 1,      /* wait for the runtime */
    INIT_STAGE_RESET,       /* signals, umask, session */
    INIT_STAGE_JOIN,        /* item: index in namespaces.join */
    INIT_STAGE_EXEC_JOIN,   /* exec: all of the container's namespaces at once */
    INIT_STAGE_ROOT_TARGET, /* where the root filesystem will be attached */
    INIT_STAGE_BECOME_ROOT, /* of the user namespace */
    INIT_STAGE_UNSHARE,
    INIT_STAGE_KEYRING,
    INIT_STAGE_SOURCES, /* what the runtime could not open; item: index of the mount; see INIT_ITEM_* */
    INIT_STAGE_PRIVATE, /* nothing done from here on is seen by the host */
    INIT_STAGE_HOSTNAME,
    INIT_STAGE_DOMAINNAME,
    INIT_STAGE_ROOT, /* attach the root filesystem */
    INIT_STAGE_LOOPBACK,
    INIT_STAGE_SYSCTL,  /* item: index */
    INIT_STAGE_MOUNT,   /* item: index */
    INIT_STAGE_DEVICE,  /* item: index */
    INIT_STAGE_SYMLINK, /* item: index */
    INIT_STAGE_CONSOLE,
    INIT_STAGE_RUNTIME_HOOKS,   /* the runtime runs prestart and createRuntime */
    INIT_STAGE_CONTAINER_HOOKS, /* item: index of the createContainer hook */
    INIT_STAGE_PIVOT,
    INIT_STAGE_HIDE, /* item: index */
    INIT_STAGE_ROOT_READONLY,
    INIT_STAGE_ROOT_PROPAGATION,
    INIT_STAGE_CWD,
    INIT_STAGE_MEMORY_POLICY,
    INIT_STAGE_PROGRAM, /* text: the path that was tried last */
    INIT_STAGE_STDIO,
    INIT_STAGE_READY,
    INIT_STAGE_STUB, /* execute it */
};

/* Items of INIT_STAGE_SOURCES beyond the mounts. */
enum { INIT_ITEM_ROOT = 0x10000000, INIT_ITEM_NULL = 0x20000000, INIT_ITEM_DEVICE = 0x30000000 };

/* Items of INIT_STAGE_ROOT: what failed.  0: attaching it. */
enum { INIT_ITEM_UPPER = 1, INIT_ITEM_OVERLAY };

/* err of INIT_STAGE_CONTAINER_HOOKS as in STUB_STAGE_HOOK: STUB_HOOK_EXITED and so on. */

struct init {
    struct plan *plan;
    struct plan_process *process; /* of the plan, or of the exec; NULL: the container has none */
    int gate_fd;                  /* SOCK_SEQPACKET to the runtime */
    int trace_fd;                 /* 0: no trace */
    int proc_fd;                  /* private procfs of the runtime's pid namespace; -1 if nothing needs it */
    int stub_fd;                  /* memfd to execute; -1 without a process */
    char **stub_argv;             /* two free entries, then the process's argv, then NULL */
    int container_pidfd;          /* exec: whose namespaces to join */
    int exec_root_fd; /* exec: the container's root where that is not its mount namespace's; -1: it is */
    uint64_t exec_namespaces; /* exec: CLONE_NEW* that differ from ours */
    bool template_namespace;  /* we begin in the template mount namespace: the host's tree is not there */
    int template_fd;          /* that namespace; -1: none */
    uint64_t unshare_flags;   /* CLONE_NEW* that clone3 did not make */
    int inherit_fds[6];       /* which the stub needs beside the preserved ones; -1: none */
    unsigned preserve_fds;    /* 3 .. 3 + preserve_fds - 1 are the program's */
    bool birth; /* the stub has a child that is the program's process, in a pid namespace that is not ours */
    bool ahead; /* what comes before the devices is done without waiting for GO: init_await_go() */
    bool network_comes;        /* with GO; ahead, or not at all */
    bool privileged;           /* the runtime is root of the initial user namespace */
    const char *hook_state[2]; /* JSON for createContainer hooks, before and after the pid */
    size_t hook_state_size[2];

    /* from here on init's own */
    uint32_t item;
    uint32_t pid;  /* ours as the runtime sees it; 0 before GO */
    int pidns_fd;  /* create with `birth`: that namespace; else -1 */
    int target_fd; /* where the root is attached; -1: not yet open */
    int root_fd;   /* the container's root; -1: not yet */
    int master_fd; /* of the terminal; goes to the runtime with READY */
    int slave_fd;
    char pid_text[24];   /* our pid as the runtime sees it: the stub's argv[1] */
    const char *program; /* resolved path in the container */
    size_t text_size;    /* of text for MSG_FAILED */
    char text[MSG_TEXT_MAX];
};

/*
 * Where a user namespace is joined and the pid namespace is new, the latter must be made from within the
 * former: this process joins, clones the true init as its sibling, leaves its pid in *RET_PID (memory shared
 * with the runtime), and ends.  FLAGS are for that clone.  Does not return but in the true init.
 */
void init_join_and_clone(struct init *init, uint64_t flags, int *ret_pid);

/* Runs the stages; does not return. */
_Noreturn void init_run(struct init *init);
_Noreturn void init_run_exec(struct init *init);
_Noreturn void init_run_mounts(struct init *init); /* in a running container; ends after READY */
_Noreturn void init_run_unmounts(struct init *init);

/* ---- the stages ---------------------------------------------------------------------------------------- */

int init_reset(struct init *init);
int init_join(struct init *init);
int init_exec_join(struct init *init);
int init_root_target(struct init *init);
int init_become_root(struct init *init);
int init_unshare(struct init *init);
int init_keyring(struct init *init);
int init_sources(struct init *init);
int init_private(struct init *init);
int init_hostname(struct init *init);
int init_domainname(struct init *init);
int init_loopback(struct init *init);
int init_sysctls(struct init *init);
int init_root_attach(struct init *init);
int init_root_overlay(struct init *init); /* part of the former: lays the overlay over plan->root.tree_fd */
int init_mounts(struct init *init);
int init_mounts_close(struct init *init);
int init_unmounts(struct init *init);
int init_devices(struct init *init);
int init_symlinks(struct init *init);
int init_console(struct init *init);
int init_runtime_hooks(struct init *init);
int init_container_hooks(struct init *init);
int init_pivot(struct init *init);
int init_hide(struct init *init);
int init_root_readonly(struct init *init);
int init_root_propagation(struct init *init);
int init_cwd(struct init *init);
int init_memory_policy(struct init *init);
int init_program(struct init *init);
int init_stdio(struct init *init);

/* ---- shared between them ------------------------------------------------------------------------------- */

/* Waits for the runtime's answer to what it was asked.  -EPIPE if it is gone. */
int init_wait_go(struct init *init);

/* Waits for the first MSG_GO, if it has not come yet, and enters the network namespace that comes with it. */
void init_await_go(struct init *init);

/* Puts N bytes (as many as fit) into init->text: the words of the kernel, or a path. */
void init_say(struct init *init, const char *s, size_t n);

/*
 * The same with the kernel's own words about the failure of a call with FS_FD, of fsopen: "tmpfs: Bad value
 * for 'size'".
 */
void init_say_of_fs(struct init *init, int fs_fd);

/*
 * A detached mount made by mount(2): a descriptor, or -errno.  TARGET_FD is where it will be attached,
 * covered for a moment.
 */
int init_classic_make(const struct plan_mount *m, int target_fd);

/*
 * Copies the tree below FROM_FD into TO_FD (tmpcopyup): files, directories, symlinks, owners, modes, times.
 */
int init_copy_up(int from_fd, int to_fd);

#endif
