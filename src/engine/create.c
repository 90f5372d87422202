/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create.c - create a container, and run: create, start and wait in one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/trace.h"
#include "engine/creation.h"
#include "engine/existing.h"
#include "engine/removal.h"
#include "engine/start.h"
#include "engine/usage.h"
#include "host/foreground.h"
#include "host/sd_notify.h"
#include "host/sdbus.h"
#include "host/terminal.h"

/*
 * The gate closes when the stub is executed, which happens while the record is written.  Until then the
 * execution itself may still fail.
 */
static int await_stub(struct creation *c, struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    size_t n = sizeof text;
    autoclose int fd = -EBADF;
    int r = gate_receive(c->gate_fd, &m, text, &n, &fd);

    if (r < 0)
        return err_set(err, ERR_INIT_DIED, r, "listen to the container's process");
    if (r > 0)
        return engine_init_failed(c->plan, c->plan->process, &m, text, n, err);
    return 0;
}

static int create(struct creation *c, struct err *err)
{
    int r = creation_make(c, err);

    if (r < 0)
        return r;
    r = creation_publish(c, err);
    if (r >= 0)
        r = await_stub(c, err);
    if (r < 0)
        creation_undo(c, err);
    return r;
}

static int need_manager(const struct ocirt *ocirt, struct err *err)
{
    return ocirt->manager == PLAN_MANAGER_SYSTEMD ? sdbus_need(err) : 0;
}

int ocirt_create(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
                 struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct creation c;
    int r;

    r = creation_init(&c, ocirt, id, options, &err);
    if (r >= 0)
        r = need_manager(ocirt, &err);
    if (r >= 0)
        r = create(&c, &err);
    if (r < 0)
        err_prefix(&err, "create %s", id);
    r = engine_result(r, &err, ret_error);
    creation_done(&c);
    return r;
}

/* ---- run ----------------------------------------------------------------------------------------------- */

static int check_process(struct creation *c, struct err *err)
{
    if (c->plan->process)
        return 0;
    return ERR_AT(err, c->plan->spec, process, ERR_CONFIG_MISSING, 0,
                  "is not set: there is no program to run");
}

/*
 * Between READY and the program: publish, GO, and listen until it is executed; then poststart.  In the
 * foreground the runtime stays a service's main process.
 */
static int set_going(struct creation *c, struct host_sd_notify *notify, struct err *err)
{
    int64_t begin;
    int r = check_process(c, err);

    if (r >= 0)
        r = creation_publish(c, err);
    if (r < 0)
        return r;
    if (c->plan->notify_mount) {
        notify->main_pid = c->options.detach ? c->pid : 0;
        r = host_sd_notify_open(c->dir_fd, c->options.notify_socket, notify, err);
        if (r < 0)
            return r;
    }
    if (c->master_fd >= 0) /* before the program asks for it */
        host_terminal_copy_size(STDIN_FILENO, c->master_fd);
    r = gate_go(c->gate_fd, c->pid);
    if (r < 0 && r != -EPIPE && r != -ECONNRESET)
        return err_set(err, ERR_INIT_DIED, r, "tell the container's process to start");
    begin = trace_begin(c->ocirt->trace_fd);
    r = engine_await_exec(c->gate_fd, c->pidfd, c->plan, c->plan->process, &c->cgroup, &c->hooks_ran, err);
    trace_end(c->ocirt->trace_fd, "stub", "become the program", c->pid, begin);
    if (r < 0)
        return r;
    if (c->plan->hooks[PLAN_POSTSTART].n)
        c->hooks_ran = true;
    return host_hooks_run_for(&c->state, &c->plan->hooks[PLAN_POSTSTART], PLAN_POSTSTART, OCI_STATUS_RUNNING,
                              c->plan->hooks_stdout, c->plan->hooks_stderr, err);
}

static bool is_ours(const struct creation *c, const struct host_state *found)
{
    return found->pid == c->state.pid && found->inode == c->state.inode &&
           found->start_time == c->state.start_time;
}

/*
 * The container has ended.  Somebody may have deleted it meanwhile, and even made another with its id: only
 * the one that this call made is removed.
 */
static int remove_ended(struct creation *c, struct err *err)
{
    struct existing e = EXISTING_INIT;
    int r = host_state_open(c->root_fd, c->id, &e.dir_fd, err);

    if (r >= 0)
        r = host_state_lock(e.dir_fd, true, EXISTING_LOCK_TIMEOUT, err);
    if (r >= 0)
        r = host_state_read(e.dir_fd, c->id, &e.arena, &e.state, err);
    if (r < 0 && err->code == ERR_NOT_FOUND) {
        err_done(err);
        r = 0;
    } else if (r >= 0 && is_ours(c, e.state)) {
        e.ocirt = c->ocirt;
        e.id = c->id;
        e.root_fd = take_fd(&c->root_fd);
        e.cgroup = c->cgroup;
        e.cgroup_open = true;
        c->cgroup = (struct host_cgroup) HOST_CGROUP_INIT;
        r = removal_destroy(&e, c->plan, false, err);
    }
    existing_done(&e);
    return r;
}

int creation_wait(struct creation *c, struct host_foreground *foreground, int *ret_status, struct err *err)
{
    const uint64_t started = engine_usage_now(c);
    int64_t begin;
    int r;

    fd_cleanup(&c->dir_fd); /* the lock goes with it: others may pause, exec, kill */
    begin = trace_begin(c->ocirt->trace_fd);
    r = host_foreground_wait(foreground, c->pidfd, c->master_fd, ret_status, err);
    trace_end(c->ocirt->trace_fd, "runtime", "wait for the program", 0, begin);
    if (r >= 0)
        engine_usage_tell(c, foreground, started);
    if (r < 0 || c->options.keep)
        return r;
    begin = trace_begin(c->ocirt->trace_fd);
    r = remove_ended(c, err);
    trace_end(c->ocirt->trace_fd, "runtime", "delete", 0, begin);
    return r;
}

/* Others may pause, exec and kill meanwhile. */
static int await_ready(struct creation *c, struct host_sd_notify *notify, struct err *err)
{
    fd_cleanup(&c->dir_fd); /* the lock goes with it */
    return host_sd_notify_wait(notify, c->pidfd, err);
}

static int run(struct creation *c, struct host_foreground *foreground, int *ret_status, struct err *err)
{
    int r = creation_make(c, err);

    if (r < 0)
        return r;
    r = set_going(c, foreground->notify, err);
    if (r < 0) {
        creation_undo(c, err);
        return r;
    }
    return c->options.detach ? await_ready(c, foreground->notify, err)
                             : creation_wait(c, foreground, ret_status, err);
}

int ocirt_run(struct ocirt *ocirt, const char *id, const struct ocirt_create_options *options,
              int *ret_status, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct host_sd_notify notify = HOST_SD_NOTIFY_INIT;
    struct host_foreground foreground = { .signal_fd = -1, .notify = &notify };
    struct creation c;
    int status = 0, r;

    r = creation_init(&c, ocirt, id, options, &err);
    c.run = true;
    if (r >= 0)
        r = need_manager(ocirt, &err);
    if (r >= 0 && !c.options.detach)
        r = host_foreground_open(&foreground, c.options.leave_signals, &err);
    if (r >= 0)
        r = run(&c, &foreground, &status, &err);
    host_sd_notify_close(&notify);
    if (!c.options.detach)
        host_foreground_close(&foreground);
    if (r < 0)
        err_prefix(&err, "run %s", id);
    else
        *ret_status = status;
    r = engine_result(r, &err, ret_error);
    creation_done(&c);
    return r;
}
