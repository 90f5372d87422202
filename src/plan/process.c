/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.c - the program, its environment and its user (config.md "Process").
 */
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/annotations.h"
#include "plan/compile.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* What one call of plan_process_compile() works with. */
struct job {
    const struct oci_spec *spec;
    const struct oci_process *from;
    const struct plan_options *options;
    const struct plan_facts *facts;
    struct arena *arena;
    struct plan_process *p;
};

/* ---- program and environment --------------------------------------------------------------------------- */

static int compile_program(const struct job *job, struct err *err)
{
    const struct oci_process *from = job->from;

    if (from->args.n == 0)
        return ERR_AT(err, from, args, ERR_CONFIG_MISSING, 0, "there is no program to execute");
    job->p->argv = plan_strings_copy(job->arena, &from->args, 0);
    return job->p->argv ? 0 : err_nomem(err);
}

static int compile_cwd(const struct job *job, struct err *err)
{
    if (*job->from->cwd != '/')
        return ERR_AT(err, job->from, cwd, ERR_CWD, 0, "\"%s\" is not an absolute path", job->from->cwd);
    job->p->cwd = job->from->cwd;
    return 0;
}

static const char *value_of(const char *entry, const char *name)
{
    size_t n = strlen(name);

    return !strncmp(entry, name, n) && entry[n] == '=' ? entry + n + 1 : NULL;
}

bool plan_has_notify_socket(const struct plan_options *options)
{
    const char *address = options->notify_socket;

    return address && (*address == '/' || *address == '@') && address[1];
}

/* What tells of the caller's sockets replaces what the image has left there. */
static bool is_replaced(const struct plan_options *options, const char *entry)
{
    if (options->listen_fds && (value_of(entry, "LISTEN_FDS") || value_of(entry, "LISTEN_PID")))
        return true;
    return plan_has_notify_socket(options) && value_of(entry, "NOTIFY_SOCKET");
}

static int add_socket_variables(const struct job *job, struct err *err)
{
    char **end = job->p->envp + job->p->n_env;

    if (job->options->listen_fds) {
        *end = arena_printf(job->arena, "LISTEN_FDS=%u", job->options->listen_fds);
        if (!*end++)
            return err_nomem(err);
        *end++ = (char *) "LISTEN_PID=1"; /* as it is in its own pid namespace: sd_listen_fds(3) */
    }
    if (plan_has_notify_socket(job->options))
        *end++ = (char *) "NOTIFY_SOCKET=" PLAN_NOTIFY_SOCKET;
    job->p->n_env = (size_t) (end - job->p->envp);
    return 0;
}

static int compile_environment(const struct job *job, struct err *err)
{
    const struct json_strings *env = &job->from->env;
    struct plan_process *p = job->p;
    int failed = 0;

    if (!plan_go_on(err, plan_env_check(&job->from->node, offsetof(struct oci_process, env), env, err),
                    &failed))
        return failed;
    p->search_path = default_path;
    p->envp = arena_array(job->arena, env->n + 5, sizeof *p->envp); /* HOME, the three above, NULL */
    if (!p->envp)
        return err_nomem(err);
    for (size_t i = env->n; i-- > 0;) { /* backwards: of a name given twice, getenv(3) finds the first */
        const char *path = value_of(env->v[i], "PATH");

        p->search_path = path ? path : p->search_path;
        p->has_home |= value_of(env->v[i], "HOME") != NULL;
    }
    for (size_t i = 0; i < env->n; i++)
        if (!is_replaced(job->options, env->v[i]))
            p->envp[p->n_env++] = env->v[i];
    return failed < 0 ? failed : add_socket_variables(job, err);
}

/* ---- user ---------------------------------------------------------------------------------------------- */

static int unknown_id(const struct job *job, const struct oci_user *user, size_t member, size_t index,
                      const char *what, uint32_t id, struct err *err)
{
    const char *why =
        id == UINT32_MAX ? "stands for no id at all" : "is not mapped in the container's user namespace";
    int r;

    if (!job->from->user)
        r = ERR_AT(err, job->from, user, ERR_USER, 0, "missing, and %s %u %s", what, id, why);
    else if (index == ERR_NO_MEMBER)
        r = err_at(err, &user->node, member, ERR_USER, 0, "%s %u %s", what, id, why);
    else
        r = err_at_index(err, &user->node, member, index, ERR_USER, 0, "%s %u %s", what, id, why);
    if (id != UINT32_MAX)
        err_hint(err, "a range of %s must contain it",
                 *what == 'u' ? "linux.uidMappings" : "linux.gidMappings");
    if (job->facts->rootless && plan_linux(job->spec)->uid_mappings.n == 0)
        err_hint(err, "without linux.uidMappings and linux.gidMappings only id 0 is mapped, to you");
    return r;
}

static int check_ids(const struct job *job, const struct oci_user *user, struct err *err)
{
    int failed = 0;

    if (!plan_uid_is_known(job->spec, job->facts, user->uid) &&
        !plan_go_on(
            err, unknown_id(job, user, offsetof(struct oci_user, uid), ERR_NO_MEMBER, "user", user->uid, err),
            &failed))
        return failed;
    if (!plan_gid_is_known(job->spec, job->facts, user->gid) &&
        !plan_go_on(
            err,
            unknown_id(job, user, offsetof(struct oci_user, gid), ERR_NO_MEMBER, "group", user->gid, err),
            &failed))
        return failed;
    for (size_t i = 0; i < user->additional_gids.n; i++) {
        uint32_t gid = user->additional_gids.v[i];

        if (!plan_gid_is_known(job->spec, job->facts, gid) &&
            !plan_go_on(
                err, unknown_id(job, user, offsetof(struct oci_user, additional_gids), i, "group", gid, err),
                &failed))
            return failed;
    }
    return failed;
}

