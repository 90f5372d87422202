/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd_limits.c - a cgroup file's value as a property of the unit that the cgroup belongs to.
 *
 * The input is the list of writes, not linux.resources: what defaults, conversions and `unified` make of them
 * is decided there once.  Files that are not in the table are none of systemd's: it leaves them as we write
 * them.
 */
#include "plan/systemd_limits.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"

struct limits {
    struct plan_systemd_properties *list;
    const struct plan_cgroup_write *write; /* the one at hand */
    const char *file, *value;              /* of it, or of its fallback */
    const char *property;
    int64_t quota; /* v1 has it in two files: microseconds, -1 none, 0 not set */
    uint64_t period;
    struct err *err;
};

/* ---- the list ------------------------------------------------------------------------------------------ */

int plan_systemd_properties_add(struct plan_systemd_properties *list, const char *name,
                                struct plan_variant *value)
{
    if (!value || !name)
        return -ENOMEM;
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 32;
        struct plan_systemd_property *v = arena_array(list->arena, room, sizeof *v);

        if (!v)
            return -ENOMEM;
        if (list->n)
            memcpy(v, list->v, list->n * sizeof *v);
        list->v = v;
        list->room = room;
    }
    list->v[list->n++] = (struct plan_systemd_property){ .name = name, .value = value };
    return 0;
}

struct plan_variant *plan_systemd_properties_find(const struct plan_systemd_properties *list,
                                                  const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (!strcmp(list->v[i].name, name))
            return list->v[i].value;
    return NULL;
}

