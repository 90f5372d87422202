/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_unit.c - talks with systemd about one unit.
 *
 * What can go wrong beside a plain refusal: a unit of that name is left from before, and perhaps about to go away;
 * systemd executes itself anew (daemon-reexec) and drops the connection; it is too busy to answer.
 */
#include "host/cgroup_systemd_unit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/cgroup_dirs.h"

#define UNIT_EXISTS  "org.freedesktop.systemd1.UnitExists"
#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

/* ---- messages ------------------------------------------------------------------------------------------- */

static struct plan_variant *tuple_of(struct arena *arena, const char *type, struct plan_variant *const *v,
                                     size_t n)
{
    struct plan_variant *tuple = plan_variant_container(arena, type);

    for (size_t i = 0; i < n; i++)
        if (plan_variant_append(arena, tuple, v[i]) < 0)
            return NULL;
    return tuple;
}

#define TUPLE(arena, type, ...) \
    tuple_of(arena, type, (struct plan_variant *const[]){ __VA_ARGS__ }, \
             sizeof((struct plan_variant *const[]){ __VA_ARGS__ }) / sizeof(struct plan_variant *))

static struct plan_variant *string(struct arena *arena, const char *s)
{
    return plan_variant_string(arena, s);
}

/* As (sv), appended to a(sv) LIST. */
static int add_property(struct arena *arena, struct plan_variant *list, const char *name,
                        struct plan_variant *value)
{
    struct plan_variant *variant = TUPLE(arena, "v", value);

    return plan_variant_append(arena, list, TUPLE(arena, "(sv)", string(arena, name), variant));
}

static struct plan_variant *property_list(struct arena *arena,
                                          const struct plan_systemd_properties *properties)
{
    struct plan_variant *list = plan_variant_container(arena, "a(sv)");

    for (size_t i = 0; i < properties->n; i++)
        if (add_property(arena, list, properties->v[i].name, properties->v[i].value) < 0)
            return NULL;
    return list;
}

/* The object of a unit: what is no letter or digit is written as _xx. */
static const char *unit_object(struct arena *arena, const char *unit)
{
    autotext struct text path = { 0 };

    text_add(&path, "/org/freedesktop/systemd1/unit/");
    for (const char *s = unit; *s; s++)
        text_add(&path,
                 isalpha((unsigned char) *s) || (s != unit && isdigit((unsigned char) *s)) ? "%c" : "_%02x",
                 (unsigned char) *s);
    return text_result(&path) < 0 ? NULL : arena_strdup(arena, text_string(&path));
}

/* ---- errors --------------------------------------------------------------------------------------------- */

static int no_answer(const char *what, const char *unit, int r, struct err *err)
{
    r = err_set(err, ERR_SYSTEMD, r,
                r == -ETIMEDOUT ? "%s the systemd unit %s: no answer for %d seconds"
                                : "%s the systemd unit %s",
                what, unit, HOST_SYSTEMD_DEADLINE / 1000);
    if (r == -ETIMEDOUT)
        err_hint(err, "systemd is busy or stopped: `systemctl list-jobs` shows what it waits for");
    return r;
}

static int refused(const char *what, const char *unit, const struct sdbus_event *event, struct err *err)
{
    int r = err_set(err, ERR_SYSTEMD, 0, "%s the systemd unit %s: %s (%s)", what, unit, event->message,
                    event->name);

    if (strstr(event->message, "unknown property") || strstr(event->name, "PropertyReadOnly"))
        err_hint(
            err,
            "this systemd does not know a property that the configuration needs, or that an annotation gives");
    return r;
}

/* ---- one call ------------------------------------------------------------------------------------------- */

/* Calls and waits for the answer, which *EVENT gets: REPLY or ERROR. */
static int call(struct sdbus *bus, const char *path, const char *interface, const char *member,
                const struct plan_variant *arguments, int64_t time, struct sdbus_event *event)
{
    uint64_t number;
    int r = sdbus_send(bus, path, interface, member, arguments, time, &number);

    do {
        if (r == 0)
            r = sdbus_next(bus, time, event);
    } while (r == 0 && (event->kind == SDBUS_JOB_REMOVED || event->number != number));
    return r;
}

static const char *cgroup_interface(const char *unit)
{
    return plan_systemd_is_slice(&(struct plan_cgroup){ .scope = unit }) ? "org.freedesktop.systemd1.Slice"
                                                                         : "org.freedesktop.systemd1.Scope";
}

static int get_property(struct host_systemd_start *start, const char *interface, const char *name,
                        struct sdbus_event *event)
{
    struct plan_variant *arguments =
        TUPLE(&start->arena, "(ss)", string(&start->arena, interface), string(&start->arena, name));
    const char *path = unit_object(&start->arena, start->unit);

