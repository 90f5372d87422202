/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill.c - a signal to the container's process, or to all of its processes.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/sys.h"
#include "base/text.h"
#include "engine/existing.h"
#include "host/words.h"
#include "libocispec/oci_spec.h"

/* Names by number are the kernel's (signal(7)); libc's sigabbrev_np() is glibc's alone. */
static const struct {
    const char *name;
    int number;
} signals[] = {
    { "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
    { "TRAP", SIGTRAP },     { "ABRT", SIGABRT }, { "IOT", SIGABRT },      { "BUS", SIGBUS },
    { "FPE", SIGFPE },       { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
    { "USR2", SIGUSR2 },     { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
    { "CHLD", SIGCHLD },     { "CLD", SIGCHLD },  { "CONT", SIGCONT },     { "STOP", SIGSTOP },
    { "TSTP", SIGTSTP },     { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
    { "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
    { "WINCH", SIGWINCH },   { "IO", SIGIO },     { "POLL", SIGIO },       { "PWR", SIGPWR },
    { "SYS", SIGSYS },
#ifdef SIGSTKFLT
    { "STKFLT", SIGSTKFLT },
#endif
};

/*
 * As glibc counts them whatever libc this is (musl keeps one more for itself): RTMIN+3 asks systemd in a
 * container to shut down, and has to be the same number with each build.
 */
enum { RTMIN = 34, RTMAX = 64 };

static int real_time(const char *name)
{
    uint32_t n = 0;

    if (!strncasecmp(name, "RTMIN", 5)) {
        if (name[5] == '\0')
            return RTMIN;
        if (name[5] == '+' && text_parse_u32(name + 6, (uint32_t) (RTMAX - RTMIN), &n) == 0)
            return RTMIN + (int) n;
    } else if (!strncasecmp(name, "RTMAX", 5)) {
        if (name[5] == '\0')
            return RTMAX;
        if (name[5] == '-' && text_parse_u32(name + 6, (uint32_t) (RTMAX - RTMIN), &n) == 0)
            return RTMAX - (int) n;
    }
    return -EINVAL;
}

int ocirt_signal_of(const char *name)
{
    uint32_t number;

    if (isdigit((unsigned char) name[0]))
        return text_parse_u32(name, 64, &number) < 0 ? -EINVAL : (int) number;
    if (!strncasecmp(name, "SIG", 3))
        name += 3;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!strcasecmp(name, signals[i].name))
            return signals[i].number;
    return real_time(name);
}

/* Without a pid namespace of its own, the end of the first process ends none of the others. */
static bool shares_pids(struct existing *e)
{
    struct bundle bundle = { 0 };
    struct err ignored = { 0 };
    bool shares = true;

    if (e->state->config)
        return !e->state->config->own_pids;
    if (existing_config(e, &bundle, NULL, &ignored) < 0) {
        err_done(&ignored);
        shares = false;
    }
    for (size_t i = 0; shares && bundle.spec.linux && i < bundle.spec.linux->namespaces.n; i++)
        if (bundle.spec.linux->namespaces.v[i]->type == OCI_NAMESPACE_PID &&
            !bundle.spec.linux->namespaces.v[i]->path)
            shares = false;
    bundle_done(&bundle);
    return shares;
}

static int kill_all(struct existing *e, int signal, struct err *err)
{
    int r = existing_cgroup(e, err);

    if (r < 0)
        return r;
    if (!e->cgroup_open || !host_cgroup_exists(&e->cgroup))
        return e->pidfd >= 0 ? sys_pidfd_send_signal(e->pidfd, signal) : 0;
    return host_cgroup_kill(&e->cgroup, signal, err);
}

/* A frozen process of v1 dies of SIGKILL only when it is thawed. */
static int thaw(struct existing *e, struct err *err)
{
    int r = existing_look(e, err);

    if (r >= 0 && e->status == OCI_STATUS_PAUSED && e->cgroup.layout != PLAN_CGROUP_V2)
        r = host_cgroup_freeze(&e->cgroup, false, err);
    return r;
}

static int send(struct existing *e, int signal, bool all, struct err *err)
{
    int r;

    if (all)
        return kill_all(e, signal, err);
    if (e->status != OCI_STATUS_CREATED && e->status != OCI_STATUS_RUNNING)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING), -ESRCH;
    if (signal == SIGKILL && shares_pids(e))
        return kill_all(e, signal, err);
    r = sys_pidfd_send_signal(e->pidfd, signal);
    if (r == -ESRCH)
        return err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING), -ESRCH;
    if (r < 0)
        return err_set(err, ERR_PROCESS, r, "send signal %d to process %d", signal, e->state->pid);
    return signal == SIGKILL ? thaw(e, err) : 0;
}

int ocirt_kill(struct ocirt *ocirt, const char *id, int signal, bool all, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    int r = existing_open(ocirt, id, EXISTING_READ, &e, &err);

    if (r >= 0)
        r = send(&e, signal, all, &err);
    if (r < 0)
        err_prefix(&err, "kill %s", id);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}