int plan_systemd_properties_set(struct plan_systemd_properties *list, const char *name,
                                struct plan_variant *value)
{
    for (size_t i = 0; value && i < list->n; i++) {
        if (!strcmp(list->v[i].name, name)) {
            list->v[i].value = value;
            return 0;
        }
    }
    return plan_systemd_properties_add(list, name, value);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static int bad(struct limits *l)
{
    const struct plan_cgroup_write *w = l->write;
    int r;

    if (!w->node)
        return err_set(l->err, ERR_INTERNAL, 0, "%s: \"%s\" has no equal in systemd", l->file, l->value);
    r = err_at(l->err, w->node, w->member, ERR_CONFIG_VALUE, 0,
               "%s: \"%s\" is no value that systemd could be told", l->file, l->value);
    return r;
}

static int set_number(struct limits *l, const char *property, uint64_t number)
{
    int r = plan_systemd_properties_set(l->list, property, plan_variant_natural(l->list->arena, "t", number));

    return r < 0 ? err_nomem(l->err) : 0;
}

/* As the kernel's memparse(): a number with a suffix; systemd's infinity is UINT64_MAX. */
static bool parse_number(const char *s, uint64_t *ret)
{
    static const char suffixes[] = "KMGTPE";
    size_t digits = strspn(s, "0123456789");
    const char *suffix = s[digits] ? strchr(suffixes, s[digits] & ~0x20) : NULL;
    unsigned shift = suffix ? (unsigned) (suffix - suffixes + 1) * 10 : 0;
    uint64_t number;
    char *end;

    if (!strcmp(s, "max") || !strcmp(s, "-1")) {
        *ret = UINT64_MAX;
        return true;
    }
    errno = 0;
    number = strtoull(s, &end, 10);
    if (digits == 0 || errno || (*end && (!suffix || end[1])) || (shift && number >> (64 - shift)))
        return false;
    *ret = number << shift;
    return true;
}

static int number(struct limits *l)
{
    uint64_t value;

    return parse_number(l->value, &value) ? set_number(l, l->property, value) : bad(l);
}

/*
 * systemd's unit files have the quota in hundredths of a percent of a CPU, and it reads them again at
 * daemon-reload: rounded up to that here, the container has then a little more, never less, than it was
 * given.
 */
static int set_bandwidth(struct limits *l, int64_t quota, uint64_t period)
{
    uint64_t per_second = UINT64_MAX;
    int r = 0;

    if (period == 0)
        period = 100000;
    if (quota > 0) {
        if ((uint64_t) quota > UINT64_MAX / 1000000 - 1)
            return bad(l);
        per_second = ((uint64_t) quota * 1000000 + period - 1) / period;
        per_second = (per_second + 99) / 100 * 100;
    }
    r = set_number(l, "CPUQuotaPerSecUSec", per_second);
    return r < 0 ? r : set_number(l, "CPUQuotaPeriodUSec", period);
}

static int cpu_max(struct limits *l)
{
    uint64_t quota, period = 0;
    const char *space = strchr(l->value, ' ');
    autofree char *first = strndup(l->value, space ? (size_t) (space - l->value) : strlen(l->value));

    if (!first)
        return err_nomem(l->err);
    if (!parse_number(first, &quota) || (space && text_parse_u64(space + 1, UINT32_MAX, &period) < 0))
        return bad(l);
    return set_bandwidth(l, quota > INT64_MAX ? -1 : (int64_t) quota, period);
}

/* Both files of v1 are known only at the end. */
static int cfs_quota(struct limits *l)
{
    uint64_t quota;

    if (!parse_number(l->value, &quota))
        return bad(l);
    l->quota = quota > INT64_MAX ? -1 : (int64_t) quota;
    return 0;
}

static int cfs_period(struct limits *l)
{
    return text_parse_u64(l->value, UINT32_MAX, &l->period) < 0 ? bad(l) : 0;
}

/* systemd.resource-control(5): the weight "idle" is 0 on the bus (since 252). */
static int cpu_idle(struct limits *l)
{
    if (!strcmp(l->value, "1"))
        return set_number(l, "CPUWeight", 0);
    return !strcmp(l->value, "0") ? 0 : bad(l);
}

/* ---- sets of CPUs and nodes ---------------------------------------------------------------------------- */

enum { CPUS_MAX = 8192 }; /* CONFIG_NR_CPUS of any kernel so far */

static bool parse_cpu(const char **s, uint64_t *ret)
{
    char *end;

    if (**s < '0' || **s > '9')
        return false;
    *ret = strtoull(*s, &end, 10);
    *s = end;
    return *ret < CPUS_MAX;
}

/* "4", "0-3" or "0-31:2/8": of each group of 8 the first 2. */
static bool parse_range(const char **s, unsigned char *mask)
{
    uint64_t first, last, used = 1, group = 1;

    if (!parse_cpu(s, &first))
        return false;
    last = first;
    if (**s == '-' && (++*s, !parse_cpu(s, &last)))
        return false;
    if (**s == ':' && (++*s, !parse_cpu(s, &used) || *(*s)++ != '/' || !parse_cpu(s, &group)))
        return false;
    if (last < first || group == 0 || used > group)
        return false;
    for (uint64_t i = first; i <= last; i++)
        if ((i - first) % group < used)
            mask[i / 8] = (unsigned char) (mask[i / 8] | 1U << i % 8);
    return true;
}

static bool parse_set(const char *s, unsigned char *mask)
{
    do {
        s += strspn(s, ", \n");
        if (*s && !parse_range(&s, mask))
            return false;
    } while (*s == ',' || *s == ' ' || *s == '\n');
    return !*s;
}

/* The bus has a bit for each, the lowest first. */
static int cpu_set(struct limits *l)
{
    unsigned char mask[CPUS_MAX / 8] = { 0 };
    struct plan_variant *bytes = plan_variant_container(l->list->arena, "ay");
    size_t n = sizeof mask;
    int r = 0;

    if (!parse_set(l->value, mask))
        return bad(l);
    while (n && !mask[n - 1])
        n--;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = plan_variant_append(l->list->arena, bytes, plan_variant_natural(l->list->arena, "y", mask[i]));
    if (r == 0)
        r = plan_systemd_properties_set(l->list, l->property, bytes);
    return r < 0 ? err_nomem(l->err) : 0;
}

/* ---- block devices ------------------------------------------------------------------------------------- */

/* Adds ("/dev/block/8:0", NUMBER) to PROPERTY; systemd finds the device by its number then. */
static int add_device(struct limits *l, const char *property, const char *device, size_t length,
                      uint64_t value)
{
    struct arena *arena = l->list->arena;
    struct plan_variant *list = plan_systemd_properties_find(l->list, property);
    struct plan_variant *pair = plan_variant_container(arena, "(st)");
    int r = 0;

    if (!list) {
        list = plan_variant_container(arena, "a(st)");
        r = plan_systemd_properties_add(l->list, property, list);
    }
    if (r == 0)
        r = plan_variant_append(
            arena, pair,
            plan_variant_string(arena, arena_printf(arena, "/dev/block/%.*s", (int) length, device)));
    if (r == 0)
        r = plan_variant_append(arena, pair, plan_variant_natural(arena, "t", value));
    if (r == 0)
        r = plan_variant_append(arena, list, pair);
    return r < 0 ? err_nomem(l->err) : 0;
}

/* "8:0" and what is behind it. */
static size_t device_length(const char *s)
{
    size_t major = strspn(s, "0123456789"), minor = s[major] == ':' ? strspn(s + major + 1, "0123456789") : 0;

    return major && minor && s[major + 1 + minor] == ' ' ? major + 1 + minor : 0;
}

/* "8:0 rbps=1048576 wiops=max" */
static int io_max(struct limits *l)
{
    static const struct {
        const char *key, *property;
    } keys[] = {
        { "rbps=", "IOReadBandwidthMax" },
        { "wbps=", "IOWriteBandwidthMax" },
        { "riops=", "IOReadIOPSMax" },
        { "wiops=", "IOWriteIOPSMax" },
    };
    size_t length = device_length(l->value);
    int r = length ? 0 : bad(l);

    for (const char *s = l->value + length; r == 0 && *(s += strspn(s, " \n"));) {
        size_t n = strcspn(s, " \n");
        const char *property = NULL;
        uint64_t value = 0;

        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t k = strlen(keys[i].key);
            autofree char *text = n > k && !strncmp(s, keys[i].key, k) ? strndup(s + k, n - k) : NULL;

            if (text && parse_number(text, &value))
                property = keys[i].property;
        }
        r = property ? add_device(l, property, l->value, length, value) : bad(l);
        s += n;
    }
    return r;
}

