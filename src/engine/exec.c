/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.c - run one more program in a container.
 */
#include "engine/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/trace.h"
#include "engine/birth.h"
#include "engine/lsm.h"
#include "engine/notify_state.h"
#include "engine/start.h"
#include "host/foreground.h"
#include "host/pidfile.h"
#include "host/process.h"
#include "host/socket.h"
#include "host/stub_image.h"
#include "host/terminal.h"
#include "host/words.h"

/* ---- may it be? ---------------------------------------------------------------------------------------- */

static int check_status(struct execution *x, struct err *err)
{
    struct existing *e = x->container;
    int r = existing_look(e, err);

    if (r < 0)
        return r;
    if (e->status == OCI_STATUS_STOPPED || e->status == OCI_STATUS_CREATING)
        return err_set(err, ERR_STATUS, 0, WORDS_EXEC_STOPPED);
    if (e->status == OCI_STATUS_PAUSED && !x->options.ignore_paused)
        return err_set(err, ERR_STATUS, 0, WORDS_EXEC_PAUSED);
    return 0;
}

static int check_terminal(struct execution *x, struct err *err)
{
    int r;

    if (x->compiled->terminal && x->options.detach && !x->options.console_socket) {
        r = err_set(err, ERR_TERMINAL, 0,
                    "cannot allocate a terminal without --console-socket when nobody stays to serve it");
        err_hint(err, "give --console-socket, or leave out --detach");
        return r;
    }
    if (!x->compiled->terminal && x->options.console_socket)
        return err_set(err, ERR_TERMINAL, 0, "--console-socket is given, but the process has no terminal");
    return 0;
}

/* ---- make ready ---------------------------------------------------------------------------------------- */

/* "CONTROLLER[,CONTROLLER...]:PATH", and after a comma the next: each controller's hierarchy of version 1. */
static int choose_hierarchies(struct execution *x, char *text, struct err *err)
{
    int r = 0;

    while (r >= 0 && text) {
        char *path = strchr(text, ':'), *next, *controller;

        if (!path) {
            r = err_set(err, ERR_CGROUP, 0, "--cgroup: \"%s\" has no controller", text);
            err_hint(err, "where it is given more than once, each must be CONTROLLER[,CONTROLLER...]:PATH");
            return r;
        }
        *path++ = '\0';
        next = strchr(path, ',');
        if (next)
            *next++ = '\0';
        while (r >= 0 && (controller = strsep(&text, ",")))
            r = host_cgroup_sub(&x->container->cgroup, controller, path, &x->cgroup, err);
        text = next;
    }
    return r;
}

/* A path alone means all hierarchies.  A "/" in front of the colon cannot be a controller. */
static int choose_cgroup(struct execution *x, struct err *err)
{
    const char *path = x->options.cgroup, *colon = path ? strchr(path, ':') : NULL;
    int r = existing_cgroup(x->container, err);
    char *text;

    if (r < 0)
        return r;
    x->where = &x->container->cgroup;
    if (!path || !*path)
        return 0;
    x->where = &x->cgroup;
    if (!colon || memchr(path, '/', (size_t) (colon - path)))
        return host_cgroup_sub(&x->container->cgroup, NULL, path, &x->cgroup, err);
    text = arena_strndup(&x->bundle.arena, path, strlen(path));
    return text ? choose_hierarchies(x, text, err) : err_nomem(err);
}

/* Making and dropping one takes a tenth of a millisecond, which most processes can do without. */
static int open_procfs(struct execution *x, struct err *err)
{
    const struct plan_process *p = x->compiled;
    int r;

    if (!p->apparmor && !p->selinux && !p->has_oom_score_adj && x->plan->root.how != PLAN_ROOT_CHROOT)
        return 0;
    r = existing_procfs(x->container, err);
    x->proc_fd = take_fd(&x->container->proc_fd);
    return r;
}

static int build_seccomp(struct execution *x, struct err *err)
{
    const struct plan_seccomp *seccomp = x->plan->seccomp;
    autoclose int cache_fd = -EBADF;
    int r;

    if (!seccomp)
        return 0;
    cache_fd = host_seccomp_cache_open(x->container->root_fd);
    r = host_seccomp_build(seccomp, cache_fd, &x->seccomp, err);
    if (r < 0 || !x->seccomp.notify)
        return r;
    x->notify_fd = host_socket_connect(seccomp->listener_path, SOCK_STREAM);
    if (x->notify_fd < 0)
        return ERR_AT(err, seccomp->from, listener_path, ERR_SECCOMP, x->notify_fd,
                      "connect to the agent at %s", seccomp->listener_path);
    return notify_state_make(x->container->state, OCI_STATUS_RUNNING, seccomp->from->listener_metadata,
                             x->notify_state, err);
}

