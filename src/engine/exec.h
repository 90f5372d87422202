/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.h - one more process in a container, on its way into being.
 */
#ifndef OCIRT_ENGINE_EXEC_H
#define OCIRT_ENGINE_EXEC_H

#include "engine/creation.h"
#include "engine/existing.h"

struct execution {
    struct existing *container;
    struct ocirt_exec_options options;
    struct bundle bundle; /* the container's configuration */
    struct plan *plan;
    struct bundle process_bundle; /* text of --process */
    struct oci_process process;   /* what is to be run: of --process, or the container's with changes */
    struct plan_process *compiled;
    struct host_seccomp seccomp;
    struct host_cgroup cgroup; /* exec --cgroup, or where the container's process is; may be unused */
    struct host_cgroup *where; /* that, or the container's own */
    struct json_text notify_state[3];
    int gate_fd, init_gate_fd, stub_fd, notify_fd, proc_fd, pidfd, master_fd, exec_root_fd;
    pid_t pid;      /* first of the process that prepares, then of the program's; 0: none */
    pid_t outside;  /* the former, once the latter is another; it ends by itself */
    uint32_t birth; /* STUB_BIRTH and more if it is another, else 0 */
    bool migrate;   /* as in struct creation */
    bool pid_file_written;
    struct init init;
};

/* exec_process.c: fills process and compiled from the options. */
int execution_process(struct execution *x, struct err *err);

/* exec_birth.c: is the program's process born into a pid namespace by the stub, and how? */
int execution_choose_birth(struct execution *x, struct err *err);

/* exec_birth.c: waits until it is; does for it what the runtime must, and lets it go on. */
int execution_await_birth(struct execution *x, struct err *err);

/* exec_spawn.c: the clone into the container's cgroup; the child joins the namespaces. */
int execution_spawn(struct execution *x, struct err *err);

/* exec.c: tells the pid to who asked for it. */
int execution_publish(struct execution *x, struct err *err);

#endif
