/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capabilities.c - the five sets of capabilities(7), but for the bounding one.
 *
 * The inheritable set is exactly what was configured and otherwise empty
 * (CVE-2022-24769 and its family filled it with the bounding set).
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/prctl.h>

#include "stub/run.h"
#include "stub/sys.h"

struct sets {
    uint64_t effective, permitted, inheritable;
};

static int set(const struct sets *sets)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    const struct __user_cap_data_struct data[2] = {
        { (uint32_t) sets->effective, (uint32_t) sets->permitted, (uint32_t) sets->inheritable },
        { (uint32_t) (sets->effective >> 32), (uint32_t) (sets->permitted >> 32),
          (uint32_t) (sets->inheritable >> 32) },
    };

    return (int) sys_capset(&header, data);
}

static int get_permitted(uint64_t *ret)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    long r = sys_capget(&header, data);

    if (r < 0)
        return (int) r;
    *ret = data[0].permitted | (uint64_t) data[1].permitted << 32;
    return 0;
}

static int drop(const struct stub *s)
{
    const uint64_t *config = s->config->capabilities;
    const struct sets final = { config[STUB_EFFECTIVE], config[STUB_PERMITTED], config[STUB_INHERITABLE] };

    return set(&final);
}

/* The same, but still with what loading a filter needs. */
static int set_inheritable(const struct stub *s)
{
    const uint64_t needed = (uint64_t) 1 << CAP_SYS_ADMIN; /* seccomp(2) */
    struct sets sets = { .inheritable = s->config->capabilities[STUB_INHERITABLE] };
    int r = get_permitted(&sets.permitted);

    if (r < 0)
        return r;
    sets.permitted &= s->config->capabilities[STUB_PERMITTED] | needed;
    sets.effective = sets.permitted;
    return set(&sets);
}

static int raise_ambient(const struct stub *s)
{
    uint64_t ambient = s->config->capabilities[STUB_AMBIENT];
    long r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);

    for (unsigned i = 0; i < 64 && r == 0; i++)
        if (stub_bit(ambient, i))
            r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i);
    return (int) r;
}

int capabilities_set(struct stub *s)
{
    int r;

    s->item = 2;
    r = stub_filter_needs_capability(s) ? set_inheritable(s) : drop(s);
    if (r < 0)
        return r;
    s->item = 3;
    return raise_ambient(s);
}

/* Ambient capabilities survive this: they are in the permitted and inheritable sets that stay. */
static int drop_last(struct stub *s, bool first)
{
    s->item = 2;
    return stub_filter_needs_capability(s) && stub_has(s, STUB_FILTER_FIRST) == first ? drop(s) : 0;
}

int capabilities_drop_first(struct stub *s)
{
    return drop_last(s, true);
}

int capabilities_drop(struct stub *s)
{
    return drop_last(s, false);
}
