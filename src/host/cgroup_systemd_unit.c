/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_unit.c - starts a transient unit.
 *
 * What can go wrong beside a plain refusal: a unit of that name is left from before, and perhaps about to go
 * away; systemd executes itself anew (daemon-reexec) and drops the connection; it is too busy to answer.
 */
#include "host/cgroup_systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "host/cgroup_dirs.h"

#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"

/* ---- asking -------------------------------------------------------------------------------------------- */

void host_systemd_start_done(struct host_systemd_start *start)
{
    host_systemd_talk_close(&start->talk);
    *start = (struct host_systemd_start){ .arguments = NULL };
}

static struct plan_variant *string(struct host_systemd_start *start, const char *s)
{
    return plan_variant_string(&start->talk.arena, s);
}

static int add_place(struct host_systemd_start *start, struct plan_variant *list, const char *slice,
                     pid_t pid)
{
    struct arena *arena = &start->talk.arena;
    struct plan_variant *pids = plan_variant_container(arena, "au");
    int r = 0;

    if (slice)
        r = host_systemd_add_property(arena, list, "Slice", string(start, slice));
    if (r < 0 || pid == 0)
        return r;
    r = plan_variant_append(arena, pids, plan_variant_natural(arena, "u", (uint64_t) pid));
    return r < 0 ? r : host_systemd_add_property(arena, list, "PIDs", pids);
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) more units) */
static int make_arguments(struct host_systemd_start *start, const struct plan_systemd_properties *properties,
                          const char *slice, pid_t pid)
{
    struct arena *arena = &start->talk.arena;
    struct plan_variant *list = host_systemd_property_list(arena, properties);

    if (!list || add_place(start, list, slice, pid) < 0)
        return -ENOMEM;
    start->talk.unit = arena_strdup(arena, start->talk.unit);
    start->arguments = TUPLE(arena, "(ssa(sv)a(sa(sv)))", string(start, start->talk.unit),
                             string(start, "fail"), list, plan_variant_container(arena, "a(sa(sv))"));
    return start->arguments ? 0 : -ENOMEM;
}

static int send_start(struct host_systemd_start *start)
{
    struct host_systemd_talk *talk = &start->talk;

    return sdbus_send(talk->bus, NULL, NULL, "StartTransientUnit", start->arguments, talk->time,
                      &start->number);
}

int host_systemd_start(struct host_systemd_start *start, enum sdbus_whose whose, const char *unit,
                       const struct plan_systemd_properties *properties, const char *slice, pid_t pid,
                       struct err *err)
{
    int r;

    *start = (struct host_systemd_start){
        .talk = { .whose = whose, .unit = unit, .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE },
    };
    r = host_systemd_talk_open(&start->talk, err);
    if (r == 0 && make_arguments(start, properties, slice, pid) < 0)
        r = err_nomem(err);
    if (r == 0) {
        r = send_start(start);
        if (r < 0)
            r = host_systemd_no_answer(&start->talk, "start", r, err);
    }
    if (r < 0)
        host_systemd_start_done(start);
    return r;
}

/* ---- what is left from before -------------------------------------------------------------------------- */

static int in_use(const struct host_systemd_start *start, struct err *err)
{
    const char *unit = start->talk.unit;
    int r =
        err_set(err, ERR_SYSTEMD, EEXIST, "start the systemd unit %s: one of that name has processes", unit);

    err_hint(err, "does another container use this cgroupsPath? `systemctl status %s` shows them", unit);
    return r;
}

static int stays(const struct host_systemd_start *start, struct err *err)
{
    const char *unit = start->talk.unit;
    int r = err_set(err, ERR_SYSTEMD, EEXIST, "start the systemd unit %s: one of that name does not go away",
                    unit);

    err_hint(err, "`systemctl status %s` shows it", unit);
    return r;
}

static bool says(const struct sdbus_event *event, const char *text)
{
    return event->kind == SDBUS_REPLY && event->text && !strcmp(event->text, text);
}

/* Stops the unit of our name if it has no processes. */
static int stop_empty(struct host_systemd_start *start, struct err *err)
{
    struct plan_variant *arguments =
        TUPLE(&start->talk.arena, "(ss)", string(start, start->talk.unit), string(start, "replace"));
    struct sdbus_event event;
    int r = arguments ? host_systemd_get_cgroup(&start->talk, &event) : -ENOMEM;

    if (r == 0 && event.kind == SDBUS_REPLY && event.text && host_systemd_is_populated(event.text))
        return in_use(start, err);
    return r < 0 ? r : host_systemd_call(&start->talk, "StopUnit", arguments, &event);
}

