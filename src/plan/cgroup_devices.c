/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_devices.c - which devices a container may use.
 *
 * The order of the rules, the last of which wins:
 *
 *  1. all is denied;
 *  2. the devices of linux.devices are allowed, for it makes no sense to list a device that can't be used.
 *     They come first so that a configuration that begins with "deny all", as every engine's does, has the
 *     last word: with `--device x:x:r` the device stays read-only;
 *  3. the configuration's resources.devices, in its order;
 *  4. what every container may use, whatever the configuration says, as runc and crun have it: making nodes
 *     (without the right to open them), and the default devices of config-linux.md.
 */
#include "plan/cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* clang-format off */
static const struct plan_device_rule default_rules[] = {
    { 'c', -1, -1, PLAN_DEVICE_MKNOD, true, NULL },
    { 'b', -1, -1, PLAN_DEVICE_MKNOD, true, NULL },
    { 'c', 1, 3, PLAN_DEVICE_ALL, true, NULL },       /* null */
    { 'c', 1, 5, PLAN_DEVICE_ALL, true, NULL },       /* zero */
    { 'c', 1, 7, PLAN_DEVICE_ALL, true, NULL },       /* full */
    { 'c', 1, 8, PLAN_DEVICE_ALL, true, NULL },       /* random */
    { 'c', 1, 9, PLAN_DEVICE_ALL, true, NULL },       /* urandom */
    { 'c', 5, 0, PLAN_DEVICE_ALL, true, NULL },       /* tty */
    { 'c', 5, 1, PLAN_DEVICE_ALL, true, NULL },       /* console */
    { 'c', 5, 2, PLAN_DEVICE_ALL, true, NULL },       /* ptmx */
    { 'c', 136, -1, PLAN_DEVICE_ALL, true, NULL },    /* pts/N */
};
/* clang-format on */
enum { N_DEFAULT_RULES = sizeof default_rules / sizeof *default_rules };

/* ---- what rules mean ----------------------------------------------------------------------------------- */

static bool is_everything(const struct plan_device_rule *r)
{
    return r->type == 'a' && r->access == PLAN_DEVICE_ALL;
}

/* Is each device that B matches matched by A? */
static bool covers(const struct plan_device_rule *a, const struct plan_device_rule *b)
{
    return (a->type == 'a' || a->type == b->type) && (a->major < 0 || a->major == b->major) &&
           (a->minor < 0 || a->minor == b->minor);
}

static bool meets(int64_t a, int64_t b)
{
    return a < 0 || b < 0 || a == b;
}

/* Is there a device that both match? */
static bool overlaps(const struct plan_device_rule *a, const struct plan_device_rule *b)
{
    return (a->type == 'a' || b->type == 'a' || a->type == b->type) && meets(a->major, b->major) &&
           meets(a->minor, b->minor);
}

bool plan_device_rules_allow_all(const struct plan_device_rules *rules)
{
    return rules->n == 1 && is_everything(&rules->v[0]) && rules->v[0].allow;
}

bool plan_device_rules_allow(const struct plan_device_rules *rules, char type, unsigned major, unsigned minor,
                             unsigned access)
{
    const struct plan_device_rule device = { .type = type, .major = major, .minor = minor };
    unsigned allowed = 0;

    for (size_t i = 0; i < rules->n; i++)
        if (covers(&rules->v[i], &device))
            allowed = rules->v[i].allow ? allowed | rules->v[i].access : allowed & ~rules->v[i].access;
    return (access & ~allowed) == 0;
}

/* ---- reading the configuration's ----------------------------------------------------------------------- */

static int parse_access(const struct oci_device_rule *from, unsigned *ret, struct err *err)
{
    unsigned access = 0;

    if (!from->access) {
        *ret = PLAN_DEVICE_ALL;
        return 0;
    }
    for (const char *s = from->access; *s; s++) {
        if (!strchr("rwm", *s))
            return ERR_AT(err, from, access, ERR_CONFIG_VALUE, 0,
                          "\"%s\" is not made of \"r\", \"w\" and \"m\"", from->access);
        access |= *s == 'r' ? PLAN_DEVICE_READ : *s == 'w' ? PLAN_DEVICE_WRITE : PLAN_DEVICE_MKNOD;
    }
    if (!access)
        return ERR_AT(err, from, access, ERR_CONFIG_VALUE, 0,
                      "must have one of \"r\", \"w\" and \"m\" at least");
    *ret = access;
    return 0;
}

