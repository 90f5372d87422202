/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scheduler.c - scheduling policy and I/O priority (config.md "scheduler", sched_setattr(2), ioprio_set(2)).
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>

#include "plan/compile.h"

/* Bit number and one, since 0 is no word. */
static const char *const flag_names[] = {
    NULL,
    "SCHED_FLAG_RESET_ON_FORK",
    "SCHED_FLAG_RECLAIM",
    "SCHED_FLAG_DL_OVERRUN",
    "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_KEEP_PARAMS",
    "SCHED_FLAG_UTIL_CLAMP_MIN",
    "SCHED_FLAG_UTIL_CLAMP_MAX",
};
static const struct json_words flag_words = { flag_names, sizeof flag_names / sizeof *flag_names };

static const uint32_t policies[] = {
    [OCI_SCHED_OTHER] = SCHED_NORMAL, [OCI_SCHED_FIFO] = SCHED_FIFO, [OCI_SCHED_RR] = SCHED_RR,
    [OCI_SCHED_BATCH] = SCHED_BATCH,  [OCI_SCHED_IDLE] = SCHED_IDLE, [OCI_SCHED_DEADLINE] = SCHED_DEADLINE,
};

enum {
    SCHED_ATTR_SIZE = 56,  /* with util_min and util_max: Linux 5.3 */
    UTIL_MAX = 1024,       /* SCHED_CAPACITY_SCALE: no clamp */
    DEADLINE_LEAST = 1024, /* nanoseconds: what the kernel's arithmetic needs (1 << DL_SCALE) */
};

static int compile_flags(const struct oci_scheduler *from, struct stub_scheduler *s, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->flags.n; i++) {
        unsigned word = plan_word(&flag_words, from->flags.v[i], "flag", &from->node,
                                  offsetof(struct oci_scheduler, flags), i, ERR_SCHEDULER, err);

        if (!plan_go_on(err, word ? 0 : -EINVAL, &failed))
            return failed;
        if (word)
            s->flags |= UINT64_C(1) << (word - 1);
    }
    return failed;
}

static int check_nice(const struct oci_scheduler *from, struct err *err)
{
    if (from->nice < -20 || from->nice > 19)
        return ERR_AT(err, from, nice, ERR_SCHEDULER, 0, "%d is out of range, which is -20 to 19",
                      from->nice);
    return 0;
}

static int check_priority(const struct oci_scheduler *from, struct err *err)
{
    bool realtime = from->policy == OCI_SCHED_FIFO || from->policy == OCI_SCHED_RR;

    if (!realtime && from->priority)
        return ERR_AT(err, from, priority, ERR_SCHEDULER, 0, "only SCHED_FIFO and SCHED_RR have a priority");
    if (realtime && (from->priority < 1 || from->priority > 99))
        return ERR_AT(err, from, priority, ERR_SCHEDULER, 0, "%s needs a priority from 1 to 99, not %d",
                      json_word(&oci_sched_policies, from->policy), from->priority);
    return 0;
}

static int only_for_deadline(const struct oci_scheduler *from, struct err *err)
{
    const char *what = "only SCHED_DEADLINE has this";

    if (from->runtime)
        return ERR_AT(err, from, runtime, ERR_SCHEDULER, 0, "%s", what);
    if (from->deadline)
        return ERR_AT(err, from, deadline, ERR_SCHEDULER, 0, "%s", what);
    if (from->period)
        return ERR_AT(err, from, period, ERR_SCHEDULER, 0, "%s", what);
    return 0;
}

/* runtime <= deadline <= period; a period of 0 is the deadline (sched(7)). */
static int check_deadline(const struct oci_scheduler *from, struct err *err)
{
    if (from->policy != OCI_SCHED_DEADLINE)
        return only_for_deadline(from, err);
    if (from->runtime < DEADLINE_LEAST)
        return ERR_AT(err, from, runtime, ERR_SCHEDULER, 0,
                      "SCHED_DEADLINE needs at least %d nanoseconds, not %" PRIu64, DEADLINE_LEAST,
                      from->runtime);
    if (from->deadline < from->runtime)
        return ERR_AT(err, from, deadline, ERR_SCHEDULER, 0, "%" PRIu64 " is less than the runtime, %" PRIu64,
                      from->deadline, from->runtime);
    if (from->deadline > INT64_MAX)
        return ERR_AT(err, from, deadline, ERR_SCHEDULER, 0, "%" PRIu64 " is more than %" PRId64,
                      from->deadline, INT64_MAX);
    if (from->period && from->period < from->deadline)
        return ERR_AT(err, from, period, ERR_SCHEDULER, 0, "%" PRIu64 " is less than the deadline, %" PRIu64,
                      from->period, from->deadline);
    if (from->period > INT64_MAX)
        return ERR_AT(err, from, period, ERR_SCHEDULER, 0, "%" PRIu64 " is more than %" PRId64, from->period,
                      INT64_MAX);
    return 0;
}

static int check_policy(const struct oci_scheduler *from, struct err *err)
{
    if (from->policy == OCI_SCHED_ISO)
        return ERR_AT(err, from, policy, ERR_UNSUPPORTED, 0,
                      "Linux has reserved the name SCHED_ISO, but has no such policy");
    return 0;
}

int plan_scheduler_compile(const struct oci_process *process, struct plan_process *p, struct err *err)
{
    static int (*const checks[])(const struct oci_scheduler *, struct err *) = {
        check_policy,
        check_nice,
        check_priority,
        check_deadline,
    };
    const struct oci_scheduler *from = process->scheduler;
    int failed = 0;

    if (!from)
        return 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (!plan_go_on(err, checks[i](from, err), &failed))
            return failed;
    p->scheduler = (struct stub_scheduler){
        .size = SCHED_ATTR_SIZE,
        .policy = policies[from->policy == OCI_SCHED_ISO ? OCI_SCHED_OTHER : from->policy],
        .nice = from->nice,
        .priority = (uint32_t) from->priority,
        .runtime = from->runtime,
        .deadline = from->deadline,
        .period = from->period,
        /* The specification has flags for the clamps but no values: then there are none. */
        .util_min = 0,
        .util_max = UTIL_MAX,
    };
    p->has_scheduler = true;
    (void) plan_go_on(err, compile_flags(from, &p->scheduler, err), &failed);
    return failed;
}

int plan_io_priority_compile(const struct oci_process *process, struct plan_process *p, struct err *err)
{
    enum { CLASS_SHIFT = 13 };
    static const int classes[] = { [OCI_IO_RT] = 1, [OCI_IO_BE] = 2, [OCI_IO_IDLE] = 3 };
    const struct oci_io_priority *from = process->io_priority;

    if (!from)
        return 0;
    if (from->priority < 0 || from->priority > 7)
        return ERR_AT(err, from, priority, ERR_SCHEDULER, 0, "%d is out of range, which is 0 to 7",
                      from->priority);
    p->has_io_priority = true;
    p->io_priority = classes[from->class] << CLASS_SHIFT | from->priority;
    return 0;
}