/* Where the mount namespace is the host's or another's, the container's root is what its process has. */
static int open_root(struct execution *x, struct err *err)
{
    char path[32];
    int r;

    if (x->plan->root.how != PLAN_ROOT_CHROOT)
        return 0;
    (void) snprintf(path, sizeof path, "%d/root", (int) x->container->state->pid);
    x->exec_root_fd = sys_openat(x->proc_fd, path, O_PATH | O_DIRECTORY, 0);
    if (x->exec_root_fd < 0)
        return err_set(err, ERR_ROOTFS, x->exec_root_fd, "open the container's root");
    /* Its pid is used again only when it is gone, and then the directory may be another's. */
    r = sys_pidfd_send_signal(x->container->pidfd, 0);
    return r < 0 ? err_set(err, ERR_STATUS, 0, WORDS_EXEC_STOPPED) : 0;
}

static int place_fds(struct execution *x, bool procfs, struct err *err)
{
    int *const fds[] = { &x->init_gate_fd, procfs ? &x->proc_fd : NULL, &x->notify_fd };

    for (size_t i = 0; i < sizeof x->init.inherit_fds / sizeof *x->init.inherit_fds; i++)
        x->init.inherit_fds[i] = -1;
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        int r = fds[i] && *fds[i] >= 0 ? host_stub_move_fd(fds[i], x->options.preserve_fds) : 0;

        if (r < 0)
            return err_set(err, ERR_IO, r, "place a descriptor above the preserved ones");
        x->init.inherit_fds[i] = fds[i] ? *fds[i] : -1;
    }
    return 0;
}

static int build_stub(struct execution *x, struct err *err)
{
    const struct plan_namespaces *ns = &x->plan->namespaces;
    bool procfs = x->compiled->apparmor || x->compiled->selinux;
    int pair[2], r = engine_check_labels(x->proc_fd, x->plan, x->compiled, err);

    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(err, ERR_IO, errno, "make a socket pair");
    x->gate_fd = pair[0];
    x->init_gate_fd = pair[1];
    r = place_fds(x, procfs, err);
    if (r < 0)
        return r;

    struct plan_process process = *x->compiled;

    process.has_scheduler = process.has_scheduler && !(x->birth && engine_birth_scheduler(&process));

    const struct host_stub_request request = {
        .process = &process,
        /* With a terminal the program waits until its master has found a home. */
        .start = x->compiled->terminal && !x->birth ? STUB_WAIT : STUB_NOW,
        .start_fd = x->init_gate_fd,
        .preserve_fds = x->options.preserve_fds,
        .gate_fd = -1,
        .proc_fd = procfs ? x->proc_fd : -1,
        .notify_fd = x->notify_fd,
        .seccomp = x->seccomp.program ? &x->seccomp : NULL,
        .notify_state = { x->notify_state[0].v, x->notify_state[1].v, x->notify_state[2].v },
        .hook_stdout_fd = -1,
        .hook_stderr_fd = -1,
        .user_namespace = ((ns->fresh | ns->joined) & CLONE_NEWUSER) != 0,
        .setgroups_denied = x->plan->facts.rootless && x->plan->ids.n_gid <= 1,
        .has_personality = x->plan->has_personality,
        .personality = x->plan->personality,
        .birth = x->birth,
    };
    return host_stub_image_create(&request, &x->stub_fd, err);
}

static int fill_init(struct execution *x, struct err *err)
{
    size_t n = 0;

    while (x->compiled->argv[n])
        n++;
    x->init.plan = x->plan;
    x->init.process = x->compiled;
    x->init.gate_fd = x->init_gate_fd;
    x->init.proc_fd = x->proc_fd;
    x->init.trace_fd = x->container->ocirt->trace_fd;
    x->init.stub_fd = x->stub_fd;
    x->init.container_pidfd = x->container->pidfd;
    x->init.exec_root_fd = x->exec_root_fd;
    x->init.pidns_fd = x->init.template_fd = x->init.target_fd = x->init.root_fd = x->init.master_fd =
        x->init.slave_fd = -1;
    x->init.preserve_fds = x->options.preserve_fds;
    x->init.privileged = !x->plan->facts.rootless;
    x->init.birth = x->birth != 0;
    x->init.stub_argv = arena_array(&x->bundle.arena, n + 3, sizeof *x->init.stub_argv);
    if (!x->init.stub_argv)
        return err_nomem(err);
    memcpy(x->init.stub_argv + 2, x->compiled->argv, n * sizeof *x->compiled->argv);
    return 0;
}

