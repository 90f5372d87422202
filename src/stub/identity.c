/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity.c - becomes the user.
 *
 * By raw system calls: libc would tell its threads, and there are none.
 */
#include <linux/errno.h>
#include <linux/prctl.h>

#include "stub/run.h"
#include "stub/sys.h"

/* Without CAP_SETPCAP nothing can be dropped, but it may be absent already. */
static long drop_from_bounding(unsigned capability)
{
    long r = sys_prctl(PR_CAPBSET_DROP, capability, 0);

    return r == -EPERM && sys_prctl(PR_CAPBSET_READ, capability, 0) == 0 ? 0 : r;
}

/* Empties the bounding set but for what is to stay; keeps all over setresuid(2). */
int identity_bounding(struct stub *s)
{
    uint64_t keep = s->config->capabilities[STUB_BOUNDING];

    for (unsigned i = 0; i < 64; i++) {
        long r = stub_bit(keep, i) ? 0 : drop_from_bounding(i);

        if (r == -EINVAL) /* past the kernel's last one */
            break;
        if (r < 0)
            return (int) r;
    }
    s->item = 1;
    return (int) sys_prctl(PR_SET_KEEPCAPS, 1, 0);
}

int identity_groups(struct stub *s)
{
    struct stub_span groups = s->config->groups;

    if (stub_has(s, STUB_KEEP_GROUPS))
        return 0;
    if (stub_has(s, STUB_SET_GROUPS_DENIED) && groups.size == 0)
        return 0;
    return (int) sys_call3(NR_setgroups, groups.size / sizeof(uint32_t), stub_data(s, groups), 0);
}

/* To setresuid(2) and setresgid(2) -1 means "leave it as it is", which is root. */
static bool is_unchanged(uint32_t id)
{
    return id == UINT32_MAX;
}

int identity_gid(struct stub *s)
{
    if (is_unchanged(s->config->gid))
        return -EINVAL;
    return (int) sys_call3(NR_setresgid, s->config->gid, s->config->gid, s->config->gid);
}

int identity_uid(struct stub *s)
{
    long r;

    if (is_unchanged(s->config->uid))
        return -EINVAL;
    r = sys_call3(NR_setresuid, s->config->uid, s->config->uid, s->config->uid);
    /* A change of uid sets what the sysctl fs.suid_dumpable says, which may be "dumpable". */
    sys_prctl(PR_SET_DUMPABLE, 0, 0);
    return (int) r;
}
