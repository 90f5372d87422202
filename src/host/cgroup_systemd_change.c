/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_change.c - changes and stops a unit that is there.
 *
 * Each of these can be said twice: where systemd goes away in the middle, it is said again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "host/cgroup_dirs.h"
#include "host/cgroup_systemd_unit.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

struct change {
    struct host_systemd_talk talk;
    const char *what;               /* "stop", for errors */
    const char *member;             /* the method, */
    struct plan_variant *arguments; /* and what it gets */
    bool if_empty;                  /* stop */
};

#define CHANGE(whose_, unit_, what_, member_) \
    { \
        .talk = { .whose = (whose_), .unit = (unit_), .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE }, \
        .what = (what_), .member = (member_), \
    }

/* SAY returns -ECONNRESET, with ERR not filled, for what is to be said again. */
static int say(struct change *change, int (*say_it)(struct change *change, struct err *err), struct err *err)
{
    int step = 10, r = change->arguments ? -ECONNRESET : err_nomem(err);

    while (r == -ECONNRESET && !err_is_set(err)) {
        r = host_systemd_talk_open(&change->talk, err);
        if (r == 0)
            r = say_it(change, err);
        if (r == -ECONNRESET && host_cgroup_pause(&step, change->talk.time) < 0)
            r = -ETIMEDOUT;
    }
    if (r < 0 && !err_is_set(err))
        r = host_systemd_no_answer(&change->talk, change->what, r, err);
    host_systemd_talk_close(&change->talk);
    return r;
}

/* ---- stop ---------------------------------------------------------------------------------------------- */

static int await_job(struct host_systemd_talk *talk, uint64_t number, struct err *err)
{
    autofree char *job = NULL;
    int r = 0;

    while (r == 0 && !(job && talk->removed_job && !strcmp(job, talk->removed_job))) {
        struct sdbus_event event;

        r = sdbus_next(talk->bus, talk->time, &event);
        if (r < 0)
            return r;
        if (event.kind == SDBUS_JOB_REMOVED) {
            r = host_systemd_note_job(talk, &event);
        } else if (event.number == number && event.kind == SDBUS_ERROR) {
            return strcmp(event.name, NO_SUCH_UNIT) ? host_systemd_refused(talk, "stop", &event, err) : 0;
        } else if (event.number == number) {
            job = strdup(event.text ? event.text : "");
            r = job ? 0 : -ENOMEM;
        }
    }
    return r;
}

static int stop(struct change *change, struct err *err)
{
    struct host_systemd_talk *talk = &change->talk;
    struct sdbus_event event = { .text = NULL };
    uint64_t number;
    int r = change->if_empty ? host_systemd_get_cgroup(talk, &event) : 0;

    /* A unit that is not loaded has no cgroup. */
    if (r == 0 && event.kind == SDBUS_REPLY && event.text && *event.text &&
        host_systemd_is_populated(event.text))
        return 0;
    if (r == 0)
        r = sdbus_send(talk->bus, NULL, NULL, change->member, change->arguments, talk->time, &number);
    return r < 0 ? r : await_job(talk, number, err);
}

int host_systemd_stop(enum sdbus_whose whose, const char *unit, bool if_empty, struct err *err)
{
    struct change change = CHANGE(whose, unit, "stop", "StopUnit");
    struct arena *arena = &change.talk.arena;

    change.if_empty = if_empty;
    change.arguments =
        TUPLE(arena, "(ss)", plan_variant_string(arena, unit), plan_variant_string(arena, "replace"));
    return say(&change, stop, err);
}

/* ---- attach -------------------------------------------------------------------------------------------- */

static int call(struct change *change, struct err *err)
{
    struct sdbus_event event;
    int r = host_systemd_call(&change->talk, change->member, change->arguments, &event);

    if (r == 0 && event.kind == SDBUS_ERROR)
        r = host_systemd_refused(&change->talk, change->what, &event, err);
    return r;
}

int host_systemd_attach(enum sdbus_whose whose, const char *unit, const char *subgroup, pid_t pid,
                        struct err *err)
{
    struct change change = CHANGE(whose, unit, "put a process into", "AttachProcessesToUnit");
    struct arena *arena = &change.talk.arena;
    struct plan_variant *pids = TUPLE(arena, "au", plan_variant_natural(arena, "u", (uint64_t) pid));
    const char *below = arena_printf(arena, "/%s", subgroup ? subgroup : "");

    change.arguments =
        TUPLE(arena, "(ssau)", plan_variant_string(arena, unit), plan_variant_string(arena, below), pids);
    return say(&change, call, err);
}

/* ---- properties ---------------------------------------------------------------------------------------- */

/*
 * systemd answers before it writes to the cgroup, but it writes before it reads the next message: the answer
 * to that tells that the values are there.
 */
static int call_and_ask(struct change *change, struct err *err)
{
    struct sdbus_event event;
    int r = call(change, err);

    return r < 0 ? r : host_systemd_get(&change->talk, "ActiveState", &event);
}

int host_systemd_set(enum sdbus_whose whose, const char *unit,
                     const struct plan_systemd_properties *properties, struct err *err)
{
    struct change change = CHANGE(whose, unit, "change", "SetUnitProperties");
    struct arena *arena = &change.talk.arena;

    change.arguments = TUPLE(arena, "(sba(sv))", plan_variant_string(arena, unit),
                             plan_variant_bool(arena, true), host_systemd_property_list(arena, properties));
    return say(&change, call_and_ask, err);
}
