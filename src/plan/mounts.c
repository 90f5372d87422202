/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.c - what the entries of `mounts` mean (config.md "Mounts").
 *
 * For a bind mount the words are attributes of the mount. For a new filesystem so are nosuid, nodev, noexec,
 * ro, nosymfollow and the atime family; sync, dirsync, lazytime and mand are of the filesystem; the rest is
 * its own.
 */
#include "plan/mount_options.h"

#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"
#include "plan/annotations.h"
#include "plan/compile.h"
#include "plan/mount_ids.h"
#include "plan/mount_words.h"

/*
 * Filesystems whose options all have a form for fsconfig(2).  Others may parse the text of mount(2) in ways
 * of their own (overlay's escapes, fuse's fd), and have mount(2).  Those with `label` know "context=" of
 * SELinux.
 */
static const struct {
    const char *type;
    bool label;
} known_filesystems[] = {
    { "proc", false },     { "sysfs", false },      { "tmpfs", true },       { "devpts", true },
    { "mqueue", false },   { "cgroup2", false },    { "cgroup", false },     { "ramfs", true },
    { "hugetlbfs", true }, { "bpf", false },        { "securityfs", false }, { "debugfs", false },
    { "tracefs", false },  { "configfs", false },   { "pstore", false },     { "efivarfs", false },
    { "binder", false },   { "rpc_pipefs", false },
};

enum { N_KNOWN = sizeof known_filesystems / sizeof *known_filesystems };

static bool is_known(const char *type, bool *ret_label)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (!strcmp(known_filesystems[i].type, type))
            return *ret_label = known_filesystems[i].label, true;
    return *ret_label = true, false;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

struct plan_mount *plan_mounts_append(struct plan_mount_list *list)
{
    struct plan *plan = list->plan;
    struct plan_mount *m;

    if (plan->n_mounts == list->room) {
        size_t room = list->room * 2 + 8;

        m = arena_array(&plan->arena, room, sizeof *m);
        if (!m)
            return NULL;
        if (plan->n_mounts)
            memcpy(m, plan->mounts, plan->n_mounts * sizeof *m);
        plan->mounts = m;
        list->room = room;
    }
    m = &plan->mounts[plan->n_mounts++];
    *m = (struct plan_mount){ .tree_fd = -1 };
    return m;
}

static int append(struct plan_mount_list *list, const struct plan_mount *m, struct err *err)
{
    struct plan_mount *place = plan_mounts_append(list);

    if (!place)
        return err_nomem(err);
    *place = *m;
    return 0;
}

/* ---- bind mounts --------------------------------------------------------------------------------------- */

/*
 * Test suites and some engines give a bind mount what belongs to a tmpfs; nothing is lost when it is left
 * out.
 */
static bool is_tmpfs_option(const char *option)
{
    static const char *const keys[] = { "mode=", "size=", "nr_inodes=", "uid=", "gid=" };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strncmp(option, keys[i], strlen(keys[i])))
            return true;
    return false;
}

static int refuse_data(const struct plan_mount *m, const struct plan_mount_options *options, struct err *err)
{
    int failed = 0, r;

    for (size_t i = 0; i < options->n_data; i++) {
        size_t index = options->data[i];
        const char *option = m->from->options.v[index];

        if (is_tmpfs_option(option)) {
            err_warn_at(err, &m->from->node, offsetof(struct oci_mount, options),
                        "\"%s\" has no effect on a bind mount", option);
            continue;
        }
        r = PLAN_OPTION_AT(err, m, index, ERR_MOUNT, "a bind mount has no option \"%s\"", option);
        plan_hint_nearest(err, plan_mount_word_nearest(option));
        if (!plan_go_on(err, r, &failed))
            break;
    }
    return failed;
}

static void drop_superblock_flags(struct plan_mount *m, struct err *err)
{
    static const struct {
        unsigned long flag;
        const char *word;
    } words[] = {
        { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },    { MS_LAZYTIME, "lazytime" },
        { MS_MANDLOCK, "mand" },    { MS_I_VERSION, "iversion" }, { MS_SILENT, "silent" },
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (m->flags & words[i].flag)
            err_warn_at(err, &m->from->node, offsetof(struct oci_mount, options),
                        "\"%s\" has no effect on a bind mount, it belongs to the filesystem", words[i].word);
    m->flags = 0;
}

/*
 * What the host mounts below the source later is not seen, unless the root filesystem itself is a peer or a
 * slave.
 */
static void default_propagation(const struct plan *plan, struct plan_mount *m)
{
    uint64_t root = plan->root.propagation;

    if (m->propagation)
        return;
    m->propagation = root == MS_SHARED || root == MS_SLAVE ? root : MS_PRIVATE;
    m->propagation_recursive = m->recursive;
}

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return !strncmp(path, directory, n) && (path[n] == '\0' || path[n] == '/');
}