/* ---- go ------------------------------------------------------------------------------------------------ */

int execution_publish(struct execution *x, struct err *err)
{
    int r = 0;

    if (x->options.pid_file)
        r = host_pidfile_write(x->options.pid_file, x->pid, err);
    x->pid_file_written = x->options.pid_file && r >= 0;
    if (r >= 0 && x->options.pidfd_socket)
        r = host_pidfd_send(x->options.pidfd_socket, x->pidfd, err);
    return r;
}

/* What is set here is inherited by what is born. */
static int attend(struct execution *x, struct err *err)
{
    int r = x->birth ? 0 : execution_publish(x, err);

    if (r >= 0)
        r = engine_set_oom_score(x->proc_fd, x->pid, x->compiled, err);
    if (r >= 0)
        r = host_cgroup_enter(NULL, x->where, x->pid, x->where->process_fd >= 0 && !x->migrate, err);
    if (r < 0)
        return r;
    r = gate_go(x->gate_fd, x->pid);
    return r < 0 && r != -EPIPE && r != -ECONNRESET
               ? err_set(err, ERR_INIT_DIED, r, "tell the process to go on")
               : 0;
}

static int died_unheard(struct execution *x, struct err *err)
{
    int status = -1;

    if (x->pidfd >= 0)
        (void) host_process_status(x->pidfd, &status);
    if (x->migrate || !engine_died_at_birth(x->where, status))
        return engine_init_died_so(status, &x->container->cgroup, err);
    x->pid = 0; /* reaped */
    return -ERESTART;
}

static int await_ready(struct execution *x, struct err *err)
{
    char text[MSG_TEXT_MAX];
    struct msg m;
    size_t n = sizeof text;
    autoclose int fd = -EBADF;
    int r = gate_receive(x->gate_fd, &m, text, &n, &fd);

    if (r < 0)
        return err_set(err, ERR_INIT_DIED, r, "listen to the process");
    if (r == 0)
        return died_unheard(x, err);
    if (m.type == MSG_FAILED)
        return engine_init_failed(x->plan, x->compiled, &m, text, n, err);
    x->master_fd = take_fd(&fd);
    return 0;
}

static int serve_terminal(struct execution *x, struct err *err)
{
    int r = 0;

    if (!x->compiled->terminal)
        return 0;
    if (x->options.console_socket) {
        r = host_console_send(x->options.console_socket, x->master_fd, err);
        fd_cleanup(&x->master_fd);
    }
    if (r < 0)
        return r;
    if (x->master_fd >= 0) /* before the program asks for it */
        host_terminal_copy_size(STDIN_FILENO, x->master_fd);
    if (x->birth)
        return 0; /* it waits once it is born */
    r = gate_go(x->gate_fd, x->pid);
    return r < 0 && r != -EPIPE && r != -ECONNRESET
               ? err_set(err, ERR_INIT_DIED, r, "tell the process to go on")
               : 0;
}

/* A step and its name in a trace. */
struct step {
    const char *name;
    int (*run)(struct execution *x, struct err *err);
};

static int walk(struct execution *x, const struct step *steps, struct err *err)
{
    int fd = x->container->ocirt->trace_fd, r = 0;

    for (; r >= 0 && steps->run; steps++) {
        int64_t begin = trace_begin(fd);

        r = steps->run(x, err);
        trace_end(fd, "runtime", steps->name, 0, begin);
    }
    return r;
}

static int await_exec(struct execution *x, struct err *err)
{
    return engine_await_exec(x->gate_fd, x->pidfd, x->plan, x->compiled, &x->container->cgroup, NULL, err);
}

static int read_config(struct execution *x, struct err *err)
{
    int r = engine_check_preserved(x->options.preserve_fds, err);

    return r < 0 ? r : existing_config(x->container, &x->bundle, &x->plan, err);
}