#define NUMBER_IS_VALID(err, from, m) \
    ((from)->m >= -1 && (from)->m <= UINT32_MAX \
         ? 0 \
         : ERR_AT(err, from, m, ERR_CONFIG_VALUE, 0, "%lld is no device number", (long long) (from)->m))

/*
 * Appends what FROM means to V: two rules where it is about some devices of both types.  Their number, or an
 * error.
 */
static int parse_rule(const struct oci_device_rule *from, struct plan_device_rule *v, struct err *err)
{
    struct plan_device_rule r = {
        .type = from->type == OCI_DEVICE_CHAR    ? 'c'
                : from->type == OCI_DEVICE_BLOCK ? 'b'
                                                 : 'a',
        .major = json_has(from, major) ? from->major : -1,
        .minor = json_has(from, minor) ? from->minor : -1,
        .allow = from->allow,
        .from = from,
    };
    int bad = NUMBER_IS_VALID(err, from, major);

    if (!bad)
        bad = NUMBER_IS_VALID(err, from, minor);
    if (!bad)
        bad = parse_access(from, &r.access, err);
    if (bad < 0)
        return bad;
    v[0] = v[1] = r;
    if (r.type != 'a' || (r.major < 0 && r.minor < 0))
        return 1;
    v[0].type = 'c';
    v[1].type = 'b';
    return 2;
}

static size_t add_listed(struct plan_device_rule *v, const struct plan_device *devices, size_t n)
{
    size_t made = 0;

    for (size_t i = 0; i < n; i++) {
        const struct plan_device *d = &devices[i];

        if (d->from && (S_ISCHR(d->mode) || S_ISBLK(d->mode)))
            v[made++] = (struct plan_device_rule){
                S_ISCHR(d->mode) ? 'c' : 'b', d->major, d->minor, PLAN_DEVICE_ALL, true, NULL,
            };
    }
    return made;
}

/* Drops the rules that are of no effect: those before one about everything, and what only repeats it. */
static size_t simplify(struct plan_device_rule *v, size_t n)
{
    size_t start = 0, kept = 0;
    bool plain = true; /* so far all rules agree with `allow` */
    bool allow = false;

    for (size_t i = 0; i < n; i++)
        if (is_everything(&v[i]))
            start = i;
    for (size_t i = start; i < n; i++) {
        if (i == start && is_everything(&v[i])) {
            allow = v[i].allow;
            if (allow)
                v[kept++] = v[i];
            continue;
        }
        plain = plain && v[i].allow == allow;
        if (!plain)
            v[kept++] = v[i];
    }
    return kept;
}

int plan_device_rules_compile(const struct oci_resources *resources, const struct plan_device *devices,
                              size_t n_devices, struct arena *arena, struct plan_device_rules **ret_rules,
                              struct err *err)
{
    size_t n_config = resources ? resources->devices.n : 0, n, room;
    struct plan_device_rules *rules = arena_alloc(arena, sizeof *rules);
    struct plan_device_rule *v = NULL;
    int result = 0;

    if (!__builtin_mul_overflow(n_config, 2, &room) && !__builtin_add_overflow(room, n_devices, &room) &&
        !__builtin_add_overflow(room, N_DEFAULT_RULES, &room))
        v = arena_array(arena, room, sizeof *v);
    if (!rules || !v)
        return err_nomem(err);
    n = add_listed(v, devices, n_devices);
    for (size_t i = 0; i < n_config; i++) {
        int r = parse_rule(resources->devices.v[i], v + n, err);

        if (r < 0)
            result = r;
        else
            n += (size_t) r;
    }
    if (result < 0)
        return result;
    memcpy(v + n, default_rules, sizeof default_rules);
    *rules = (struct plan_device_rules){ .v = v, .n = simplify(v, n + N_DEFAULT_RULES) };
    *ret_rules = rules;
    return 0;
}

/* ---- cgroup v1 --------------------------------------------------------------------------------------------
 *
 * The devices controller knows one behaviour (all allowed, all denied) and exceptions from it.  A rule that
 * agrees with the behaviour only takes away exceptions for exactly the same devices
 * (security/device_cgroup.c): "allow c *:*, deny c 1:3" would deny nothing.  So the state is worked out here,
 * and what it can't hold is an error.
 */

