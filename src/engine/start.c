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
#include "host/sd_notify.h"
#include "host/socket.h"
#include "host/words.h"

/* What the stub had to say until it closed the socket. */
struct answer {
    enum { ANSWER_EXECUTED, ANSWER_FAILED, ANSWER_DIED } how;
    struct msg m; /* ANSWER_FAILED, with a text */
    char text[MSG_TEXT_MAX];
    size_t n;
};

static int listen_to_stub(int socket_fd, struct answer *ret, struct err *err)
{
    ret->how = ANSWER_DIED;
    for (;;) {
        autoclose int fd = -EBADF;
        int r;

        ret->n = sizeof ret->text;
        r = gate_receive(socket_fd, &ret->m, ret->text, &ret->n, &fd);
        if (r < 0)
            return err_set(err, ERR_INIT_DIED, r, "listen to the container's process");
        if (r == 0)
            return 0;
        if (ret->m.type == MSG_FAILED) {
            ret->how = ANSWER_FAILED;
            return 0;
        }
        if (ret->m.type == MSG_EXEC)
            ret->how = ANSWER_EXECUTED;
    }
}

static int judge(const struct answer *answer, int pidfd, struct plan *plan,
                 const struct plan_process *process, const struct host_cgroup *cgroup, bool *ret_hook,
                 struct err *err)
{
    if (answer->how == ANSWER_EXECUTED)
        return 0;
    if (answer->how == ANSWER_DIED)
        return engine_init_died(pidfd, cgroup, err);
    if (ret_hook)
        *ret_hook = answer->m.stage == STUB_STAGE_HOOK;
    return engine_init_failed(plan, process, &answer->m, answer->text, answer->n, err);
}

int engine_await_exec(int socket_fd, int pidfd, struct plan *plan, const struct plan_process *process,
                      const struct host_cgroup *cgroup, bool *ret_hook, struct err *err)
{
    struct answer answer;
    int r = listen_to_stub(socket_fd, &answer, err);

    return r < 0 ? r : judge(&answer, pidfd, plan, process, cgroup, ret_hook, err);
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
 * config.md: a failed startContainer or poststart hook stops the container and destroys it (since 1.3
 * poststart too).  A program that can't be executed leaves a stopped container.
 */
static void destroy(struct existing *e, struct plan *plan)
{
    struct err second = engine_err(e->ocirt);

    (void) removal_destroy(e, plan, true, &second);
    err_done(&second);
}

/* A hook that fails has the container destroyed, which the manager of its cgroup has a part in. */
static int need_manager(const struct existing *e, struct err *err)
{
    const struct host_state_config *config = e->state->config;

    return config && !config->start_container && !config->poststart ? 0 : existing_need_manager(e, err);
}

/* GO, and what comes of it. */
static int tell_stub(struct existing *e, struct answer *ret, struct err *err)
{
    autoclose int fd = connect_to_stub(e, err);
    int64_t begin;
    int r;

    if (fd < 0)
        return fd;
    r = gate_go(fd, e->state->pid);
    if (r < 0 && r != -EPIPE && r != -ECONNRESET)
        return err_set(err, ERR_INIT_DIED, r, "tell the container's process to start");
    begin = trace_begin(e->ocirt->trace_fd);
    /*
     * Nobody listens there any more, and its presence means "created".  While the stub works, it costs no
     * time.
     */
    (void) unlinkat(e->dir_fd, HOST_STATE_SOCKET, 0);
    r = listen_to_stub(fd, ret, err);
    trace_end(e->ocirt->trace_fd, "stub", "become the program", e->state->pid, begin);
    return r;
}

/* The configuration is needed for hooks and for the words of an error only: most starts do without. */
static int need_plan(struct existing *e, struct bundle *bundle, struct plan **plan, struct err *err)
{
    return *plan ? 0 : existing_config(e, bundle, plan, err);
}

static int explain(struct existing *e, struct bundle *bundle, struct plan **ret_plan,
                   const struct answer *answer, bool *ret_hook, struct err *err)
{
    int r = need_plan(e, bundle, ret_plan, err);

    if (r >= 0)
        r = existing_cgroup(e, err);
    return r < 0 ? r : judge(answer, e->pidfd, *ret_plan, (*ret_plan)->process, &e->cgroup, ret_hook, err);
}

/* Others may exec, kill and delete meanwhile. */
static int await_ready(struct existing *e, struct host_sd_notify *notify, struct err *err)
{
    int64_t begin = trace_begin(e->ocirt->trace_fd);
    int r;

    fd_cleanup(&e->dir_fd); /* the lock goes with it */
    r = host_sd_notify_wait(notify, e->pidfd, err);
    trace_end(e->ocirt->trace_fd, "runtime", "await readiness", 0, begin);
    return r;
}

/* The socket must be there before the program is. */
static int prepare_notify(struct existing *e, struct host_sd_notify *notify, struct err *err)
{
    if (!e->ocirt->notify_socket)
        return 0;
    notify->main_pid = e->state->pid;
    return host_sd_notify_open(e->dir_fd, e->ocirt->notify_socket, notify, err);
}

static int start(struct existing *e, struct bundle *bundle, struct plan **ret_plan,
                 struct host_sd_notify *notify, struct err *err)
{
    const struct host_state_config *config = e->state->config;
    struct answer answer;
    bool hook = false;
    int r = check_status(e, err);

    if (r >= 0)
        r = need_manager(e, err);
    if (r >= 0 && (!config || !config->process || config->poststart)) {
        r = need_plan(e, bundle, ret_plan, err);
        if (r >= 0)
            r = check_process(*ret_plan, err);
    }
    if (r >= 0)
        r = prepare_notify(e, notify, err);
    if (r >= 0)
        r = tell_stub(e, &answer, err);
    if (r < 0)
        return r;
    if (answer.how != ANSWER_EXECUTED)
        r = explain(e, bundle, ret_plan, &answer, &hook, err);
    else if (*ret_plan) {
        r = host_hooks_run_for(e->state, &(*ret_plan)->hooks[PLAN_POSTSTART], PLAN_POSTSTART,
                               OCI_STATUS_RUNNING, (*ret_plan)->hooks_stdout, (*ret_plan)->hooks_stderr, err);
        hook = r < 0;
    }
    if (hook)
        destroy(e, *ret_plan);
    return r < 0 || notify->fd < 0 ? r : await_ready(e, notify, err);
}

int ocirt_start(struct ocirt *ocirt, const char *id, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct bundle bundle = { 0 };
    struct host_sd_notify notify = HOST_SD_NOTIFY_INIT;
    struct plan *plan = NULL;
    int64_t begin = trace_begin(ocirt->trace_fd);
    int r = existing_open(ocirt, id, EXISTING_CHANGE, &e, &err);

    trace_end(ocirt->trace_fd, "runtime", "find the container", 0, begin);
    if (r >= 0)
        r = start(&e, &bundle, &plan, &notify, &err);
    if (r < 0)
        err_prefix(&err, "start %s", id);
    r = engine_result(r, &err, ret_error);
    host_sd_notify_close(&notify);
    plan_free(plan);
    bundle_done(&bundle);
    existing_done(&e);
    return r;
}