/* "100", "default 100", or "8:0 100" for one device */
static int io_weight(struct limits *l)
{
    size_t length = device_length(l->value);
    const char *text = length                              ? l->value + length + 1
                       : !strncmp(l->value, "default ", 8) ? l->value + 8
                                                           : l->value;
    uint64_t value;

    if (!parse_number(text, &value))
        return bad(l);
    return length ? add_device(l, "IODeviceWeight", l->value, length, value)
                  : set_number(l, "IOWeight", value);
}

/* v1: "8:0 1048576"; 0 is no limit */
static int device_number(struct limits *l)
{
    size_t length = device_length(l->value);
    uint64_t value;

    if (!length || !parse_number(l->value + length + 1, &value))
        return bad(l);
    return add_device(l, l->property, l->value, length, value ? value : UINT64_MAX);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *file;
    int (*convert)(struct limits *l);
    const char *property;
} v2[] = {
    { "cpu.weight",       number,    "CPUWeight" },
    { "cpu.idle",         cpu_idle,  NULL },
    { "cpu.max",          cpu_max,   NULL },
    { "cpuset.cpus",      cpu_set,   "AllowedCPUs" },
    { "cpuset.mems",      cpu_set,   "AllowedMemoryNodes" },
    { "memory.min",       number,    "MemoryMin" },
    { "memory.low",       number,    "MemoryLow" },
    { "memory.high",      number,    "MemoryHigh" },
    { "memory.max",       number,    "MemoryMax" },
    { "memory.swap.max",  number,    "MemorySwapMax" },
    { "memory.zswap.max", number,    "MemoryZSwapMax" },
    { "pids.max",         number,    "TasksMax" },
    { "io.weight",        io_weight, NULL },
    { "io.max",           io_max,    NULL },
}, v1[] = {
    { "cpu.shares",                      number,        "CPUShares" },
    { "cpu.cfs_quota_us",                cfs_quota,     NULL },
    { "cpu.cfs_period_us",               cfs_period,    NULL },
    { "memory.limit_in_bytes",           number,        "MemoryLimit" },
    { "pids.max",                        number,        "TasksMax" },
    { "blkio.weight",                    number,        "BlockIOWeight" },
    { "blkio.weight_device",             device_number, "BlockIODeviceWeight" },
    { "blkio.throttle.read_bps_device",  device_number, "BlockIOReadBandwidth" },
    { "blkio.throttle.write_bps_device", device_number, "BlockIOWriteBandwidth" },
};
/* clang-format on */

static int convert(struct limits *l, bool is_v2)
{
    size_t n = is_v2 ? sizeof v2 / sizeof *v2 : sizeof v1 / sizeof *v1;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(is_v2 ? v2[i].file : v1[i].file, l->file))
            continue;
        l->property = is_v2 ? v2[i].property : v1[i].property;
        return is_v2 ? v2[i].convert(l) : v1[i].convert(l);
    }
    return 0;
}

/* Where a file may be called otherwise (io.bfq.weight), systemd knows the common name. */
static int add_write(struct limits *l, const struct plan_cgroup_write *w, bool is_v2)
{
    l->write = w;
    l->file = w->fallback ? w->fallback : w->file;
    l->value = w->fallback && w->fallback_value ? w->fallback_value : w->value;
    return convert(l, is_v2);
}

int plan_systemd_limits_add(struct plan_systemd_properties *list, const struct plan_facts *facts,
                            const struct plan_cgroup_writes *writes, struct err *err)
{
    struct limits l = { .list = list, .err = err };
    int failed = 0;

    for (size_t i = 0; i < writes->n; i++) {
        int r = add_write(&l, &writes->v[i], facts->cgroup_layout == PLAN_CGROUP_V2);

        if (r < 0 && !err->collect)
            return r;
        failed = failed ? failed : r;
    }
    if (failed || (l.quota == 0 && l.period == 0))
        return failed;
    return set_bandwidth(&l, l.quota, l.period);
}
