/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysctl.c - kernel parameters of the container's namespaces (config-linux.md "Sysctl").
 *
 * A parameter that no namespace holds, or one that the container shares with
 * the host, would be the host's: it is refused.
 */
#include <sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/compile.h"

static const struct {
    const char *path; /* below /proc/sys; a prefix if it ends with "/" */
    uint64_t flag;
    const char *type;
} table[] = {
    { "net/", CLONE_NEWNET, "network" },
    { "fs/mqueue/", CLONE_NEWIPC, "ipc" },
    { "kernel/auto_msgmni", CLONE_NEWIPC, "ipc" },
    { "kernel/msg_next_id", CLONE_NEWIPC, "ipc" },
    { "kernel/msgmax", CLONE_NEWIPC, "ipc" },
    { "kernel/msgmnb", CLONE_NEWIPC, "ipc" },
    { "kernel/msgmni", CLONE_NEWIPC, "ipc" },
    { "kernel/sem", CLONE_NEWIPC, "ipc" },
    { "kernel/sem_next_id", CLONE_NEWIPC, "ipc" },
    { "kernel/shm_next_id", CLONE_NEWIPC, "ipc" },
    { "kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc" },
    { "kernel/shmall", CLONE_NEWIPC, "ipc" },
    { "kernel/shmmax", CLONE_NEWIPC, "ipc" },
    { "kernel/shmmni", CLONE_NEWIPC, "ipc" },
    { "kernel/hostname", CLONE_NEWUTS, "uts" },
    { "kernel/domainname", CLONE_NEWUTS, "uts" },
    { "user/", CLONE_NEWUSER, "user" },
};

/*
 * As sysctl(8): the first separator decides.  "net.ipv4.conf.eth0/1.forwarding" has dots as separators and
 * "/" for a dot; "net/ipv4/conf/eth0.1/forwarding" is a path.
 */
static char *path_of(struct arena *arena, const char *name)
{
    char *path = arena_strdup(arena, name);
    size_t first = strcspn(name, "./");

    if (path && name[first] == '.')
        for (char *s = path; *s; s++)
            *s = (char) (*s == '.' ? '/' : *s == '/' ? '.' : *s);
    return path;
}

/* No empty component, and none that leads elsewhere. */
static bool is_sound(const char *path)
{
    for (;; path++) {
        size_t n = strcspn(path, "/");

        if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += n;
        if (!*path)
            return true;
    }
}

static bool matches(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);

    return pattern[n - 1] == '/' ? !strncmp(path, pattern, n) : !strcmp(path, pattern);
}

static int bad(const struct plan *plan, size_t index, enum err_code code, const char *name, const char *text,
               struct err *err)
{
    const struct oci_linux *linux = plan_linux(plan->spec);

    return err_at_index(err, &linux->node, offsetof(struct oci_linux, sysctl), index, code, 0, "\"%s\" %s",
                        name, text);
}

/* The property and the parameter would both set it. */
static int check_name_conflict(const struct plan *plan, size_t index, const char *name, const char *path,
                               struct err *err)
{
    int r = 0;

    if (!strcmp(path, "kernel/hostname") && plan->spec->hostname) {
        r = bad(plan, index, ERR_CONFIG_CONFLICT, name, "sets what the property hostname sets", err);
        err_hint(err, "use the property hostname alone");
    } else if (!strcmp(path, "kernel/domainname") && plan->spec->domainname) {
        r = bad(plan, index, ERR_CONFIG_CONFLICT, name, "sets what the property domainname sets", err);
        err_hint(err, "use the property domainname alone");
    }
    return r;
}

static int check_namespace(const struct plan *plan, size_t index, const char *name, const char *path,
                           struct err *err)
{
    int r;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!matches(table[i].path, path))
            continue;
        if (plan_has_namespace(plan, table[i].flag))
            return check_name_conflict(plan, index, name, path, err);
        r = bad(plan, index, ERR_SYSCTL, name, "would be changed for the host", err);
        err_hint(err, "it needs a namespace of its own: add { \"type\": \"%s\" } to linux.namespaces",
                 table[i].type);
        return r;
    }
    return bad(plan, index, ERR_SYSCTL, name, "belongs to no namespace: it would be changed for the host",
               err);
}

static int compile_one(struct plan *plan, const struct json_pair *pair, size_t index, struct err *err)
{
    const char *path = path_of(&plan->arena, pair->key);

    if (!path)
        return err_nomem(err);
    if (!is_sound(path))
        return bad(plan, index, ERR_SYSCTL, pair->key, "is no name of a kernel parameter", err);
    plan->sysctls[plan->n_sysctls++] =
        (struct plan_sysctl){ .name = pair->key, .path = path, .value = pair->value };
    return check_namespace(plan, index, pair->key, path, err);
}

int plan_sysctls_compile(struct plan *plan, struct err *err)
{
    const struct json_map *sysctl = &plan_linux(plan->spec)->sysctl;
    int failed = 0;

    plan->sysctls = arena_array(&plan->arena, sysctl->n, sizeof *plan->sysctls);
    if (!plan->sysctls)
        return err_nomem(err);
    for (size_t i = 0; i < sysctl->n; i++)
        if (!plan_go_on(err, compile_one(plan, &sysctl->v[i], i, err), &failed))
            break;
    return failed;
}
