/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.c - what the facts of a host mean for containers.
 */
#include "plan/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "plan/doctor_job.h"

struct doctor_finding *doctor_add(struct doctor_job *job, const char *name, enum doctor_verdict verdict)
{
    struct doctor_finding *f = arena_alloc(job->arena, sizeof *f), **grown;
    size_t n = job->report->findings.n;

    grown = arena_array(job->arena, n + 1, sizeof *grown);
    if (!f || !grown) {
        job->failed = true;
        return NULL;
    }
    if (n)
        memcpy(grown, job->report->findings.v, n * sizeof *grown);
    grown[n] = f;
    job->report->findings.v = grown;
    job->report->findings.n = n + 1;
    f->area = (char *) (uintptr_t) job->area;
    f->name = (char *) (uintptr_t) name;
    f->verdict = verdict;
    return f;
}

void doctor_found(struct doctor_job *job, struct doctor_finding *f, const char *fmt, ...)
{
    autotext struct text text = { 0 };
    va_list ap;

    va_start(ap, fmt);
    text_vadd(&text, fmt, ap);
    va_end(ap);
    if (!f)
        return;
    f->found = text_result(&text) < 0 ? NULL : arena_strdup(job->arena, text_string(&text));
    job->failed |= !f->found;
}

void doctor_lacks(struct doctor_finding *f, const char *costs, const char *remedy)
{
    if (!f || f->verdict == DOCTOR_OK)
        return;
    f->costs = (char *) (uintptr_t) costs;
    f->remedy = (char *) (uintptr_t) remedy;
}

void doctor_need(struct doctor_finding *f, bool needed)
{
    if (f)
        f->needed = needed;
}

bool doctor_lists(const struct json_strings *list, const char *s)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i], s) == 0)
            return true;
    return false;
}

char *doctor_joined(struct doctor_job *job, const struct json_strings *list)
{
    autotext struct text text = { 0 };
    char *s;

    for (size_t i = 0; i < list->n; i++)
        text_add(&text, "%s%s", i ? " " : "", list->v[i]);
    s = text_result(&text) < 0 ? NULL : arena_strdup(job->arena, list->n ? text_string(&text) : "none");
    job->failed |= !s;
    return s;
}

int doctor_judge(const struct doctor_facts *facts, struct arena *arena, struct doctor_report *ret)
{
    struct doctor_report report = { .node.type = &doctor_report_type, .able = true };
    struct doctor_job job = { .facts = facts, .arena = arena, .report = &report };

    doctor_judge_kernel(&job);
    doctor_judge_namespaces(&job);
    doctor_judge_cgroup(&job);
    doctor_judge_caller(&job);
    doctor_judge_host(&job);
    if (job.failed)
        return -ENOMEM;
    for (size_t i = 0; i < report.findings.n; i++)
        if (report.findings.v[i]->needed && report.findings.v[i]->verdict == DOCTOR_MISSING)
            report.able = false;
    *ret = report;
    return 0;
}