static int walk_all(struct execution *x, struct err *err)
{
    /* The status comes first: of a container that is being created the configuration may be half written. */
    static const struct step prepare[] = {
        { "status", check_status },
        { "read and plan", read_config },
        { "process", execution_process },
        { "check terminal", check_terminal },
        { "procfs", open_procfs },
        { "cgroup", choose_cgroup },
        { "seccomp", build_seccomp },
        { "choose birth", execution_choose_birth },
        { "root", open_root },
        { NULL, NULL },
    };
    static const struct step begin[] = {
        { "stub image", build_stub },
        { "prepare init", fill_init },
        { "clone", execution_spawn },
        { "attend", attend },
        { "await init", await_ready },
        { "terminal", serve_terminal },
        { "await birth", execution_await_birth },
        { "await exec", await_exec },
        { NULL, NULL },
    };
    int r = walk(x, prepare, err);

    if (r >= 0)
        r = walk(x, begin, err);
    if (r == -ERESTART && !err_is_set(err)) {
        fd_cleanup(&x->gate_fd);
        fd_cleanup(&x->stub_fd);
        fd_cleanup(&x->pidfd);
        x->migrate = true;
        r = walk(x, begin, err);
    }
    return r;
}

/*
 * A container that ends meanwhile shows it in odd ways: its cgroup or its copy of the configuration is
 * missing, or there is nobody whose namespaces could be joined, for a moment even before its pidfd tells.
 * All have one reason.
 */
static int make(struct execution *x, struct err *err)
{
    int r = walk_all(x, err);

    if (r >= 0 || x->container->pidfd < 0 || (r != -ESRCH && !host_process_has_ended(x->container->pidfd)))
        return r;
    err_done(err);
    return err_set(err, ERR_STATUS, 0, WORDS_EXEC_STOPPED);
}

static void reap(pid_t pid)
{
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void end(struct execution *x)
{
    if (x->pid_file_written)
        host_pidfile_remove(x->options.pid_file);
    if (x->pid > 0 && x->pidfd >= 0)
        (void) sys_pidfd_send_signal(x->pidfd, SIGKILL);
    reap(x->pid);
}

static void done(struct execution *x)
{
    int *const fds[] = {
        &x->gate_fd, &x->init_gate_fd, &x->stub_fd,   &x->notify_fd,
        &x->proc_fd, &x->pidfd,        &x->master_fd, &x->exec_root_fd,
    };

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fd_cleanup(fds[i]);
    for (size_t i = 0; i < 3; i++)
        json_text_free(&x->notify_state[i]);
    host_seccomp_done(&x->seccomp);
    host_cgroup_done(&x->cgroup);
    plan_free(x->plan);
    bundle_done(&x->process_bundle);
    bundle_done(&x->bundle);
}

static int execute(struct existing *container, const struct ocirt_exec_options *options,
                   struct host_foreground *foreground, int *ret_status, struct err *err)
{
    struct execution x = {
        .container = container,
        .options = *options,
        .cgroup = HOST_CGROUP_INIT,
        .gate_fd = -1,
        .init_gate_fd = -1,
        .stub_fd = -1,
        .notify_fd = -1,
        .proc_fd = -1,
        .pidfd = -1,
        .master_fd = -1,
        .exec_root_fd = -1,
    };
    int r;

    r = make(&x, err);
    reap(x.outside); /* it does nothing more after the birth than to end */
    if (r < 0)
        end(&x);
    else if (!options->detach)
        r = host_foreground_wait(foreground, x.pidfd, x.master_fd, ret_status, err);
    done(&x);
    return r;
}

/*
 * Who has no rights over the whole tree of cgroups may have to ask the manager to move the process: see
 * host_cgroup_enter().
 */
static int need_manager(const struct existing *container, struct err *err)
{
    const struct host_state_cgroup *cgroup = container->state->cgroup;

    if (!cgroup || cgroup->manager == HOST_MANAGER_CGROUPFS)
        return 0;
    return geteuid() != 0 || engine_in_user_namespace() ? existing_need_manager(container, err) : 0;
}

int ocirt_exec(struct ocirt *ocirt, const char *id, const struct ocirt_exec_options *options, int *ret_status,
               struct ocirt_error **ret_error)
{
    struct ocirt_exec_options given = { .size = sizeof given };
    struct err err = engine_err(ocirt);
    struct host_foreground foreground = { .signal_fd = -1 };
    struct existing e = EXISTING_INIT;
    int status = 0, r;

    r = engine_options(&given, sizeof given, options, "ocirt_exec_options", &err);
    if (r >= 0)
        r = existing_open(ocirt, id, EXISTING_READ, &e, &err);
    if (r >= 0)
        r = need_manager(&e, &err);
    if (r >= 0 && !given.detach)
        r = host_foreground_open(&foreground, given.leave_signals, &err);
    if (r >= 0)
        r = execute(&e, &given, &foreground, &status, &err);
    if (!given.detach)
        host_foreground_close(&foreground);
    if (r < 0)
        err_prefix(&err, "exec in %s", id);
    else
        *ret_status = status;
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}
