/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * print.c - the plan as text, a line a step, in the order in which things happen.
 *
 * What is as it is by default is left out, all else is there.  Strings with
 * spaces or other surprises in them are quoted as in JSON.
 */
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <limits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/text.h"
#include "plan/cgroup.h"
#include "plan/compile.h"
#include "plan/namespaces.h"
#include "plan/rlimits.h"

/* ---- words --------------------------------------------------------------------------------------------- */

static void line(struct text *out, const char *word)
{
    text_add(out, "%-8s", word);
}

static bool is_simple(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (*s <= ' ' || *s == '"' || *s == '\\' || *s == 0x7f)
            return false;
    return true;
}

static void word(struct text *out, const char *s)
{
    struct json_text quoted = { 0 };

    if (is_simple(s)) {
        text_add(out, " %s", s);
        return;
    }
    json_text_put_string(&quoted, s, strlen(s));
    if (quoted.failed)
        out->failed = true;
    else
        text_add(out, " %s", quoted.v);
    json_text_free(&quoted);
}

static void named(struct text *out, const char *name, const char *value)
{
    if (!value)
        return;
    text_add(out, " %s:", name);
    word(out, value);
}

static void one_line(struct text *out, const char *name, const char *value)
{
    if (!value)
        return;
    line(out, name);
    word(out, value);
    text_add(out, "\n");
}

struct bit {
    uint64_t bit;
    const char *word;
};

static void bits(struct text *out, const char *prefix, uint64_t value, const struct bit *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((value & table[i].bit) == table[i].bit) {
            text_add(out, " %s%s", prefix, table[i].word);
            value &= ~table[i].bit;
        }
    if (value)
        text_add(out, " %s0x%" PRIx64, prefix, value);
}

#define BITS(out, prefix, value, table) bits(out, prefix, value, table, sizeof(table) / sizeof *(table))

/* ---- namespaces and ids -------------------------------------------------------------------------------- */

static void print_namespaces(const struct plan *plan, struct text *out)
{
    const struct plan_namespaces *ns = &plan->namespaces;

    if (ns->fresh) {
        line(out, "new");
        for (unsigned bit = 0; bit < 63; bit++)
            if (ns->fresh & UINT64_C(1) << bit)
                text_add(out, " %s", plan_namespace_name(UINT64_C(1) << bit));
        text_add(out, "\n");
    }
    for (size_t i = 0; i < ns->n_join; i++) {
        line(out, "join");
        text_add(out, " %s", plan_namespace_name(ns->join[i].flag));
        word(out, ns->join[i].path);
        text_add(out, "\n");
    }
    one_line(out, "clocks", ns->time_offsets);
    if (plan->loopback_up)
        text_add(out, "loopback up\n");
}

static void print_ranges(struct text *out, const char *name, const struct plan_id_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        line(out, name);
        text_add(out, " %u %u %u\n", ranges[i].inside, ranges[i].outside, ranges[i].size);
    }
}

/* ---- mounts -------------------------------------------------------------------------------------------- */

static const struct bit propagation_bits[] = {
    { MS_SHARED, "shared" },
    { MS_SLAVE, "slave" },
    { MS_PRIVATE, "private" },
    { MS_UNBINDABLE, "unbindable" },
};