    if (!arguments || !path)
        return -ENOMEM;
    return call(start->bus, path, "org.freedesktop.DBus.Properties", "Get", arguments, start->time, event);
}

/* ---- start ---------------------------------------------------------------------------------------------- */

static void forget_job(struct host_systemd_start *start)
{
    free(start->removed_job);
    free(start->result);
    start->removed_job = start->result = NULL;
}

void host_systemd_start_done(struct host_systemd_start *start)
{
    sdbus_close(start->bus);
    forget_job(start);
    arena_free(&start->arena);
    *start = (struct host_systemd_start){ .bus = NULL };
}

static int add_place(struct host_systemd_start *start, struct plan_variant *list, const char *slice,
                     pid_t pid)
{
    struct arena *arena = &start->arena;
    struct plan_variant *pids = plan_variant_container(arena, "au");
    int r = 0;

    if (slice)
        r = add_property(arena, list, "Slice", string(arena, slice));
    if (r < 0 || pid == 0)
        return r;
    r = plan_variant_append(arena, pids, plan_variant_natural(arena, "u", (uint64_t) pid));
    return r < 0 ? r : add_property(arena, list, "PIDs", pids);
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) more units) */
static int make_arguments(struct host_systemd_start *start, const struct plan_systemd_properties *properties,
                          const char *slice, pid_t pid)
{
    struct arena *arena = &start->arena;
    struct plan_variant *list = property_list(arena, properties);

    if (!list || add_place(start, list, slice, pid) < 0)
        return -ENOMEM;
    start->unit = arena_strdup(arena, start->unit);
    start->arguments = TUPLE(arena, "(ssa(sv)a(sa(sv)))", string(arena, start->unit), string(arena, "fail"),
                             list, plan_variant_container(arena, "a(sa(sv))"));
    return start->arguments ? 0 : -ENOMEM;
}

static int send_start(struct host_systemd_start *start)
{
    forget_job(start);
    return sdbus_send(start->bus, NULL, NULL, "StartTransientUnit", start->arguments, start->time,
                      &start->number);
}

int host_systemd_start(struct host_systemd_start *start, enum sdbus_whose whose, const char *unit,
                       const struct plan_systemd_properties *properties, const char *slice, pid_t pid,
                       struct err *err)
{
    int r;

    *start = (struct host_systemd_start){
        .whose = whose,
        .unit = unit,
        .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE,
    };
    r = sdbus_open(whose, start->time, &start->bus, err);
    if (r == 0 && make_arguments(start, properties, slice, pid) < 0)
        r = err_nomem(err);
    if (r == 0) {
        r = send_start(start);
        if (r < 0)
            r = no_answer("start", unit, r, err);
    }
    if (r < 0)
        host_systemd_start_done(start);
    return r;
}

/* ---- what is left from before ---------------------------------------------------------------------------- */

static int pause_a_while(struct host_systemd_start *start, int *step)
{
    return host_cgroup_pause(step, start->time);
}

/* Has the cgroup FD processes?  v1 has no file that tells of those below, and a scope there has none below. */
static bool has_processes(int fd)
{
    uint64_t populated = 0;
    char buf[256];

    if (host_cgroup_read(fd, "cgroup.events", buf, sizeof buf) > 0)
        return host_cgroup_key(buf, "populated", &populated) && populated;
    return host_cgroup_read(fd, "cgroup.procs", buf, sizeof buf) > 0;
}

/* The cgroup at PATH: on v2, hybrid or v1. */
static bool is_populated(const char *path)
{
    static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
                                         "/sys/fs/cgroup/systemd" };

    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        autoclose int root_fd = sys_openat(AT_FDCWD, roots[i], O_PATH | O_DIRECTORY, 0);
        autoclose int fd = root_fd < 0 ? root_fd : host_cgroup_open_below(root_fd, path);

        if (fd >= 0 && has_processes(fd))
            return true;
    }
    return false;
}

static int in_use(const struct host_systemd_start *start, struct err *err)
{
    int r = err_set(err, ERR_SYSTEMD, EEXIST, "start the systemd unit %s: one of that name has processes",
                    start->unit);

    err_hint(err, "does another container use this cgroupsPath? `systemctl status %s` shows them",
             start->unit);
    return r;
}

/*
 * A unit of our name is there.  One that failed is forgotten, one whose processes are gone is stopped; one on its way
 * out is waited for.  Then it is tried again.
 */