/*
 * A /sys that is bound because a new one can't be mounted has the cgroup tree below it, of which a part may
 * belong to the user: read-only must mean all of it (CVE-2023-25809).
 */
static void close_sys(const struct plan *plan, struct plan_mount *m)
{
    bool limited =
        plan->facts.rootless || plan->facts.in_user_namespace || plan_has_namespace(plan, CLONE_NEWUSER);

    if (limited && m->recursive && m->set & MOUNT_ATTR_RDONLY && is_below(m->source, "/sys"))
        m->recursive_set |= MOUNT_ATTR_RDONLY;
}

static int compile_bind(struct plan_mount_list *list, struct plan_mount *m,
                        const struct plan_mount_options *options, struct err *err)
{
    struct plan *plan = list->plan;
    int r = refuse_data(m, options, err);

    if (r < 0)
        return r;
    if (!m->from->source || !*m->from->source)
        return ERR_AT(err, m->from, source, ERR_CONFIG_MISSING, 0, "a bind mount needs a source");
    m->kind = PLAN_MOUNT_BIND;
    m->source = plan_path_below(&plan->arena, plan->options.bundle, m->from->source);
    if (!m->source)
        return err_nomem(err);
    if (m->copy_up)
        return ERR_AT(err, m->from, options, ERR_CONFIG_CONFLICT, 0,
                      "\"tmpcopyup\" is for tmpfs, not for a bind mount");
    drop_superblock_flags(m, err);
    default_propagation(plan, m);
    close_sys(plan, m);
    return append(list, m, err);
}

/* ---- remounts ------------------------------------------------------------------------------------------ */

/* As fsconfig(2) knows them for every filesystem. */
static const struct {
    unsigned long flag;
    const char *off;
} negations[] = {
    { MS_SYNCHRONOUS, "async" },
    { MS_LAZYTIME, "nolazytime" },
    { MS_MANDLOCK, "nomand" },
};

/* Without "bind", the filesystem itself changes as well. */
static int compile_whole_remount(struct plan *plan, struct plan_mount *m,
                                 const struct plan_mount_options *options, struct err *err)
{
    bool plain;

    if (m->flags & (MS_SILENT | MS_I_VERSION))
        return ERR_AT(err, m->from, options, ERR_UNSUPPORTED, 0,
                      "a remount can't change \"silent\" and \"iversion\"");
    if (plan_mount_options_data(m, options, NULL, NULL, &plan->arena, &plain) < 0)
        return err_nomem(err);
    if (!plain)
        return ERR_AT(err, m->from, options, ERR_UNSUPPORTED, 0,
                      "an option has a \",\" or more than 255 characters in it");
    if (m->set & MOUNT_ATTR_RDONLY)
        m->flags |= MS_RDONLY;
    if (options->rw)
        m->parameters[m->n_parameters++] = (struct plan_parameter){ "rw", NULL };
    for (size_t i = 0; i < sizeof negations / sizeof *negations; i++)
        if (options->superblock_clear & negations[i].flag)
            m->parameters[m->n_parameters++] = (struct plan_parameter){ negations[i].off, NULL };
    return 0;
}

static int compile_remount(struct plan_mount_list *list, struct plan_mount *m,
                           const struct plan_mount_options *options, struct err *err)
{
    int r;

    m->kind = PLAN_MOUNT_REMOUNT;
    m->source = NULL;
    if (m->copy_up || options->id_map)
        return ERR_AT(err, m->from, options, ERR_CONFIG_CONFLICT, 0,
                      "\"%s\" does not go together with \"remount\"", m->copy_up ? "tmpcopyup" : "idmap");
    if (options->bind) {
        r = refuse_data(m, options, err);
        drop_superblock_flags(m, err);
        m->flags = MS_BIND;
        m->recursive = false;
    } else {
        r = compile_whole_remount(list->plan, m, options, err);
    }
    return r < 0 ? r : append(list, m, err);
}

/* ---- new filesystems ----------------------------------------------------------------------------------- */

static bool has_context(const struct plan_mount *m, const struct plan_mount_options *options)
{
    for (size_t i = 0; i < options->n_data; i++)
        if (strstr(m->from->options.v[options->data[i]], "context="))
            return true;
    return false;
}

/* Conflicts between what only mount(2) can say and what only a detached mount can have. */
static int check_classic(const struct plan_mount *m, struct err *err)
{
    const char *word = m->copy_up ? "tmpcopyup" : m->id_map ? "idmap" : NULL;

    if (!word)
        return 0;
    return ERR_AT(err, m->from, options, ERR_UNSUPPORTED, 0,
                  "\"%s\" does not go together with \"silent\", \"iversion\" or an option with a \",\" in it",
                  word);
}