struct v1_state {
    bool allow;
    struct plan_device_rule *v; /* exceptions: access that is not as `allow` says */
    size_t n;
};

static int v1_agree(struct v1_state *state, const struct plan_device_rule *rule, struct err *err)
{
    for (size_t i = 0; i < state->n; i++) {
        struct plan_device_rule *e = &state->v[i];

        if (!(e->access & rule->access) || !overlaps(e, rule))
            continue;
        if (!covers(rule, e)) {
            const char *what = "cgroup v1 can't take some devices out of a range that an earlier rule names";

            return rule->from ? ERR_AT(err, rule->from, node, ERR_UNSUPPORTED, 0, "%s", what)
                              : err_set(err, ERR_UNSUPPORTED, 0, "linux.resources.devices: %s", what);
        }
        e->access &= ~rule->access;
    }
    return 0;
}

/* The kernel keeps one exception for the same devices, so do we: host compares them with devices.list. */
static void v1_except(struct v1_state *state, const struct plan_device_rule *rule, char type)
{
    for (size_t i = 0; i < state->n; i++) {
        struct plan_device_rule *e = &state->v[i];

        if (e->type == type && e->major == rule->major && e->minor == rule->minor) {
            e->access |= rule->access;
            return;
        }
    }
    state->v[state->n] = *rule;
    state->v[state->n++].type = type;
}

static int v1_apply(struct v1_state *state, const struct plan_device_rule *rule, struct err *err)
{
    if (is_everything(rule)) {
        state->allow = rule->allow;
        state->n = 0;
        return 0;
    }
    if (rule->allow == state->allow)
        return v1_agree(state, rule, err);
    if (rule->type == 'a') {
        v1_except(state, rule, 'c');
        v1_except(state, rule, 'b');
    } else {
        v1_except(state, rule, rule->type);
    }
    return 0;
}

static const char *v1_number(struct arena *arena, int64_t number)
{
    return number < 0 ? "*" : arena_printf(arena, "%lld", (long long) number);
}

static int v1_print(const struct v1_state *state, struct arena *arena, struct plan_cgroup_writes *writes)
{
    const char *files[] = { "devices.deny", "devices.allow" };

    writes->v[0] =
        (struct plan_cgroup_write){ .controller = "devices", .file = files[state->allow], .value = "a" };
    writes->n = 1;
    for (size_t i = 0; i < state->n; i++) {
        const struct plan_device_rule *e = &state->v[i];
        const char *major = v1_number(arena, e->major), *minor = v1_number(arena, e->minor);
        struct plan_cgroup_write *w = &writes->v[writes->n];

        if (!e->access)
            continue;
        *w = (struct plan_cgroup_write){ .controller = "devices", .file = files[!state->allow] };
        w->value =
            arena_printf(arena, "%c %s:%s %s%s%s", e->type, major ? major : "", minor ? minor : "",
                         e->access & PLAN_DEVICE_READ ? "r" : "", e->access & PLAN_DEVICE_WRITE ? "w" : "",
                         e->access & PLAN_DEVICE_MKNOD ? "m" : "");
        if (!major || !minor || !w->value)
            return -ENOMEM;
        if (e->from) {
            w->node = &e->from->node;
            w->member = ERR_NO_MEMBER;
        }
        writes->n++;
    }
    return 0;
}

int plan_device_writes_compile(const struct plan_device_rules *rules, struct arena *arena,
                               struct plan_cgroup_writes **ret_writes, struct err *err)
{
    struct plan_cgroup_writes *writes = arena_alloc(arena, sizeof *writes);
    struct v1_state state = { .v = arena_array(arena, rules->n, 2 * sizeof *state.v) };
    size_t room;

    if (!writes || !state.v || __builtin_add_overflow(rules->n, 1, &room))
        return err_nomem(err);
    writes->v = arena_array(arena, room, 2 * sizeof *writes->v);
    if (!writes->v)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n; i++) {
        int r = v1_apply(&state, &rules->v[i], err);

        if (r < 0)
            return r;
    }
    if (v1_print(&state, arena, writes) < 0)
        return err_nomem(err);
    *ret_writes = writes;
    return 0;
}