/*
 * A unit of our name is there.  One that failed is forgotten, one whose processes are gone is stopped; one on
 * its way out is waited for.  Then it is tried again.  Where ERR is not filled, the connection is lost.
 */
static int clear_way(struct host_systemd_start *start, int *step, struct err *err)
{
    struct plan_variant *name = TUPLE(&start->talk.arena, "(s)", string(start, start->talk.unit));
    struct sdbus_event event;
    int r = name ? host_systemd_get(&start->talk, "ActiveState", &event) : -ENOMEM;

    if (r == 0 && says(&event, "failed"))
        r = host_systemd_call(&start->talk, "ResetFailedUnit", name, &event);
    else if (r == 0 && says(&event, "active"))
        r = stop_empty(start, err);
    if (r == 0 && host_cgroup_pause(step, start->talk.time) < 0)
        return stays(start, err);
    return r < 0 ? r : send_start(start);
}

/* ---- until it is there --------------------------------------------------------------------------------- */

/* systemd went away and came back: is the unit there, or has it never heard of it? */
static int ask_again(struct host_systemd_start *start, bool *ret_there, struct err *err)
{
    struct sdbus_event event;
    int step = 10, r = host_cgroup_pause(&step, start->talk.time);

    if (r == 0)
        r = host_systemd_talk_open(&start->talk, err);
    if (r == 0)
        r = host_systemd_get(&start->talk, "ActiveState", &event);
    if (r == 0) {
        *ret_there = says(&event, "active");
        r = *ret_there ? 0 : send_start(start);
    }
    return r;
}

static int job_failed(const struct host_systemd_start *start, struct err *err)
{
    int r = err_set(err, ERR_SYSTEMD, 0, "start the systemd unit %s: its job ended with \"%s\"",
                    start->talk.unit, start->talk.result);

    err_hint(err, "`journalctl -u %s` or systemd's own log tell why", start->talk.unit);
    return r;
}

/* One message of systemd's: to us, or about a job.  *JOB becomes ours when systemd tells it. */
static int read_one(struct host_systemd_start *start, char **job, int *step, struct err *err)
{
    struct sdbus_event event;
    int r = sdbus_next(start->talk.bus, start->talk.time, &event);

    if (r < 0)
        return r;
    if (event.kind == SDBUS_JOB_REMOVED)
        return host_systemd_note_job(&start->talk, &event);
    if (event.number != start->number)
        return 0;
    if (event.kind == SDBUS_ERROR)
        return strcmp(event.name, UNIT_EXISTS) ? host_systemd_refused(&start->talk, "start", &event, err)
                                               : clear_way(start, step, err);
    free(*job);
    *job = strdup(event.text ? event.text : "");
    return *job ? 0 : -ENOMEM;
}

int host_systemd_started(struct host_systemd_start *start, struct err *err)
{
    const struct host_systemd_talk *talk = &start->talk;
    autofree char *job = NULL;
    bool there = false;
    int step = 1, r;

    while (!there && !(job && talk->removed_job && !strcmp(job, talk->removed_job))) {
        r = read_one(start, &job, &step, err);
        while (r == -ECONNRESET && !err_is_set(err))
            r = ask_again(start, &there, err);
        if (r < 0)
            return err_is_set(err) ? r : host_systemd_no_answer(talk, "start", r, err);
    }
    return there || !strcmp(talk->result, "done") ? 0 : job_failed(start, err);
}

int host_systemd_control_group(struct host_systemd_start *start, char **ret, struct err *err)
{
    struct sdbus_event event;
    char *path;
    int r = host_systemd_get_cgroup(&start->talk, &event);

    if (r < 0)
        return host_systemd_no_answer(&start->talk, "ask for the cgroup of", r, err);
    if (event.kind == SDBUS_ERROR)
        return host_systemd_refused(&start->talk, "ask for the cgroup of", &event, err);
    if (!event.text || *event.text != '/')
        return err_set(err, ERR_SYSTEMD, 0, "the systemd unit %s has no cgroup", start->talk.unit);
    path = strdup(event.text);
    if (!path)
        return err_nomem(err);
    *ret = path;
    return 0;
}
