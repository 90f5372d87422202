/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_job.h - how findings are made.  For plan/doctor*.c only.
 */
#ifndef OCIRT_PLAN_DOCTOR_JOB_H
#define OCIRT_PLAN_DOCTOR_JOB_H

#include "plan/doctor.h"

struct doctor_job {
    const struct doctor_facts *facts;
    struct arena *arena;
    struct doctor_report *report;
    const char *area; /* of the findings that follow */
    bool failed;      /* out of memory */
};

void doctor_judge_kernel(struct doctor_job *job);
void doctor_judge_namespaces(struct doctor_job *job);
void doctor_judge_cgroup(struct doctor_job *job);
void doctor_judge_caller(struct doctor_job *job);
void doctor_judge_host(struct doctor_job *job);

/* A finding about NAME, a constant; NULL if out of memory, which the functions below take. */
struct doctor_finding *doctor_add(struct doctor_job *job, const char *name, enum doctor_verdict verdict);

/* What was seen. */
void doctor_found(struct doctor_job *job, struct doctor_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * What the lack costs, and how to get it: kept unless the verdict is OK.  The strings live as long as the
 * report.
 */
void doctor_lacks(struct doctor_finding *f, const char *costs, const char *remedy);

/* Without it no container runs. */
void doctor_need(struct doctor_finding *f, bool needed);

bool doctor_lists(const struct json_strings *list, const char *s);

/* The words of LIST with a space between; "none" for an empty one.  NULL if out of memory. */
char *doctor_joined(struct doctor_job *job, const struct json_strings *list);

#endif