static int clear_way(struct host_systemd_start *start, int *step, struct err *err)
{
    struct plan_variant *name = TUPLE(&start->arena, "(s)", string(&start->arena, start->unit));
    struct plan_variant *stop =
        TUPLE(&start->arena, "(ss)", string(&start->arena, start->unit), string(&start->arena, "replace"));
    struct sdbus_event event;
    int r =
        name && stop ? get_property(start, "org.freedesktop.systemd1.Unit", "ActiveState", &event) : -ENOMEM;
    bool active = r == 0 && event.kind == SDBUS_REPLY && event.text && !strcmp(event.text, "active");

    if (r == 0 && event.kind == SDBUS_REPLY && event.text && !strcmp(event.text, "failed"))
        r = call(start->bus, NULL, NULL, "ResetFailedUnit", name, start->time, &event);
    if (r == 0 && active) {
        r = get_property(start, cgroup_interface(start->unit), "ControlGroup", &event);
        if (r == 0 && event.kind == SDBUS_REPLY && event.text && is_populated(event.text))
            return in_use(start, err);
        if (r == 0)
            r = call(start->bus, NULL, NULL, "StopUnit", stop, start->time, &event);
    }
    if (r == 0)
        r = pause_a_while(start, step);
    if (r == -ETIMEDOUT) {
        r = err_set(err, ERR_SYSTEMD, EEXIST, "start the systemd unit %s: one of that name does not go away",
                    start->unit);
        err_hint(err, "`systemctl status %s` shows it", start->unit);
    }
    return r < 0 && !err_is_set(err) ? no_answer("start", start->unit, r, err) : r;
}

/* ---- until it is there ------------------------------------------------------------------------------------ */

/* systemd went away and came back: is the unit there, or has it never heard of it? */
static int ask_again(struct host_systemd_start *start, bool *ret_there, struct err *err)
{
    struct sdbus_event event;
    int step = 10, r;

    sdbus_close(start->bus);
    start->bus = NULL;
    do {
        struct err why = { 0 };

        r = sdbus_open(start->whose, start->time, &start->bus, &why);
        if (r < 0 && host_cgroup_pause(&step, start->time) < 0) {
            err_move(err, &why);
            return r;
        }
        err_done(&why);
    } while (r < 0);
    r = get_property(start, "org.freedesktop.systemd1.Unit", "ActiveState", &event);
    if (r == 0) {
        *ret_there = event.kind == SDBUS_REPLY && event.text && !strcmp(event.text, "active");
        if (!*ret_there)
            r = send_start(start);
    }
    return r < 0 ? no_answer("start", start->unit, r, err) : 0;
}

static int job_failed(const struct host_systemd_start *start, struct err *err)
{
    int r = err_set(err, ERR_SYSTEMD, 0, "start the systemd unit %s: its job ended with \"%s\"", start->unit,
                    start->result);

    err_hint(err, "`journalctl -u %s` or systemd's own log tell why", start->unit);
    return r;
}

/* Remembers the last job of our unit: its end may be told before the answer to our call. */
static int note_job(struct host_systemd_start *start, const struct sdbus_event *event)
{
    if (strcmp(event->unit, start->unit))
        return 0;
    forget_job(start);
    start->removed_job = strdup(event->job);
    start->result = strdup(event->result);
    return start->removed_job && start->result ? 0 : -ENOMEM;
}

int host_systemd_started(struct host_systemd_start *start, struct err *err)
{
    autofree char *job = NULL;
    struct sdbus_event event;
    bool there = false;
    int step = 1, r;

    while (!there && !(job && start->removed_job && !strcmp(job, start->removed_job))) {
        r = sdbus_next(start->bus, start->time, &event);
        if (r == -ETIMEDOUT || r == -ENOMEM)
            return no_answer("start", start->unit, r, err);
        if (r < 0) {
            r = ask_again(start, &there, err);
        } else if (event.kind == SDBUS_JOB_REMOVED) {
            r = note_job(start, &event);
        } else if (event.number == start->number && event.kind == SDBUS_REPLY) {
            free(job);
            job = strdup(event.text ? event.text : "");
        } else if (event.number == start->number && strcmp(event.name, UNIT_EXISTS)) {
            r = refused("start", start->unit, &event, err);
        } else if (event.number == start->number) {
            r = clear_way(start, &step, err);
            if (r == 0)
                r = send_start(start);
        }
        if (r < 0)
            return err_is_set(err) ? r : no_answer("start", start->unit, r, err);
    }
    return there || !strcmp(start->result, "done") ? 0 : job_failed(start, err);
}

int host_systemd_control_group(struct host_systemd_start *start, char **ret, struct err *err)
{
    struct sdbus_event event;
    char *path;
    int r = get_property(start, cgroup_interface(start->unit), "ControlGroup", &event);

    if (r < 0)
        return no_answer("ask for the cgroup of", start->unit, r, err);
    if (event.kind == SDBUS_ERROR)
        return refused("ask for the cgroup of", start->unit, &event, err);
    if (!event.text || *event.text != '/')
        return err_set(err, ERR_SYSTEMD, 0, "the systemd unit %s has no cgroup", start->unit);
    path = strdup(event.text);
    if (!path)
        return err_nomem(err);
    *ret = path;
    return 0;
}

