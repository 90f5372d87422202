/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_systemd.c - does systemd run here, and does its manager answer?
 */
#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/cgroup_dirs.h"
#include "host/doctor.h"
#include "host/sdbus.h"

enum { TIMEOUT = 3000 }; /* milliseconds: a manager that works answers in one */

/* The manager's property Version: org.freedesktop.systemd1(5). */
static int ask_version(struct host_doctor *d, struct sdbus *bus, int64_t time)
{
    struct plan_variant *arguments = plan_variant_container(d->arena, "(ss)");
    struct sdbus_event event = { .kind = SDBUS_JOB_REMOVED };
    uint64_t number;
    int r;

    if (plan_variant_append(d->arena, arguments,
                            plan_variant_string(d->arena, "org.freedesktop.systemd1.Manager")) < 0 ||
        plan_variant_append(d->arena, arguments, plan_variant_string(d->arena, "Version")) < 0)
        return -ENOMEM;
    r = sdbus_send(bus, "/org/freedesktop/systemd1", "org.freedesktop.DBus.Properties", "Get", arguments,
                   time, &number);
    while (r == 0 && (event.kind == SDBUS_JOB_REMOVED || event.number != number))
        r = sdbus_next(bus, time, &event);
    if (r == 0 && event.kind == SDBUS_REPLY)
        d->facts->systemd->version = host_doctor_keep(d, event.text);
    return r;
}

void host_doctor_systemd(struct host_doctor *d)
{
    autoclose int fd = sys_openat(AT_FDCWD, "/run/systemd/system", O_PATH, 0); /* as sd_booted(3) */
    int64_t time = host_cgroup_now() + TIMEOUT;
    struct doctor_systemd *s = d->facts->systemd;
    struct sdbus *bus = NULL;
    struct err err = { 0 };
    int r;

    s->running = fd >= 0;
    s->user = sdbus_whose() == SDBUS_USER;
    if (!s->running)
        return;
    r = sdbus_need(&err);
    if (r >= 0)
        r = sdbus_open(s->user ? SDBUS_USER : SDBUS_SYSTEM, time, &bus, &err);
    if (r >= 0)
        r = ask_version(d, bus, time);
    s->connect = r < 0 ? -r : 0;
    s->no_library = err.code == ERR_UNSUPPORTED;
    s->why = host_doctor_keep(d, err.text);
    err_done(&err);
    sdbus_close(bus);
}
