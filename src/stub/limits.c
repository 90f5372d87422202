/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits.c - scheduling, memory policy, personality, rlimits and umask of the program.
 */
#include <linux/errno.h>
#include <asm/resource.h>
#include <linux/ioprio.h>
#include <linux/sched.h>

#include "stub/run.h"
#include "stub/sys.h"

enum { PRIORITY_MAX = 99 }; /* MAX_RT_PRIO - 1 */

int limits_affinity(struct stub *s)
{
    struct stub_span mask = s->config->affinity;
    long r = 0;

    if (stub_has(s, STUB_AFFINITY))
        r = sys_call3(__NR_sched_setaffinity, 0, mask.size, stub_data(s, mask));
    return r < 0 ? (int) r : 0;
}

static bool is_realtime(const struct stub_scheduler *scheduler)
{
    return scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;
}

/*
 * With a seccomp listener the process spins until a thread of it has sent that (see notify.c). On a single
 * CPU the thread would never run beside a spinning real-time process: so both begin one step higher, and the
 * process alone goes down.
 */
int limits_scheduler(struct stub *s)
{
    struct stub_scheduler scheduler = s->config->scheduler;

    if (!stub_has(s, STUB_SCHEDULER))
        return 0;
    if (stub_has(s, STUB_SECCOMP_NOTIFY) && is_realtime(&scheduler) && scheduler.priority < PRIORITY_MAX)
        scheduler.priority++;
    return (int) sys_call3(__NR_sched_setattr, 0, &scheduler, 0);
}

/*
 * There is no step above the highest: the thread has to live off what real-time throttling leaves to others.
 */
bool limits_helper_must_yield(const struct stub *s)
{
    const struct stub_scheduler *scheduler = &s->config->scheduler;

    return stub_has(s, STUB_SCHEDULER) && is_realtime(scheduler) && scheduler->priority >= PRIORITY_MAX;
}

void limits_yield(void)
{
    const struct stub_scheduler other = { .size = sizeof other, .policy = SCHED_NORMAL };

    sys_call3(__NR_sched_setattr, 0, &other, 0);
}

int limits_lower_priority(struct stub *s)
{
    if (!stub_has(s, STUB_SCHEDULER) || !is_realtime(&s->config->scheduler))
        return 0;
    return (int) sys_call3(__NR_sched_setattr, 0, &s->config->scheduler, 0);
}

int limits_io_priority(struct stub *s)
{
    if (!stub_has(s, STUB_IO_PRIORITY))
        return 0;
    return (int) sys_call3(__NR_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, s->config->io_priority);
}

int limits_personality(struct stub *s)
{
    long r = 0;

    if (stub_has(s, STUB_PERSONALITY))
        r = sys_call3(__NR_personality, s->config->personality, 0, 0);
    return r < 0 ? (int) r : 0;
}

int limits_umask(struct stub *s)
{
    sys_call3(__NR_umask, s->config->umask, 0, 0);
    return 0;
}

static int set_limit(const struct stub_rlimit *limit)
{
    return (int) sys_call(__NR_prlimit64, 0, limit->resource, &limit->soft, 0, 0);
}

/*
 * While a process gives birth there are two of the user's.  So the limit on them is only raised here, if it
 * is to be, and lowered where no further process is to come, which needs no privilege.
 */
static int widen_processes(const struct stub_rlimit *limit)
{
    struct stub_rlimit wide = *limit, now = { 0 };
    long r = sys_call(__NR_prlimit64, 0, limit->resource, 0, &now.soft, 0);

    if (r < 0)
        return (int) r;
    if (now.hard > wide.hard)
        wide.hard = now.hard;
    wide.soft = wide.hard;
    return set_limit(&wide);
}

int limits_rlimits(struct stub *s)
{
    const struct stub_rlimit *limit = stub_data(s, s->config->rlimits),
                             *end = stub_end(s, s->config->rlimits);

    for (; limit < end; limit++, s->item++) {
        bool later = limit->resource == RLIMIT_NPROC && stub_has(s, STUB_BIRTH);
        int r = later ? widen_processes(limit) : set_limit(limit);

        if (r < 0)
            return r;
    }
    return 0;
}

int limits_processes(struct stub *s)
{
    const struct stub_rlimit *limit = stub_data(s, s->config->rlimits),
                             *end = stub_end(s, s->config->rlimits);
    int r = 0;

    for (; limit < end && r >= 0; limit++)
        if (limit->resource == RLIMIT_NPROC)
            r = set_limit(limit);
    return r;
}