static int compile_umask(const struct job *job, const struct oci_user *user, struct err *err)
{
    job->p->umask = 0022; /* the specification leaves it to us; what every container has had so far */
    if (!json_has(user, umask))
        return 0;
    if (user->umask > 0777)
        return ERR_AT(err, user, umask, ERR_CONFIG_VALUE, 0, "%u (0%o) is more than 511 (0777)", user->umask,
                      user->umask);
    job->p->umask = user->umask;
    return 0;
}

static int compile_groups(const struct job *job, const struct oci_user *user, struct err *err)
{
    struct plan_process *p = job->p;

    p->keep_groups = plan_annotation_is_on(job->spec, PLAN_ANNOTATION_KEEP_GROUPS);
    if (p->keep_groups && user->additional_gids.n)
        err_warn_at(err, &user->node, offsetof(struct oci_user, additional_gids),
                    "has no effect, the annotation %s keeps the groups", PLAN_ANNOTATION_KEEP_GROUPS);
    if (user->additional_gids.n > NGROUPS_MAX)
        return ERR_AT(err, user, additional_gids, ERR_USER, 0, "%zu groups; the kernel allows %d",
                      user->additional_gids.n, NGROUPS_MAX);
    if (p->keep_groups)
        return 0;
    p->groups = user->additional_gids.v;
    p->n_groups = user->additional_gids.n;
    return 0;
}

static int compile_user(const struct job *job, struct err *err)
{
    static const struct oci_user root;
    const struct oci_user *user = job->from->user ? job->from->user : &root;
    int failed = 0;

    job->p->uid = user->uid;
    job->p->gid = user->gid;
    if (!plan_go_on(err, check_ids(job, user, err), &failed) ||
        !plan_go_on(err, compile_umask(job, user, err), &failed))
        return failed;
    (void) plan_go_on(err, compile_groups(job, user, err), &failed);
    return failed;
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static int compile_terminal(const struct job *job, struct err *err)
{
    const struct oci_box *size = job->from->console_size;

    job->p->terminal = job->from->terminal;
    if (!job->from->terminal || !size)
        return 0; /* "MUST be ignored" without a terminal */
    if (size->height > UINT16_MAX)
        return ERR_AT(err, size, height, ERR_TERMINAL, 0, "%u is more than %d", size->height, UINT16_MAX);
    if (size->width > UINT16_MAX)
        return ERR_AT(err, size, width, ERR_TERMINAL, 0, "%u is more than %d", size->width, UINT16_MAX);
    job->p->has_size = true;
    job->p->rows = (unsigned short) size->height;
    job->p->columns = (unsigned short) size->width;
    return 0;
}

static int compile_oom_score(const struct job *job, struct err *err)
{
    int score = job->from->oom_score_adj;

    if (!json_has(job->from, oom_score_adj))
        return 0;
    if (score < -1000 || score > 1000)
        return ERR_AT(err, job->from, oom_score_adj, ERR_CONFIG_VALUE, 0,
                      "%d is out of range, which is -1000 to 1000", score);
    job->p->has_oom_score_adj = true;
    job->p->oom_score_adj = score;
    return 0;
}

static int compile_labels(const struct job *job, struct err *err)
{
    const struct oci_process *from = job->from;

    (void) err;
    job->p->apparmor = from->apparmor_profile && *from->apparmor_profile ? from->apparmor_profile : NULL;
    job->p->selinux = from->selinux_label && *from->selinux_label ? from->selinux_label : NULL;
    job->p->no_new_privileges = from->no_new_privileges;
    return 0;
}

static int compile_capabilities(const struct job *job, struct err *err)
{
    return plan_capabilities_compile(job->from, job->facts, job->p, err);
}

static int compile_rlimits(const struct job *job, struct err *err)
{
    return plan_rlimits_compile(job->from, job->arena, job->p, err);
}

static int compile_scheduler(const struct job *job, struct err *err)
{
    return plan_scheduler_compile(job->from, job->p, err);
}

static int compile_io_priority(const struct job *job, struct err *err)
{
    return plan_io_priority_compile(job->from, job->p, err);
}

static int compile_affinity(const struct job *job, struct err *err)
{
    return plan_affinity_compile(job->from, job->arena, job->p, err);
}

static int (*const parts[])(const struct job *job, struct err *err) = {
    compile_program,   compile_cwd,       compile_environment,  compile_user,
    compile_terminal,  compile_labels,    compile_capabilities, compile_rlimits,
    compile_oom_score, compile_scheduler, compile_io_priority,  compile_affinity,
};

int plan_process_compile(const struct oci_spec *spec, const struct oci_process *process,
                         const struct plan_options *options, const struct plan_facts *facts,
                         struct arena *arena, struct plan_process **ret_process, struct err *err)
{
    struct plan_process *p = arena_alloc(arena, sizeof *p);
    struct job job = { spec, process, options, facts, arena, p };
    int failed = 0;

    if (!p)
        return err_nomem(err);
    p->from = process;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!plan_go_on(err, parts[i](&job, err), &failed))
            return failed;
    if (failed == 0)
        *ret_process = p;
    return failed;
}

/*
 * The specification allows a container without a process: it can be created, and `start` says what is
 * missing.
 */
int plan_process_step(struct plan *plan, struct err *err)
{
    if (!plan->spec->process)
        return 0;
    return plan_process_compile(plan->spec, plan->spec->process, &plan->options, &plan->facts, &plan->arena,
                                &plan->process, err);
}
