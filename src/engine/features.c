/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features.c - what this build can do, as features.md wants it told.
 *
 * Of the build, not of the host: `ocirt doctor` looks at the host.  containerd and CRI-O
 * find recursive read-only mounts by "rro", user namespaces by "user" and
 * mountExtensions.idmap.
 */
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "base/fd.h"
#include "base/text.h"
#include "engine/context.h"
#include "host/criu.h"
#include "libocispec/oci_features.h"
#include "libocispec/oci_state.h"
#include "plan/annotations.h"
#include "plan/capability_name.h"
#include "plan/mount_words.h"
#include "plan/version.h"

static struct json_strings words_of(struct arena *arena, const struct json_words *words)
{
    struct json_strings list = { .v = arena_array(arena, words->n, sizeof *list.v) };

    for (size_t i = 1; list.v && i < words->n; i++)
        if (words->v[i])
            list.v[list.n++] = (char *) (uintptr_t) words->v[i];
    return list;
}

static struct json_strings strings_of(struct arena *arena, const char *const *v, size_t n)
{
    struct json_strings list = { .v = arena_array(arena, n, sizeof *list.v), .n = n };

    for (size_t i = 0; list.v && i < n; i++)
        list.v[i] = (char *) (uintptr_t) v[i];
    return list.v ? list : (struct json_strings){ 0 };
}

#define STRINGS(arena, v) strings_of(arena, v, sizeof(v) / sizeof *(v))

static struct json_strings mount_options(struct arena *arena)
{
    struct json_strings list = { 0 };

    while (plan_mount_word_at(list.n))
        list.n++;
    list.v = arena_array(arena, list.n, sizeof *list.v);
    for (size_t i = 0; list.v && i < list.n; i++)
        list.v[i] = (char *) (uintptr_t) plan_mount_word_at(i);
    return list.v ? list : (struct json_strings){ 0 };
}

static struct json_strings unsafe_annotations(struct arena *arena)
{
    struct json_strings list = { 0 };

    while (plan_annotation_unsafe(list.n))
        list.n++;
    list.v = arena_array(arena, list.n, sizeof *list.v);
    for (size_t i = 0; list.v && i < list.n; i++)
        list.v[i] = (char *) (uintptr_t) plan_annotation_unsafe(i);
    return list.v ? list : (struct json_strings){ 0 };
}

static struct json_strings capabilities(struct arena *arena)
{
    struct json_strings list = { .v = arena_array(arena, CAP_LAST_CAP + 1, sizeof *list.v) };

    for (cap_value_t i = 0; list.v && i <= CAP_LAST_CAP; i++) {
        char *name = plan_capability_name(i);
        char *copy = name ? arena_strdup(arena, name) : NULL;

        if (copy)
            list.v[list.n++] = copy;
        (void) cap_free(name);
    }
    return list;
}

/* A switch that was made, as "enabled" or not; both are told. */
static struct oci_features_switch *switch_of(struct arena *arena, bool enabled)
{
    struct oci_features_switch *s = json_new(arena, &oci_features_switch_type);

    if (s) {
        s->enabled = enabled;
        json_mark(s, enabled);
    }
    return s;
}

static struct oci_features_cgroup *cgroups(struct arena *arena)
{
    struct oci_features_cgroup *c = json_new(arena, &oci_features_cgroup_type);

    if (!c)
        return NULL;
    c->v1 = c->v2 = c->rdma = true;
#ifdef HAVE_SYSTEMD
    c->systemd = c->systemd_user = true;
#endif
    json_mark(c, systemd);
    json_mark(c, systemd_user);
    return c;
}

static struct oci_features_seccomp *seccomp(struct arena *arena)
{
    static const char *const archs[] = {
        "SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
        "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
        "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
        "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
        "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
        "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",
    };
    static const char *const flags[] = {
        "SECCOMP_FILTER_FLAG_TSYNC",
        "SECCOMP_FILTER_FLAG_LOG",
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    };
    struct oci_features_seccomp *s = json_new(arena, &oci_features_seccomp_type);