static int check_new(const struct plan_mount *m, struct err *err)
{
    if (m->copy_symlink || m->source_nofollow)
        return ERR_AT(err, m->from, options, ERR_CONFIG_CONFLICT, 0, "\"%s\" is for bind mounts",
                      m->copy_symlink ? "copy-symlink" : "src-nofollow");
    if (m->copy_up && strcmp(m->type, "tmpfs") && strcmp(m->type, "ramfs"))
        return ERR_AT(err, m->from, options, ERR_CONFIG_CONFLICT, 0, "\"tmpcopyup\" is for tmpfs, not for %s",
                      m->type);
    return 0;
}

static int compile_new(struct plan_mount_list *list, struct plan_mount *m,
                       const struct plan_mount_options *options, struct err *err)
{
    struct plan *plan = list->plan;
    bool takes_label, known = is_known(m->type, &takes_label), plain;
    const char *label = takes_label && !has_context(m, options) ? plan->mount_label : NULL;
    int r = check_new(m, err);

    if (r < 0)
        return r;
    if (plan_mount_options_data(m, options, plan->mount_context_type, label, &plan->arena, &plain) < 0)
        return err_nomem(err);
    if (!strcmp(m->type, "mqueue"))
        m->file_label = plan->mount_label;
    m->kind = known && plain && !(m->flags & (MS_SILENT | MS_I_VERSION)) ? PLAN_MOUNT_FS : PLAN_MOUNT_CLASSIC;
    m->source = m->from->source && *m->from->source ? m->from->source : NULL;
    r = m->kind == PLAN_MOUNT_CLASSIC ? check_classic(m, err) : 0;
    if (r < 0)
        return r;
    return strcmp(m->type, "cgroup") ? append(list, m, err) : plan_cgroup_mounts_compile(list, m, err);
}

/* ---- one entry ----------------------------------------------------------------------------------------- */

static int check_target(const struct plan_mount *m, const struct plan_mount_options *options, struct err *err)
{
    if (!*m->from->destination)
        return ERR_AT(err, m->from, destination, ERR_CONFIG_VALUE, 0, "empty");
    if (!options->remount && !strcmp(m->target, "/"))
        return ERR_AT(err, m->from, destination, ERR_MOUNT, 0,
                      "the root filesystem itself can't be mounted over");
    return 0;
}

/* type "bind" is taken for the option: the specification wants the option, but nothing else can be meant. */
static int compile_kind(struct plan_mount_list *list, struct plan_mount *m,
                        const struct plan_mount_options *options, struct err *err)
{
    int r;

    if (options->remount)
        return compile_remount(list, m, options, err);
    if (options->bind || (m->type && !strcmp(m->type, "bind")))
        return compile_bind(list, m, options, err);
    if (m->type)
        return compile_new(list, m, options, err);
    r = ERR_AT(err, m->from, type, ERR_CONFIG_MISSING, 0, "neither a type, nor \"bind\" among the options");
    err_hint(err, "what is mounted on %s?", m->from->destination);
    return r;
}

static int compile_one(struct plan_mount_list *list, const struct oci_mount *from, struct err *err)
{
    struct plan *plan = list->plan;
    struct plan_mount m = { .from = from, .tree_fd = -1 };
    struct plan_mount_options options;
    int r;

    m.type = from->type && *from->type ? from->type : NULL;
    m.target = plan_path_clean(&plan->arena, from->destination);
    if (!m.target || plan_mount_options_parse(&m, &plan->arena, &options) < 0)
        return err_nomem(err);
    r = check_target(&m, &options, err);
    if (r >= 0)
        r = plan_mount_ids_compile(plan, &m, &options, err);
    return r < 0 ? r : compile_kind(list, &m, &options, err);
}

/*
 * A directory of ocirt's own, where `start` makes the socket at which the container can say READY=1
 * (sd_notify(3)): the manager's would take more from it, as MAINPID=.
 */
static int add_notify_directory(struct plan_mount_list *list, struct err *err)
{
    const char *address = list->plan->options.notify_socket;
    struct plan_mount *m;

    if (!plan_has_notify_socket(&list->plan->options)) {
        if (address)
            err_warn(err, "NOTIFY_SOCKET=%s is no socket of this host: the container is given none", address);
        return 0;
    }
    m = plan_mounts_append(list);
    if (!m)
        return err_nomem(err);
    m->kind = PLAN_MOUNT_BIND;
    m->source = "notify";
    m->target = PLAN_NOTIFY_DIRECTORY;
    m->set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    m->propagation = MS_PRIVATE;
    list->plan->notify_mount = list->plan->n_mounts;
    return 0;
}

int plan_mounts_compile(struct plan *plan, struct err *err)
{
    const struct oci_spec *spec = plan->spec;
    struct plan_mount_list list = { .plan = plan };
    int failed = 0;

    for (size_t i = 0; i < spec->mounts.n; i++)
        if (!plan_go_on(err, compile_one(&list, spec->mounts.v[i], err), &failed))
            return failed;
    (void) plan_go_on(err, add_notify_directory(&list, err), &failed);
    return failed;
}
