/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start.c - let a created container execute its program.
 *
 * The stub answers: the end of the connection means that the program was
 * executed, a message says why not.  So start fails where the program can't be
 * run, as no FIFO could tell.
 */
#include "engine/start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/trace.h"
#include "engine/creation.h"
#include "engine/existing.h"
#include "engine/removal.h"
#include "host/socket.h"
#include "host/words.h"

int engine_await_exec(int socket_fd, int pidfd, struct plan *plan, const struct plan_process *process,
                      const struct host_cgroup *cgroup, bool *ret_hook, struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    bool told = false;

    for (;;) {
        size_t n = sizeof text;
        autoclose int fd = -EBADF;
        int r = gate_receive(socket_fd, &m, text, &n, &fd);

        if (r < 0)
            return err_set(err, ERR_INIT_DIED, r, "listen to the container's process");
        if (r == 0)
            break;
        if (m.type == MSG_FAILED) {
            if (ret_hook)
                *ret_hook = m.stage == STUB_STAGE_HOOK;
            return engine_init_failed(plan, process, &m, text, n, err);
        }
        told = told || m.type == MSG_EXEC;
    }
    return told ? 0 : engine_init_died(pidfd, cgroup, err);
}

static int check_status(const struct existing *e, struct err *err)
{
    switch (e->status) {
    case OCI_STATUS_CREATED: return 0;
    case OCI_STATUS_STOPPED: return err_set(err, ERR_STATUS, 0, WORDS_START_STOPPED);
    case OCI_STATUS_RUNNING: return err_set(err, ERR_STATUS, 0, WORDS_START_RUNNING);
    default:
        return err_set(err, ERR_STATUS, 0, "cannot start a container that is %s",
                       engine_status_word(e->status));
    }
}

/* runtime.md "Start": the process may be absent at create, not here. */
static int check_process(const struct plan *plan, struct err *err)
{
    if (plan->process)
        return 0;
    return ERR_AT(err, plan->spec, process, ERR_CONFIG_MISSING, 0,
                  "is not set: there is no program to start");
}

static int connect_to_stub(struct existing *e, struct err *err)
{
    int fd = host_socket_connect_at(e->dir_fd, HOST_STATE_SOCKET, SOCK_SEQPACKET);

    if (fd == -ECONNREFUSED || fd == -ENOENT)
        return err_set(err, ERR_STATUS, 0, WORDS_START_STOPPED);
    return fd < 0 ? err_set(err, ERR_STATE_FILE, fd, "connect to %s", HOST_STATE_SOCKET) : fd;
}

/*
 * config.md: a failed startContainer or poststart hook stops the container and destroys it (since 1.3 poststart
 * too).  A program that can't be executed leaves a stopped container.
 */
static void destroy(struct existing *e, struct plan *plan)
{
    struct err second = engine_err(e->ocirt);

    (void) removal_destroy(e, plan, true, &second);
    err_done(&second);
}

static int start(struct existing *e, struct bundle *bundle, struct plan **ret_plan, struct err *err)
{
    autoclose int fd = -EBADF;
    bool hook = false;
    int64_t begin;
    int r = check_status(e, err);

    if (r >= 0)
        r = existing_config(e, bundle, ret_plan, err);
    if (r >= 0)
        r = check_process(*ret_plan, err);
    if (r >= 0)
        r = existing_cgroup(e, err);
    if (r < 0)
        return r;
    fd = connect_to_stub(e, err);
    if (fd < 0)
        return fd;
    r = gate_go(fd, e->state->pid);
    if (r < 0 && r != -EPIPE && r != -ECONNRESET)
        return err_set(err, ERR_INIT_DIED, r, "tell the container's process to start");
    begin = trace_begin(e->ocirt->trace_fd);
    r = engine_await_exec(fd, e->pidfd, *ret_plan, (*ret_plan)->process, &e->cgroup, &hook, err);
    trace_end(e->ocirt->trace_fd, "stub", "become the program", e->state->pid, begin);
    (void) unlinkat(e->dir_fd, HOST_STATE_SOCKET,
                    0); /* nobody listens any more; its presence means "created" */
    if (r >= 0) {
        r = host_hooks_run_for(e->state, &(*ret_plan)->hooks[PLAN_POSTSTART], PLAN_POSTSTART,
                               OCI_STATUS_RUNNING, (*ret_plan)->hooks_stdout, (*ret_plan)->hooks_stderr, err);
        hook = r < 0;
    }
    if (hook)
        destroy(e, *ret_plan);
    return r;
}

int ocirt_start(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct bundle bundle = { 0 };
    struct plan *plan = NULL;
    int r = existing_open(ocirt, id, EXISTING_CHANGE, &e, &err);

    if (r >= 0)
        r = start(&e, &bundle, &plan, &err);
    if (r < 0)
        err_prefix(&err, "start %s", id);
    r = engine_result(r, &err, ret_error);
    plan_free(plan);
    bundle_done(&bundle);
    existing_done(&e);
    return r;
}