/* ---- stop ------------------------------------------------------------------------------------------------- */

static int await_stop(struct host_systemd_start *stop, struct err *err)
{
    autofree char *job = NULL;
    int r = 0;

    while (r == 0 && !(job && stop->removed_job && !strcmp(job, stop->removed_job))) {
        struct sdbus_event event;

        r = sdbus_next(stop->bus, stop->time, &event);
        if (r == 0 && event.kind == SDBUS_JOB_REMOVED) {
            r = note_job(stop, &event);
        } else if (r == 0 && event.number == stop->number && event.kind == SDBUS_REPLY) {
            job = strdup(event.text ? event.text : "");
        } else if (r == 0 && event.number == stop->number) {
            return strcmp(event.name, NO_SUCH_UNIT) ? refused("stop", stop->unit, &event, err) : 0;
        }
    }
    return r < 0 ? no_answer("stop", stop->unit, r, err) : 0;
}

/* Has UNIT processes?  A unit that is not loaded has no cgroup. */
static int look_into(struct host_systemd_start *stop, bool *ret_used, struct err *err)
{
    struct sdbus_event event;
    int r = get_property(stop, cgroup_interface(stop->unit), "ControlGroup", &event);

    if (r < 0)
        return no_answer("stop", stop->unit, r, err);
    *ret_used = event.kind == SDBUS_REPLY && event.text && *event.text && is_populated(event.text);
    return 0;
}

int host_systemd_stop(enum sdbus_whose whose, const char *unit, bool if_empty, struct err *err)
{
    struct host_systemd_start stop = { .unit = unit, .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE };
    struct plan_variant *arguments =
        TUPLE(&stop.arena, "(ss)", string(&stop.arena, unit), string(&stop.arena, "replace"));
    int r = arguments ? sdbus_open(whose, stop.time, &stop.bus, err) : err_nomem(err);
    bool used = false;

    if (r == 0 && if_empty)
        r = look_into(&stop, &used, err);
    if (r == 0 && !used) {
        r = sdbus_send(stop.bus, NULL, NULL, "StopUnit", arguments, stop.time, &stop.number);
        r = r < 0 ? no_answer("stop", unit, r, err) : await_stop(&stop, err);
    }
    host_systemd_start_done(&stop);
    return r;
}

/* ---- attach -------------------------------------------------------------------------------------------- */

int host_systemd_attach(enum sdbus_whose whose, const char *unit, const char *subgroup, pid_t pid,
                        struct err *err)
{
    struct host_systemd_start attach = { .unit = unit, .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE };
    struct arena *arena = &attach.arena;
    struct plan_variant *pids = TUPLE(arena, "au", plan_variant_natural(arena, "u", (uint64_t) pid));
    struct plan_variant *arguments =
        TUPLE(arena, "(ssau)", string(arena, unit),
              string(arena, arena_printf(arena, "/%s", subgroup ? subgroup : "")), pids);
    struct sdbus_event event;
    int r = arguments ? sdbus_open(whose, attach.time, &attach.bus, err) : err_nomem(err);

    if (r == 0) {
        r = call(attach.bus, NULL, NULL, "AttachProcessesToUnit", arguments, attach.time, &event);
        if (r == 0 && event.kind == SDBUS_ERROR)
            r = refused("put a process into", unit, &event, err);
        else if (r < 0)
            r = no_answer("put a process into", unit, r, err);
    }
    host_systemd_start_done(&attach);
    return r;
}

/* ---- change ------------------------------------------------------------------------------------------------ */

/*
 * systemd answers before it writes to the cgroup, but it writes before it reads the next message: the answer to
 * that tells that the values are there.
 */
int host_systemd_set(enum sdbus_whose whose, const char *unit,
                     const struct plan_systemd_properties *properties, struct err *err)
{
    struct host_systemd_start set = { .unit = unit, .time = host_cgroup_now() + HOST_SYSTEMD_DEADLINE };
    struct plan_variant *arguments =
        TUPLE(&set.arena, "(sba(sv))", string(&set.arena, unit), plan_variant_bool(&set.arena, true),
              property_list(&set.arena, properties));
    struct sdbus_event event;
    int r = arguments ? sdbus_open(whose, set.time, &set.bus, err) : err_nomem(err);

    if (r == 0) {
        r = call(set.bus, NULL, NULL, "SetUnitProperties", arguments, set.time, &event);
        if (r == 0 && event.kind == SDBUS_ERROR)
            r = refused("change", unit, &event, err);
        else if (r == 0)
            r = get_property(&set, "org.freedesktop.systemd1.Unit", "ActiveState", &event);
        if (r < 0 && !err_is_set(err))
            r = no_answer("change", unit, r, err);
    }
    host_systemd_start_done(&set);
    return r;
}