static const struct bit set_bits[] = {
    { MOUNT_ATTR_RDONLY, "ro" },
    { MOUNT_ATTR_NOSUID, "nosuid" },
    { MOUNT_ATTR_NODEV, "nodev" },
    { MOUNT_ATTR_NOEXEC, "noexec" },
    { MOUNT_ATTR_NOATIME, "noatime" },
    { MOUNT_ATTR_STRICTATIME, "strictatime" },
    { MOUNT_ATTR_NODIRATIME, "nodiratime" },
    { MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
};

static const struct bit clear_bits[] = {
    { MOUNT_ATTR_RDONLY, "rw" },           { MOUNT_ATTR_NOSUID, "suid" },
    { MOUNT_ATTR_NODEV, "dev" },           { MOUNT_ATTR_NOEXEC, "exec" },
    { MOUNT_ATTR_NODIRATIME, "diratime" }, { MOUNT_ATTR_NOSYMFOLLOW, "symfollow" },
};

static const struct bit superblock_bits[] = {
    { MS_RDONLY, "ro" },          { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
    { MS_LAZYTIME, "lazytime" },  { MS_MANDLOCK, "mand" },    { MS_SILENT, "silent" },
    { MS_I_VERSION, "iversion" }, { MS_BIND, "bind" },
};

static void print_propagation(struct text *out, uint64_t propagation, bool recursive)
{
    BITS(out, recursive ? "r" : "", propagation, propagation_bits);
}

/* An atime mode is a field: that it is cleared shows as the mode that is set, "relatime" if none is. */
static void print_attributes(struct text *out, const char *prefix, uint64_t set, uint64_t clear)
{
    BITS(out, prefix, set, set_bits);
    if (clear & MOUNT_ATTR__ATIME && !(set & MOUNT_ATTR__ATIME))
        text_add(out, " %srelatime", prefix);
    BITS(out, prefix, clear & ~(uint64_t) MOUNT_ATTR__ATIME, clear_bits);
}

static void print_id_map(struct text *out, const struct plan_mount *m)
{
    const struct plan_id_map *map = m->id_map;

    if (!map)
        return;
    text_add(out, m->id_map_recursive ? " ridmap:" : " idmap:");
    for (size_t i = 0; i < map->n_uid; i++)
        text_add(out, " uid %u-%u-%u", map->uid[i].inside, map->uid[i].outside, map->uid[i].size);
    for (size_t i = 0; i < map->n_gid; i++)
        text_add(out, " gid %u-%u-%u", map->gid[i].inside, map->gid[i].outside, map->gid[i].size);
    if (!map->n_uid)
        text_add(out, " container");
}

static void print_mount_flags(struct text *out, const struct plan_mount *m)
{
    print_attributes(out, "", m->set, m->clear);
    print_attributes(out, "r", m->recursive_set, m->recursive_clear);
    BITS(out, "fs:", m->flags, superblock_bits);
    print_propagation(out, m->propagation, m->propagation_recursive);
    if (m->copy_up)
        text_add(out, " tmpcopyup");
    if (m->copy_symlink)
        text_add(out, " copy-symlink");
    if (m->source_nofollow)
        text_add(out, " src-nofollow");
    if (m->target_nofollow)
        text_add(out, " dest-nofollow");
    if (m->optional)
        text_add(out, " optional");
}

static void print_data(struct text *out, const struct plan_mount *m)
{
    if (m->kind == PLAN_MOUNT_CLASSIC) {
        named(out, "data", m->data);
        return;
    }
    for (size_t i = 0; i < m->n_parameters; i++) {
        const struct plan_parameter *p = &m->parameters[i];

        text_add(out, " +%s", p->key);
        if (p->value)
            text_add(out, "=%s", p->value);
    }
}

static void print_mount(struct text *out, const struct plan_mount *m)
{
    static const char *const kinds[] = {
        [PLAN_MOUNT_FS] = "mount",        [PLAN_MOUNT_CLASSIC] = "mount2", [PLAN_MOUNT_BIND] = "bind",
        [PLAN_MOUNT_REMOUNT] = "remount", [PLAN_MOUNT_CGROUP] = "cgbind",  [PLAN_MOUNT_SYMLINK] = "symlink",
    };
    bool has_type = m->kind == PLAN_MOUNT_FS || m->kind == PLAN_MOUNT_CLASSIC;

    line(out, m->kind == PLAN_MOUNT_BIND && m->recursive ? "rbind" : kinds[m->kind]);
    if (has_type)
        text_add(out, " %-7s", m->type);
    else if (m->source)
        word(out, m->source);
    word(out, m->target);
    print_mount_flags(out, m);
    print_id_map(out, m);
    print_data(out, m);
    if (has_type && m->source && strcmp(m->source, m->type))
        named(out, "source", m->source);
    named(out, "label", m->file_label);
    text_add(out, "\n");
}

static void print_root(const struct plan *plan, struct text *out)
{
    static const char *const ways[] = {
        [PLAN_ROOT_PIVOT] = "",
        [PLAN_ROOT_MOVE] = " move",
        [PLAN_ROOT_CHROOT] = " chroot",
    };

    line(out, "root");
    word(out, plan->root.path);
    text_add(out, "%s%s%s", plan->root.overlay ? " overlay" : "", plan->root.readonly ? " readonly" : "",
             ways[plan->root.how]);
    print_propagation(out, plan->root.propagation, plan->root.propagation_recursive);
    text_add(out, "\n");
}

/* ---- what is in the root ------------------------------------------------------------------------------- */

static void print_device(struct text *out, const struct plan_device *d, bool bound)
{
    char type = S_ISBLK(d->mode) ? 'b' : S_ISFIFO(d->mode) ? 'p' : 'c';

    line(out, bound && type != 'p' ? "devbind" : "device");
    word(out, d->path);
    text_add(out, " %c", type);
    if (type != 'p')
        text_add(out, " %u:%u", d->major, d->minor);
    text_add(out, " %04o", (unsigned) (d->mode & 07777));
    if (d->uid || d->gid)
        text_add(out, " %u:%u", d->uid, d->gid);
    text_add(out, "%s\n", d->from ? " configured" : "");
}

static void print_furniture(const struct plan *plan, struct text *out)
{
    for (size_t i = 0; i < plan->n_devices; i++)
        print_device(out, &plan->devices[i], plan->bind_devices);
    for (size_t i = 0; i < plan->n_symlinks; i++) {
        const struct plan_symlink *link = &plan->symlinks[i];

        line(out, "link");
        text_add(out, " %s -> %s%s\n", link->path, link->text, link->replace ? " replace" : "");
    }
    for (size_t i = 0; i < plan->n_hidden; i++)
        one_line(out, plan->hidden[i].readonly ? "readonly" : "mask", plan->hidden[i].path);
}

static void print_kernel(const struct plan *plan, struct text *out)
{
    one_line(out, "hostname", plan->hostname);
    one_line(out, "domain", plan->domainname);
    for (size_t i = 0; i < plan->n_sysctls; i++) {
        line(out, "sysctl");
        word(out, plan->sysctls[i].path);
        word(out, plan->sysctls[i].value);
        text_add(out, "\n");
    }
    for (size_t i = 0; i < plan->n_net_devices; i++) {
        line(out, "netdev");
        word(out, plan->net_devices[i].host_name);
        word(out, plan->net_devices[i].name);
        text_add(out, "\n");
    }
}

/* ---- the process --------------------------------------------------------------------------------------- */

static void print_strings(struct text *out, const char *name, char *const *strings)
{
    if (!strings || !*strings)
        return;
    line(out, name);
    for (; *strings; strings++)
        word(out, *strings);
    text_add(out, "\n");
}

static void print_user(const struct plan_process *p, struct text *out)
{
    line(out, "user");
    text_add(out, " %u:%u umask %04o", p->uid, p->gid, p->umask);
    for (size_t i = 0; i < p->n_groups; i++)
        text_add(out, "%s%u", i ? "," : " groups ", p->groups[i]);
    text_add(out, "%s\n", p->keep_groups ? " keep-groups" : "");
}

static void print_capability(struct text *out, int number)
{
    char *name = cap_to_name(number);

    text_add(out, " %s", !name ? "?" : !strncmp(name, "cap_", 4) ? name + 4 : name);
    cap_free(name);
}

static void print_capabilities(const struct plan_process *p, struct text *out)
{
    static const char *const names[STUB_CAPABILITY_SETS] = {
        [STUB_BOUNDING] = "bounding",       [STUB_EFFECTIVE] = "effective", [STUB_PERMITTED] = "permitted",
        [STUB_INHERITABLE] = "inheritable", [STUB_AMBIENT] = "ambient",
    };

    for (size_t set = 0; set < STUB_CAPABILITY_SETS; set++) {
        if (!p->capabilities[set])
            continue;
        line(out, "caps");
        text_add(out, " %s", names[set]);
        for (int i = 0; i < 64; i++)
            if (p->capabilities[set] & UINT64_C(1) << i)
                print_capability(out, i);
        text_add(out, "\n");
    }
    if (!p->has_capabilities)
        text_add(out, "caps     unset\n");
}

static void print_limit(struct text *out, uint64_t limit)
{
    if (limit == UINT64_MAX)
        text_add(out, " infinity");
    else
        text_add(out, " %" PRIu64, limit);
}

static void print_rlimits(const struct plan_process *p, struct text *out)
{
    for (size_t i = 0; i < p->n_rlimits; i++) {
        line(out, "rlimit");
        text_add(out, " %s", plan_rlimit_name(p->rlimits[i].resource));
        print_limit(out, p->rlimits[i].soft);
        print_limit(out, p->rlimits[i].hard);
        text_add(out, "\n");
    }
}

static void print_scheduler(const struct plan_process *p, struct text *out)
{
    const struct stub_scheduler *s = &p->scheduler;

    if (p->has_scheduler) {
        line(out, "sched");
        text_add(out, " policy %u flags 0x%" PRIx64 " nice %d priority %u", s->policy, s->flags, s->nice,
                 s->priority);
        if (s->runtime || s->deadline || s->period)
            text_add(out, " runtime %" PRIu64 " deadline %" PRIu64 " period %" PRIu64, s->runtime,
                     s->deadline, s->period);
        text_add(out, " clamp %u-%u\n", s->util_min, s->util_max);
    }
    if (p->has_io_priority)
        text_add(out, "ioprio   class %d level %d\n", p->io_priority >> 13, p->io_priority & 7);
}

static void print_mask(struct text *out, const char *name, const unsigned long *mask, size_t words)
{
    const size_t bits_of_word = sizeof *mask * CHAR_BIT;

    if (!mask)
        return;
    text_add(out, " %s", name);
    for (size_t i = 0, first = 1; i < words * bits_of_word; i++)
        if (mask[i / bits_of_word] & 1UL << (i % bits_of_word)) {
            text_add(out, "%s%zu", first ? " " : ",", i);
            first = 0;
        }
}

static void print_affinity(const struct plan_process *p, struct text *out)
{
    if (!p->initial_affinity && !p->final_affinity)
        return;
    line(out, "affinity");
    print_mask(out, "initial", p->initial_affinity, p->affinity_words);
    print_mask(out, "final", p->final_affinity, p->affinity_words);
    text_add(out, "\n");
}

static void print_process(const struct plan_process *p, struct text *out)
{
    if (!p) {
        text_add(out, "process  none\n");
        return;
    }
    print_strings(out, "argv", p->argv);
    one_line(out, "cwd", p->cwd);
    print_strings(out, "env", p->envp);
    one_line(out, "path", p->search_path);
    if (!p->has_home)
        text_add(out, "home     of the user\n");
    print_user(p, out);
    if (p->terminal && p->has_size)
        text_add(out, "terminal %hux%hu\n", p->columns, p->rows);
    else if (p->terminal)
        text_add(out, "terminal\n");
    print_capabilities(p, out);
    if (p->no_new_privileges)
        text_add(out, "nonewprivs\n");
    one_line(out, "apparmor", p->apparmor);
    one_line(out, "selinux", p->selinux);
    print_rlimits(p, out);
    if (p->has_oom_score_adj)
        text_add(out, "oom      %d\n", p->oom_score_adj);
    print_scheduler(p, out);
    print_affinity(p, out);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static void print_hooks(const struct plan *plan, struct text *out)
{
    for (size_t kind = 0; kind < PLAN_HOOK_KINDS; kind++)
        for (size_t i = 0; i < plan->hooks[kind].n; i++) {
            const struct plan_hook *hook = &plan->hooks[kind].v[i];

            line(out, "hook");
            text_add(out, " %s", plan_hook_names[kind]);
            word(out, hook->path);
            for (char **s = hook->argv; *s; s++)
                word(out, *s);
            if (*hook->envp)
                text_add(out, " env:");
            for (char **s = hook->envp; *s; s++)
                word(out, *s);
            if (hook->timeout)
                text_add(out, " timeout %u", hook->timeout);
            text_add(out, "\n");
        }
    one_line(out, "hookout", plan->hooks_stdout);
    one_line(out, "hookerr", plan->hooks_stderr);
}

static void print_action(struct text *out, uint32_t action)
{
    static const struct {
        uint32_t action;
        const char *word;
    } words[] = {
        { SECCOMP_RET_KILL_PROCESS, "kill-process" },
        { SECCOMP_RET_KILL_THREAD, "kill-thread" },
        { SECCOMP_RET_TRAP, "trap" },
        { SECCOMP_RET_ERRNO, "errno" },
        { SECCOMP_RET_USER_NOTIF, "notify" },
        { SECCOMP_RET_TRACE, "trace" },
        { SECCOMP_RET_LOG, "log" },
        { SECCOMP_RET_ALLOW, "allow" },
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].action == (action & SECCOMP_RET_ACTION_FULL))
            text_add(out, " %s", words[i].word);
    if (action & SECCOMP_RET_DATA)
        text_add(out, " %u", action & SECCOMP_RET_DATA);
}

static void print_seccomp(const struct plan_seccomp *s, struct text *out)
{
    if (!s)
        return;
    line(out, "seccomp");
    if (s->from) {
        text_add(out, " default");
        print_action(out, s->default_action);
        text_add(out, " rules %zu", s->from->syscalls.n);
    }
    if (s->raw_bpf)
        text_add(out, " raw %zu bytes", s->raw_size);
    if (s->flags)
        text_add(out, " flags 0x%x", s->flags);
    if (s->notify)
        text_add(out, " notify");
    if (s->fail_unknown)
        text_add(out, " fail-unknown");
    named(out, "listener", s->listener_path);
    named(out, "metadata", s->listener_metadata);
    text_add(out, "\n");
}

static void print_rdt(const struct oci_intel_rdt *rdt, struct text *out)
{
    if (!rdt)
        return;
    line(out, "rdt");
    named(out, "class", rdt->clos_id);
    named(out, "l3", rdt->l3_cache_schema);
    named(out, "mb", rdt->mem_bw_schema);
    for (size_t i = 0; i < rdt->schemata.n; i++)
        word(out, rdt->schemata.v[i]);
    text_add(out, "%s\n", rdt->enable_monitoring ? " monitor" : "");
}

static void print_memory_policy(const struct plan_memory_policy *policy, struct text *out)
{
    static const char *const modes[] = {
        "default", "preferred", "bind", "interleave", "local", "preferred-many", "weighted-interleave"
    };

    if (!policy)
        return;
    line(out, "numa");
    text_add(out, " %s", modes[policy->mode & 7]);
    if (policy->mode & ~7U)
        text_add(out, " flags 0x%x", policy->mode & ~7U);
    print_mask(out, "nodes", policy->nodes, policy->n_words);
    text_add(out, "\n");
}

static void print_options(const struct plan *plan, struct text *out)
{
    if (plan->options.preserve_fds)
        text_add(out, "keepfds  %u\n", plan->options.preserve_fds);
    if (plan->options.no_new_keyring)
        text_add(out, "keyring  of the caller\n");
    one_line(out, "criu", plan->criu_config);
    one_line(out, "pidfd", plan->pidfd_receiver);
    if (plan->mount_label)
        one_line(out, "label", plan->mount_label);
    if (plan->mount_context_type && strcmp(plan->mount_context_type, "context"))
        one_line(out, "context", plan->mount_context_type);
}

int plan_print(const struct plan *plan, struct text *out)
{
    print_namespaces(plan, out);
    print_ranges(out, "uid", plan->ids.uid, plan->ids.n_uid);
    print_ranges(out, "gid", plan->ids.gid, plan->ids.n_gid);
    plan_cgroup_print(plan, out);
    print_rdt(plan->intel_rdt, out);
    print_root(plan, out);
    for (size_t i = 0; i < plan->n_mounts; i++)
        print_mount(out, &plan->mounts[i]);
    print_furniture(plan, out);
    print_kernel(plan, out);
    print_process(plan->process, out);
    print_memory_policy(plan->memory_policy, out);
    if (plan->has_personality)
        text_add(out, "persona  %u\n", plan->personality);
    print_seccomp(plan->seccomp, out);
    print_hooks(plan, out);
    print_options(plan, out);
    return text_result(out);
}
