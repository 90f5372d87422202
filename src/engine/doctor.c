/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.c - what this host can do for containers, told finding by finding or as JSON.
 */
#include <errno.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "engine/context.h"
#include "host/doctor.h"

static int examine(const struct ocirt *ocirt, struct arena *arena, struct doctor_report *ret, struct err *err)
{
    autoclose int proc_fd = procfs_open();
    struct doctor_facts *facts = doctor_facts_new(arena);
    struct plan_facts host;
    int r;

    if (proc_fd < 0)
        return err_set(err, ERR_KERNEL, proc_fd, "open a procfs");
    if (!facts)
        return err_nomem(err);
    r = engine_facts(ocirt, arena, &host, err);
    if (r < 0)
        return r;
    if (host_doctor_facts(&host, proc_fd, ocirt->root, arena, facts) < 0 ||
        doctor_judge(facts, arena, ret) < 0)
        return err_nomem(err);
    return 0;
}

static const enum ocirt_verdict verdicts[] = {
    [DOCTOR_OK] = OCIRT_OK,
    [DOCTOR_LIMITED] = OCIRT_LIMITED,
    [DOCTOR_MISSING] = OCIRT_MISSING,
};

int ocirt_doctor(struct ocirt *ocirt, int (*each)(void *context, const struct ocirt_finding *finding),
                 void *context, bool *ret_able, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    autoarena struct arena arena = { 0 };
    struct doctor_report report = { 0 };
    int r = examine(ocirt, &arena, &report, &err);

    for (size_t i = 0; r == 0 && i < report.findings.n; i++) {
        const struct doctor_finding *f = report.findings.v[i];
        const struct ocirt_finding finding = {
            .size = sizeof finding,
            .area = f->area,
            .name = f->name,
            .verdict = verdicts[f->verdict],
            .needed = f->needed,
            .found = f->found,
            .costs = f->costs,
            .remedy = f->remedy,
        };

        r = each(context, &finding);
    }
    if (err_is_set(&err))
        return engine_result(r, &err, ret_error);
    *ret_able = report.able;
    return r;
}

int ocirt_doctor_json(struct ocirt *ocirt, char **ret_json, bool *ret_able, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    autoarena struct arena arena = { 0 };
    struct json_text text = { 0 };
    struct doctor_report report = { 0 };
    int r = examine(ocirt, &arena, &report, &err);

    if (r >= 0 && json_write_text(&report, JSON_PRETTY, &text) < 0)
        r = err_nomem(&err);
    if (r >= 0) {
        *ret_json = take_ptr(&text.v);
        *ret_able = report.able;
    }
    json_text_free(&text);
    return engine_result(r, &err, ret_error);
}
