/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events.c - what a container uses, and when the kernel killed for lack of memory, in the JSON of runc's
 * `events`.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "engine/existing.h"
#include "host/cgroup_stats.h"
#include "host/words.h"

static void put_head(struct json_text *text, const char *type, const char *id)
{
    json_text_printf(text, "{\"type\":\"%s\",\"id\":", type);
    json_text_put_string(text, id, strlen(id));
}

static int write_stats(struct existing *e, struct json_text *out, struct err *err)
{
    struct host_cgroup_stats stats = { 0 };
    struct arena arena = { 0 };
    int r = host_cgroup_stats(&e->cgroup, &arena, &stats, err);

    if (r >= 0) {
        put_head(out, "stats", e->id);
        json_text_puts(out, ",\"data\":");
        if (host_cgroup_stats_json(&stats, NULL, out) < 0)
            r = err_nomem(err);
        json_text_puts(out, "}");
    }
    arena_free(&arena);
    return r < 0 ? r : out->failed ? err_nomem(err) : 0;
}

/* A created container has statistics too; a stopped one has no cgroup any more, or nobody in it. */
static int open_running(const struct ocirt *ocirt, const char *id, struct existing *e, struct err *err)
{
    int r = existing_open(ocirt, id, EXISTING_READ, e, err);

    if (r >= 0 && (e->status == OCI_STATUS_STOPPED || e->status == OCI_STATUS_CREATING))
        r = err_set(err, ERR_STATUS, 0, WORDS_NOT_RUNNING);
    return r < 0 ? r : existing_cgroup(e, err);
}

int ocirt_stats(struct ocirt *ocirt, const char *id, char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct json_text text = { 0 };
    int r = open_running(ocirt, id, &e, &err);

    if (r >= 0)
        r = write_stats(&e, &text, &err);
    if (r >= 0)
        *ret_json = take_ptr(&text.v);
    else
        err_prefix(&err, "statistics of %s", id);
    json_text_free(&text);
    r = engine_result(r, &err, ret_error);
    existing_done(&e);
    return r;
}

/* ---- the stream ---------------------------------------------------------------------------------------- */

struct stream {
    struct existing *e;
    struct host_cgroup_watch watch;
    int (*each)(void *context, const char *json);
    void *context;
    unsigned interval; /* milliseconds */
    int64_t next;      /* when statistics are due */
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int tell_stats(struct stream *s, struct err *err)
{
    struct json_text text = { 0 };
    int r = write_stats(s->e, &text, err);

    if (r >= 0)
        r = s->each(s->context, text.v);
    json_text_free(&text);
    return r;
}

static int tell_oom(struct stream *s, struct err *err)
{
    struct json_text text = { 0 };
    int r;

    put_head(&text, "oom", s->e->id);
    json_text_puts(&text, "}");
    r = text.failed ? err_nomem(err) : s->each(s->context, text.v);
    json_text_free(&text);
    return r;
}

/*
 * One turn: waits for an OOM kill, the end of the container, or the next statistics.  1: the container has
 * ended.
 */
static int turn(struct stream *s, struct err *err)
{
    struct pollfd fds[2] = {
        { .fd = s->e->pidfd, .events = POLLIN },
        { .fd = s->watch.fd, .events = s->watch.events },
    };
    int64_t left = s->next - now_ms();
    int r = poll(fds, 2, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int) left);

    if (r < 0)
        return errno == EINTR ? 0 : err_set(err, ERR_IO, errno, "wait for events");
    /* First: a kill that ended the container is told before its end. */
    if (s->watch.fd >= 0 && host_cgroup_watch_next(&s->watch) == 1) {
        r = tell_oom(s, err);
        if (r != 0)
            return r;
    }
    if (fds[0].revents)
        return 1;
    if (now_ms() < s->next)
        return 0;
    s->next += s->interval;
    return tell_stats(s, err);
}

int ocirt_events(struct ocirt *ocirt, const char *id, unsigned interval_ms,
                 int (*each)(void *context, const char *json), void *context, struct ocirt_error **ret_error)
{
    struct err err = engine_err(ocirt);
    struct existing e = EXISTING_INIT;
    struct stream s = {
        .e = &e,
        .watch = HOST_CGROUP_WATCH_INIT,
        .each = each,
        .context = context,
        .interval = interval_ms ? interval_ms : 1,
    };
    int r = open_running(ocirt, id, &e, &err);

    if (r >= 0 && host_cgroup_watch_open(&e.cgroup, &s.watch, &err) < 0)
        err_done(&err); /* no memory controller: there are no such events, but statistics */
    s.next = now_ms() + s.interval;
    while (r == 0)
        r = turn(&s, &err);
    host_cgroup_watch_close(&s.watch);
    existing_done(&e);
    if (!err_is_set(&err))
        return r == 1 ? 0 : r; /* the end of the container, or what the caller returned */
    err_prefix(&err, "events of %s", id);
    return engine_result(r, &err, ret_error);
}
