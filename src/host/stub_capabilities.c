/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub_capabilities.c - which of the configured capabilities can be had.
 */
#include "host/stub_capabilities.h"
#include "plan/capability_name.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The members of struct oci_capabilities, for the warnings' property. */
static const size_t members[STUB_CAPABILITY_SETS] = {
    [STUB_BOUNDING] = offsetof(struct oci_capabilities, bounding),
    [STUB_EFFECTIVE] = offsetof(struct oci_capabilities, effective),
    [STUB_PERMITTED] = offsetof(struct oci_capabilities, permitted),
    [STUB_INHERITABLE] = offsetof(struct oci_capabilities, inheritable),
    [STUB_AMBIENT] = offsetof(struct oci_capabilities, ambient),
};

static int own_permitted(uint64_t *ret)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    *ret = data[0].permitted | (uint64_t) data[1].permitted << 32;
    return 0;
}

/* Those of WANTED that our bounding set has; EINVAL: the kernel knows no such capability. */
static int own_bounding(uint64_t wanted, uint64_t *ret)
{
    uint64_t set = 0;

    for (unsigned i = 0; i < 64; i++) {
        int r = wanted >> i & 1 ? prctl(PR_CAPBSET_READ, i, 0, 0, 0) : 0;

        if (r < 0 && errno != EINVAL)
            return -errno;
        if (r == 1)
            set |= UINT64_C(1) << i;
    }
    *ret = set;
    return 0;
}

static void warn(const struct plan_process *process, enum stub_capability_set set, uint64_t left_out,
                 const char *why, struct err *err)
{
    const struct oci_capabilities *from = process->from ? process->from->capabilities : NULL;

    for (unsigned i = 0; i < 64; i++) {
        char *name;

        if (!(left_out >> i & 1))
            continue;
        name = plan_capability_name((cap_value_t) i);
        if (from)
            err_warn_at(err, &from->node, members[set], "%s is left out: %s", name ? name : "?", why);
        else
            err_warn(err, "capability %s is left out: %s", name ? name : "?", why);
        (void) cap_free(name);
    }
}

static void restrict_to(const struct plan_process *process, uint64_t *sets, enum stub_capability_set set,
                        uint64_t possible, const char *why, struct err *err)
{
    uint64_t left_out = sets[set] & ~possible;

    if (left_out)
        warn(process, set, left_out, why, err);
    sets[set] &= possible;
}

int host_stub_capabilities(const struct plan_process *process, bool user_namespace,
                           uint64_t ret[STUB_CAPABILITY_SETS], struct err *err)
{
    uint64_t sets[STUB_CAPABILITY_SETS], permitted = ~UINT64_C(0), bounding = ~UINT64_C(0);
    int r;

    if (!user_namespace) {
        r = own_permitted(&permitted);
        if (r >= 0)
            r = own_bounding(process->capabilities[STUB_BOUNDING], &bounding);
        if (r < 0)
            return err_set(err, ERR_CAPABILITY, r, "read the runtime's own capabilities");
    }
    for (unsigned i = 0; i < STUB_CAPABILITY_SETS; i++)
        sets[i] = process->capabilities[i];
    restrict_to(process, sets, STUB_BOUNDING, bounding, "the runtime does not have it in its bounding set",
                err);
    restrict_to(process, sets, STUB_PERMITTED, permitted, "the runtime does not have it", err);
    restrict_to(process, sets, STUB_EFFECTIVE, sets[STUB_PERMITTED], "it is not permitted", err);
    restrict_to(process, sets, STUB_INHERITABLE, permitted & sets[STUB_BOUNDING],
                "it is not in the bounding set", err);
    restrict_to(process, sets, STUB_AMBIENT, sets[STUB_PERMITTED] & sets[STUB_INHERITABLE],
                "it is not both permitted and inheritable", err);
    for (unsigned i = 0; i < STUB_CAPABILITY_SETS; i++)
        ret[i] = sets[i];
    return 0;
}