    if (!s)
        return NULL;
    json_mark(s, enabled);
#ifdef HAVE_SECCOMP
    s->enabled = true;
    s->actions = words_of(arena, &oci_seccomp_actions);
    s->operators = words_of(arena, &oci_seccomp_ops);
    s->archs = STRINGS(arena, archs);
    s->known_flags = STRINGS(arena, flags);
    s->supported_flags = STRINGS(arena, flags);
#else
    (void) archs;
    (void) flags;
#endif
    return s;
}

static struct oci_features_memory_policy *memory_policy(struct arena *arena)
{
    static const char *const flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
                                         "MPOL_F_STATIC_NODES" };
    struct oci_features_memory_policy *m = json_new(arena, &oci_features_memory_policy_type);

    if (m) {
        m->modes = words_of(arena, &oci_memory_policy_modes);
        m->flags = STRINGS(arena, flags);
    }
    return m;
}

static struct oci_features_linux *linux_features(struct arena *arena)
{
    struct oci_features_linux *l = json_new(arena, &oci_features_linux_type);
    struct oci_features_intel_rdt *rdt = json_new(arena, &oci_features_intel_rdt_type);
    struct oci_features_mount_extensions *extensions = json_new(arena, &oci_features_mount_extensions_type);

    if (!l || !rdt || !extensions)
        return NULL;
    l->namespaces = words_of(arena, &oci_namespace_types);
    l->capabilities = capabilities(arena);
    l->cgroup = cgroups(arena);
    l->seccomp = seccomp(arena);
    l->apparmor = switch_of(arena, true);
    l->selinux = switch_of(arena, true);
    l->memory_policy = memory_policy(arena);
    rdt->enabled = rdt->schemata = rdt->monitoring = true;
    l->intel_rdt = rdt;
    extensions->idmap = switch_of(arena, true);
    l->mount_extensions = extensions;
    l->net_devices = switch_of(arena, true);
    return l->cgroup && l->seccomp ? l : NULL;
}

static int annotations(struct arena *arena, struct json_map *ret)
{
    size_t n = 0;

    ret->v = arena_array(arena, 4, sizeof *ret->v);
    if (!ret->v)
        return -ENOMEM;
    ret->v[n++] =
        (struct json_pair){ arena_strdup(arena, "org.ocirt.version"), arena_strdup(arena, ocirt_version()) };
    ret->v[n++] =
        (struct json_pair){ arena_strdup(arena, "org.ocirt.commit"), arena_strdup(arena, ocirt_commit()) };
#ifdef HAVE_SECCOMP
    const struct scmp_version *version = seccomp_version();

    ret->v[n++] = (struct json_pair){
        arena_strdup(arena, "io.github.seccomp.libseccomp.version"),
        arena_printf(arena, "%u.%u.%u", version->major, version->minor, version->micro),
    };
#endif
    ret->v[n++] = (struct json_pair){
        arena_strdup(arena, "org.opencontainers.runc.checkpoint.enabled"),
        arena_strdup(arena, host_criu_is_built() ? "true" : "false"),
    };
    ret->n = n;
    for (size_t i = 0; i < n; i++)
        if (!ret->v[i].key || !ret->v[i].value)
            return -ENOMEM;
    return 0;
}

static int fill(struct arena *arena, struct oci_features *f)
{
    static const char *const hooks[] = {
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
    };

    f->oci_version_min = arena_strdup(arena, PLAN_VERSION_MIN);
    f->oci_version_max = arena_strdup(arena, PLAN_VERSION_MAX);
    f->hooks = STRINGS(arena, hooks);
    f->mount_options = mount_options(arena);
    f->potentially_unsafe_config_annotations = unsafe_annotations(arena);
    f->linux = linux_features(arena);
    if (!f->oci_version_min || !f->oci_version_max || !f->linux)
        return -ENOMEM;
    return annotations(arena, &f->annotations);
}

int ocirt_features(char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = { 0 };
    struct arena arena = { 0 };
    struct oci_features features = { .node.type = &oci_features_type };
    struct json_text text = { 0 };
    int r = fill(&arena, &features);

    if (r >= 0)
        r = json_write_text(&features, JSON_PRETTY, &text);
    if (r >= 0)
        *ret_json = take_ptr(&text.v);
    json_text_free(&text);
    arena_free(&arena);
    return engine_result(r < 0 ? err_nomem(&err) : 0, &err, ret_error);
}
