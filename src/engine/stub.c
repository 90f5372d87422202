/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub.c - the seccomp program and the stub's image of a creation.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/birth.h"
#include "engine/creation.h"
#include "engine/notify_state.h"
#include "host/stub_image.h"

static int build_seccomp(struct creation *c, struct err *err)
{
    autoclose int cache_fd = -EBADF;

    if (!c->plan->seccomp || !c->plan->process)
        return 0;
    cache_fd = host_seccomp_cache_open(c->root_fd);
    return host_seccomp_build(c->plan->seccomp, cache_fd, &c->seccomp, err);
}

static int make_notify_state(struct creation *c, struct err *err)
{
    const struct plan_seccomp *seccomp = c->plan->seccomp;

    if (!seccomp || !seccomp->notify)
        return 0;
    /* The state is "created": the program is about to be executed. */
    return notify_state_make(&c->state, OCI_STATUS_CREATED, seccomp->from->listener_metadata, c->notify_state,
                             err);
}

static int open_output(const char *path, int *ret_fd, struct err *err)
{
    if (!path)
        return 0;
    *ret_fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0600);
    return *ret_fd < 0 ? err_set(err, ERR_HOOK, *ret_fd, "open %s for the output of hooks", path) : 0;
}

static int open_hook_outputs(struct creation *c, struct err *err)
{
    int r;

    if (!c->plan->hooks[PLAN_START_CONTAINER].n)
        return 0;
    r = open_output(c->plan->hooks_stdout, &c->hook_stdout_fd, err);
    return r < 0 ? r : open_output(c->plan->hooks_stderr, &c->hook_stderr_fd, err);
}

/*
 * Labels are written by the stub itself: the descriptor of an attribute belongs to the memory map that opened
 * it.
 */
static bool needs_procfs(const struct plan_process *process)
{
    return process->apparmor || process->selinux;
}

static int place_fds(struct creation *c, int *start_fd, bool procfs, struct err *err)
{
    int *const fds[] = {
        start_fd,      procfs ? &c->proc_fd : NULL, c->birth && !c->run ? &c->init_gate_fd : NULL,
        &c->notify_fd, &c->hook_stdout_fd,          &c->hook_stderr_fd,
    };

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        int r = fds[i] && *fds[i] >= 0 ? host_stub_move_fd(fds[i], c->plan->options.preserve_fds) : 0;

        if (r < 0)
            return err_set(err, ERR_IO, r, "place a descriptor above the preserved ones");
        c->init.inherit_fds[i] = fds[i] ? *fds[i] : -1;
    }
    return 0;
}

int creation_prepare_stub(struct creation *c, struct err *err)
{
    int r = build_seccomp(c, err);

    if (r >= 0)
        r = make_notify_state(c, err);
    return r < 0 ? r : open_hook_outputs(c, err);
}

int creation_build_stub(struct creation *c, struct err *err)
{
    const struct plan *plan = c->plan;
    int *start_fd = c->run ? &c->init_gate_fd : &c->listener_fd;
    bool procfs;
    int r;

    for (size_t i = 0; i < sizeof c->init.inherit_fds / sizeof *c->init.inherit_fds; i++)
        c->init.inherit_fds[i] = -1;
    if (!plan->process)
        return 0;
    procfs = needs_procfs(plan->process);
    r = place_fds(c, start_fd, procfs, err);
    if (r < 0)
        return r;

    /* "This setting is not applicable to the container's init process" (config.md "execCPUAffinity"). */
    struct plan_process process = *plan->process;

    process.final_affinity = NULL;
    process.has_scheduler = process.has_scheduler && !(c->birth && engine_birth_scheduler(&process));

    const struct host_stub_request request = {
        .process = &process,
        .start = !c->run    ? STUB_ACCEPT
                 : c->birth ? STUB_NOW
                            : STUB_WAIT,
        .start_fd = *start_fd,
        .preserve_fds = plan->options.preserve_fds,
        .gate_fd = c->birth && !c->run ? c->init_gate_fd : -1,
        .proc_fd = procfs ? c->proc_fd : -1,
        .notify_fd = c->notify_fd,
        .seccomp = c->seccomp.program ? &c->seccomp : NULL,
        .notify_state = { c->notify_state[0].v, c->notify_state[1].v, c->notify_state[2].v },
        .hooks = &plan->hooks[PLAN_START_CONTAINER],
        .hook_state = { c->created.before, c->created.after },
        .hook_stdout_fd = c->hook_stdout_fd,
        .hook_stderr_fd = c->hook_stderr_fd,
        .user_namespace = ((plan->namespaces.fresh | plan->namespaces.joined) & CLONE_NEWUSER) != 0,
        .setgroups_denied = plan->facts.rootless && plan->ids.n_gid <= 1,
        .has_personality = plan->has_personality,
        .personality = plan->personality,
        .birth = c->birth,
    };
    return host_stub_image_create(&request, &c->stub_fd, err);
}
