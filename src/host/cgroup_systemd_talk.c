/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_systemd_talk.c - calls, answers and errors.
 */
#include "host/cgroup_systemd_talk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/cgroup_dirs.h"
#include "host/cgroup_systemd_unit.h"

/* ---- the connection ------------------------------------------------------------------------------------ */

static void forget_job(struct host_systemd_talk *talk)
{
    free(talk->removed_job);
    free(talk->result);
    talk->removed_job = talk->result = NULL;
}

void host_systemd_talk_close(struct host_systemd_talk *talk)
{
    sdbus_close(talk->bus);
    talk->bus = NULL;
    forget_job(talk);
    arena_free(&talk->arena);
}

int host_systemd_talk_open(struct host_systemd_talk *talk, struct err *err)
{
    bool again = talk->bus != NULL;
    int step = 10, r;

    forget_job(talk);
    sdbus_close(talk->bus);
    talk->bus = NULL;
    for (;;) {
        struct err why = { 0 };

        r = sdbus_open(talk->whose, talk->time, &talk->bus, &why);
        if (r == 0)
            return 0;
        if (!again || host_cgroup_pause(&step, talk->time) < 0) {
            err_move(err, &why);
            return r;
        }
        err_done(&why);
    }
}

/* ---- values -------------------------------------------------------------------------------------------- */

struct plan_variant *host_systemd_tuple(struct arena *arena, const char *type, struct plan_variant *const *v,
                                        size_t n)
{
    struct plan_variant *tuple = plan_variant_container(arena, type);

    for (size_t i = 0; i < n; i++)
        if (plan_variant_append(arena, tuple, v[i]) < 0)
            return NULL;
    return tuple;
}

int host_systemd_add_property(struct arena *arena, struct plan_variant *list, const char *name,
                              struct plan_variant *value)
{
    struct plan_variant *variant = TUPLE(arena, "v", value);

    return plan_variant_append(arena, list, TUPLE(arena, "(sv)", plan_variant_string(arena, name), variant));
}

struct plan_variant *host_systemd_property_list(struct arena *arena,
                                                const struct plan_systemd_properties *properties)
{
    struct plan_variant *list = plan_variant_container(arena, "a(sv)");

    for (size_t i = 0; i < properties->n; i++)
        if (host_systemd_add_property(arena, list, properties->v[i].name, properties->v[i].value) < 0)
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

/* ---- errors -------------------------------------------------------------------------------------------- */

int host_systemd_no_answer(const struct host_systemd_talk *talk, const char *what, int r, struct err *err)
{
    r = err_set(err, ERR_SYSTEMD, r,
                r == -ETIMEDOUT ? "%s the systemd unit %s: no answer for %d seconds"
                                : "%s the systemd unit %s",
                what, talk->unit, HOST_SYSTEMD_DEADLINE / 1000);
    if (r == -ETIMEDOUT)
        err_hint(err, "systemd is busy or stopped: `systemctl list-jobs` shows what it waits for");
    return r;
}

int host_systemd_refused(const struct host_systemd_talk *talk, const char *what,
                         const struct sdbus_event *event, struct err *err)
{
    int r = err_set(err, ERR_SYSTEMD, 0, "%s the systemd unit %s: %s (%s)", what, talk->unit, event->message,
                    event->name);

    if (strstr(event->message, "unknown property") || strstr(event->name, "PropertyReadOnly"))
        err_hint(err,
                 "this systemd does not know a property that the configuration needs, or that an annotation "
                 "gives");
    return r;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

static int call(struct host_systemd_talk *talk, const char *path, const char *interface, const char *member,
                const struct plan_variant *arguments, struct sdbus_event *event)
{
    uint64_t number;
    int r = sdbus_send(talk->bus, path, interface, member, arguments, talk->time, &number);

    do {
        if (r == 0)
            r = sdbus_next(talk->bus, talk->time, event);
    } while (r == 0 && (event->kind == SDBUS_JOB_REMOVED || event->number != number));
    return r;
}

int host_systemd_call(struct host_systemd_talk *talk, const char *member,
                      const struct plan_variant *arguments, struct sdbus_event *event)
{
    return call(talk, NULL, NULL, member, arguments, event);
}

static int get(struct host_systemd_talk *talk, const char *interface, const char *name,
               struct sdbus_event *event)
{
    struct arena *arena = &talk->arena;
    struct plan_variant *arguments =
        TUPLE(arena, "(ss)", plan_variant_string(arena, interface), plan_variant_string(arena, name));
    const char *path = unit_object(arena, talk->unit);

    if (!arguments || !path)
        return -ENOMEM;
    return call(talk, path, "org.freedesktop.DBus.Properties", "Get", arguments, event);
}

int host_systemd_get(struct host_systemd_talk *talk, const char *name, struct sdbus_event *event)
{
    return get(talk, "org.freedesktop.systemd1.Unit", name, event);
}

int host_systemd_get_cgroup(struct host_systemd_talk *talk, struct sdbus_event *event)
{
    bool slice = plan_systemd_is_slice(&(struct plan_cgroup){ .scope = talk->unit });

    return get(talk, slice ? "org.freedesktop.systemd1.Slice" : "org.freedesktop.systemd1.Scope",
               "ControlGroup", event);
}

int host_systemd_note_job(struct host_systemd_talk *talk, const struct sdbus_event *event)
{
    if (strcmp(event->unit, talk->unit))
        return 0;
    forget_job(talk);
    talk->removed_job = strdup(event->job);
    talk->result = strdup(event->result);
    return talk->removed_job && talk->result ? 0 : -ENOMEM;
}

/* ---- the cgroup ---------------------------------------------------------------------------------------- */

/*
 * Has the cgroup FD processes?  v1 has no file that tells of those below, and a scope there has none below.
 */
static bool has_processes(int fd)
{
    uint64_t populated = 0;
    char buf[256];

    if (host_cgroup_read(fd, "cgroup.events", buf, sizeof buf) > 0)
        return host_cgroup_key(buf, "populated", &populated) && populated;
    return host_cgroup_read(fd, "cgroup.procs", buf, sizeof buf) > 0;
}

bool host_systemd_is_populated(const char *path)
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
