/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * birth.c - puts the program's process into a pid namespace in which others live already.
 *
 * With CAP_SYS_PTRACE a process there may trace whoever it sees, dumpable or not, if it is of the same user
 * namespace.  So we stay outside, where nobody sees us, for as long as we have more than the program may
 * have: the namespace was joined for our children only.  What is born into it has the program's identity,
 * capabilities and descriptors, and no other memory than ours, which never was the runtime's.
 * CLONE_PARENT: it is the runtime's child and not ours.
 */
#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/sched.h>

#include "stub/run.h"
#include "stub/sys.h"

enum { SET_CONTROLLING_TERMINAL = 0x540e }; /* TIOCSCTTY; alike everywhere but as in sys.h */

/* clone(2), and not clone3(2): it is what filters allow, which look at its flags. */
static long clone_sibling(void)
{
    const unsigned long flags = CLONE_PARENT | SIGCHLD;

#ifdef __s390x__ /* here the stack comes first */
    return sys_call3(__NR_clone, 0, flags, 0);
#else
    return sys_call3(__NR_clone, flags, 0, 0);
#endif
}

/* Session and terminal are a process's own. */
static int begin_session(const struct stub *s)
{
    long r = sys_call3(__NR_setsid, 0, 0, 0);

    if (r >= 0 && stub_has(s, STUB_TERMINAL))
        r = sys_call3(__NR_ioctl, 0, SET_CONTROLLING_TERMINAL, 0);
    return r < 0 ? (int) r : 0;
}

int birth_give(struct stub *s)
{
    long r = stub_has(s, STUB_BIRTH) ? clone_sibling() : 0;

    if (r < 0 || !stub_has(s, STUB_BIRTH))
        return (int) r;
    if (r > 0)
        sys_exit(0);
    s->item = 1;
    r = begin_session(s);
    if (r >= 0)
        r = limits_processes(s);
    return r < 0 ? (int) r : talk_born(s);
}
