/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sdbus.c - libsystemd's bus client, loaded when it is used.
 *
 * See sd_bus_new(3), sd_bus_process(3), and org.freedesktop.systemd1(5) for what the manager understands.
 */
#include "host/sdbus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/cgroup_dirs.h"

#define SYSTEM_SOCKET "/run/systemd/private"
#define DESTINATION   "org.freedesktop.systemd1"
#define OBJECT        "/org/freedesktop/systemd1"
#define MANAGER       "org.freedesktop.systemd1.Manager"
#define FEATURE       "the systemd cgroup manager"

enum sdbus_whose sdbus_whose(void)
{
    if (faccessat(AT_FDCWD, SYSTEM_SOCKET, W_OK, AT_EACCESS) == 0)
        return SDBUS_SYSTEM;
    return geteuid() == 0 && errno == ENOENT ? SDBUS_SYSTEM : SDBUS_USER;
}

#ifdef HAVE_SYSTEMD

#include <pthread.h>
#include <systemd/sd-bus.h>

#include "host/library.h"

struct sdbus {
    sd_bus *bus;
    sd_bus_message *held; /* has the strings of the last event */
};

/* ---- the library --------------------------------------------------------------------------------------- */

/* clang-format off */
#define FUNCTIONS(X)                                                                                         \
    X(sd_bus_new) X(sd_bus_set_address) X(sd_bus_start) X(sd_bus_is_ready) X(sd_bus_open_system)             \
    X(sd_bus_open_user) X(sd_bus_add_match) X(sd_bus_close_unref) X(sd_bus_process) X(sd_bus_wait)     \
    X(sd_bus_send) X(sd_bus_message_new_method_call) X(sd_bus_message_append_basic)                          \
    X(sd_bus_message_open_container) X(sd_bus_message_close_container) X(sd_bus_message_unref)               \
    X(sd_bus_message_get_type) X(sd_bus_message_get_reply_cookie) X(sd_bus_message_get_error)                \
    X(sd_bus_message_is_signal) X(sd_bus_message_peek_type) X(sd_bus_message_enter_container)                \
    X(sd_bus_message_read_basic)
/* clang-format on */

static struct {
#define X(name) __typeof__(&name) name;
    FUNCTIONS(X)
#undef X
} lib;

/* Loaded once, by whichever thread comes first, and never unloaded: the library keeps data of threads. */
static int load_once(struct err *err)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define X(name) { #name, offsetof(__typeof__(lib), name) },
        FUNCTIONS(X)
#undef X
    };
    const char *why = NULL;
    void *library, *function;

    if (lib.sd_bus_message_read_basic)
        return 0;
    library = host_library_open("libsystemd.so.0", &why);
    if (!library) {
        int r = err_set(err, ERR_UNSUPPORTED, 0, FEATURE " needs libsystemd: %s", why);

        err_hint(err, "install the package libsystemd0 (systemd-libs), or choose --cgroup-manager cgroupfs");
        return r;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        function = host_library_function(library, functions[i].name);
        if (!function)
            return err_set(err, ERR_UNSUPPORTED, 0, "libsystemd is too old: it has no %s", functions[i].name);
        memcpy((char *) &lib + functions[i].offset, &function, sizeof function);
    }
    return 0;
}

static int load(struct err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int r;

    (void) pthread_mutex_lock(&lock);
    r = load_once(err);
    (void) pthread_mutex_unlock(&lock);
    return r;
}

int sdbus_need(struct err *err)
{
    return host_library_need(FEATURE, err);
}

/* What a closed connection is called depends on when it is noticed. */
static int lost(int r)
{
    return r == -ENOTCONN || r == -EPIPE || r == -ECONNREFUSED || r == -ENOENT || r == -ESHUTDOWN
               ? -ECONNRESET
               : r;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

/* Waits until there is something to be done.  0, or -ETIMEDOUT. */
static int wait_for_more(struct sdbus *bus, int64_t time)
{
    int64_t left = time - host_cgroup_now();
    int r = left > 0 ? lib.sd_bus_wait(bus->bus, (uint64_t) left * 1000) : 0;

    if (r == -EINTR)
        return 0;
    return r < 0 ? r : r == 0 ? -ETIMEDOUT : 0;
}

static int wait_until_ready(struct sdbus *bus, int64_t time)
{
    for (;;) {
        int r = lib.sd_bus_is_ready(bus->bus);

        if (r != 0)
            return r < 0 ? r : 0;
        r = lib.sd_bus_process(bus->bus, NULL);
        if (r == 0)
            r = wait_for_more(bus, time);
        if (r < 0)
            return r;
    }
}

/* ---- connecting ---------------------------------------------------------------------------------------- */

static int start_private(struct sdbus *bus, const char *path)
{
    autotext struct text address = { 0 };
    int r;

    text_add(&address, "unix:path=");
    for (; *path; path++)
        text_add(&address,
                 strchr("/_-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *path)
                     ? "%c"
                     : "%%%02x",
                 (unsigned char) *path);
    if (text_result(&address) < 0)
        return -ENOMEM;
    r = lib.sd_bus_new(&bus->bus);
    if (r >= 0)
        r = lib.sd_bus_set_address(bus->bus, text_string(&address));
    return r < 0 ? r : lib.sd_bus_start(bus->bus);
}

/* Over the bus, signals come only to who has asked for them; straight from the manager, to everybody. */
static int start_bus(struct sdbus *bus, enum sdbus_whose whose, int64_t time)
{
    uint64_t number;
    int r = whose == SDBUS_USER ? lib.sd_bus_open_user(&bus->bus) : lib.sd_bus_open_system(&bus->bus);

    if (r < 0)
        return r;
    r = wait_until_ready(bus, time);
    if (r == 0)
        r = lib.sd_bus_add_match(bus->bus, NULL,
                                 "type='signal',sender='" DESTINATION "',path='" OBJECT
                                 "',interface='" MANAGER "',member='JobRemoved'",
                                 NULL, NULL);
    return r < 0 ? r : sdbus_send(bus, NULL, NULL, "Subscribe", NULL, time, &number);
}

static char *user_socket(void)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");
    autotext struct text path = { 0 };

    if (directory && *directory == '/')
        text_add(&path, "%s/systemd/private", directory);
    else
        text_add(&path, "/run/user/%u/systemd/private", geteuid());
    return text_result(&path) < 0 ? NULL : take_ptr(&path.s);
}

static void disconnect(struct sdbus *bus)
{
    if (bus->bus)
        (void) lib.sd_bus_close_unref(bus->bus);
    bus->bus = NULL;
}

static int connect_to(struct sdbus *bus, enum sdbus_whose whose, int64_t time)
{
    autofree char *path = whose == SDBUS_USER ? user_socket() : strdup(SYSTEM_SOCKET);
    int r = path ? start_private(bus, path) : -ENOMEM;

    if (r >= 0)
        r = wait_until_ready(bus, time);
    if (r >= 0 || r == -ENOMEM || r == -ETIMEDOUT)
        return r;
    disconnect(bus);
    int second = start_bus(bus, whose, time);
    return second < 0 && second != -ENOMEDIUM ? second : second < 0 ? r : 0;
}

static int no_manager(enum sdbus_whose whose, int r, struct err *err)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");
    bool absent = r == -ENOENT || r == -ECONNREFUSED || r == -ENOMEDIUM || r == -ENXIO;

    if (r == -ETIMEDOUT) {
        r = err_set(err, ERR_SYSTEMD, r, "connect to systemd: no answer");
        err_hint(err, "is it busy or stopped? `systemctl is-system-running` asks the same");
    } else if (whose == SDBUS_USER && absent) {
        r = err_set(err, ERR_SYSTEMD, r, "no systemd user manager for uid %u (XDG_RUNTIME_DIR %s%s)",
                    geteuid(), directory ? "is " : "unset", directory ? directory : "");
        err_hint(err, "start one (loginctl enable-linger, or log in through PAM) and export "
                      "XDG_RUNTIME_DIR=/run/user/UID, or choose --cgroup-manager cgroupfs");
    } else if (absent) {
        r = err_set(err, ERR_SYSTEMD, r, "systemd does not run here: connect to " SYSTEM_SOCKET);
        err_hint(err, "choose --cgroup-manager cgroupfs");
    } else {
        r = err_set(err, ERR_SYSTEMD, r, "connect to systemd's %s manager",
                    whose == SDBUS_USER ? "user" : "system");
    }
    return r;
}

int sdbus_open(enum sdbus_whose whose, int64_t time, struct sdbus **ret, struct err *err)
{
    struct sdbus *bus;
    int r = load(err);

    if (r < 0)
        return r;
    bus = calloc(1, sizeof *bus);
    if (!bus)
        return err_nomem(err);
    r = connect_to(bus, whose, time);
    if (r < 0) {
        sdbus_close(bus);
        return no_manager(whose, r, err);
    }
    *ret = bus;
    return 0;
}

static void drop_held(struct sdbus *bus)
{
    if (bus->held)
        (void) lib.sd_bus_message_unref(bus->held);
    bus->held = NULL;
}

void sdbus_close(struct sdbus *bus)
{
    if (!bus)
        return;
    drop_held(bus);
    disconnect(bus);
    free(bus);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static int append_basic(sd_bus_message *m, const struct plan_variant *v)
{
    char type = v->type[0];
    union {
        uint8_t y;
        int16_t n;
        uint16_t q;
        int32_t i;
        uint32_t u;
    } small = { 0 };
    int boolean = v->boolean;

    switch (type) {
    case 'b': return lib.sd_bus_message_append_basic(m, type, &boolean);
    case 'y': small.y = (uint8_t) v->natural; break;
    case 'n': small.n = (int16_t) v->integer; break;
    case 'q': small.q = (uint16_t) v->natural; break;
    case 'i': small.i = (int32_t) v->integer; break;
    case 'u': small.u = (uint32_t) v->natural; break;
    case 'x': return lib.sd_bus_message_append_basic(m, type, &v->integer);
    case 't': return lib.sd_bus_message_append_basic(m, type, &v->natural);
    case 'd': return lib.sd_bus_message_append_basic(m, type, &v->real);
    case 's':
    case 'o':
    case 'g': return lib.sd_bus_message_append_basic(m, type, v->string);
    default: return -EOPNOTSUPP; /* h: a descriptor's number means nothing to others */
    }
    return lib.sd_bus_message_append_basic(m, type, &small);
}

static int append(sd_bus_message *m, const struct plan_variant *v);

static int append_all(sd_bus_message *m, const struct plan_variant *v)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < v->n; i++)
        r = append(m, v->v[i]);
    return r;
}

/* libsystemd wants the container's kind and what is in it: 'a' and "s" for "as", 'r' and "ss" for "(ss)". */
static int append(sd_bus_message *m, const struct plan_variant *v)
{
    size_t n = strlen(v->type);
    autofree char *contents = NULL;
    char kind = v->type[0] == '(' ? 'r' : v->type[0] == '{' ? 'e' : v->type[0];
    int r;

    if (!strchr("are", kind) && kind != 'v')
        return append_basic(m, v);
    if (kind == 'v')
        contents = v->n == 1 ? strdup(v->v[0]->type) : NULL;
    else
        contents = strndup(v->type + 1, kind == 'a' ? n - 1 : n - 2);
    if (!contents)
        return kind == 'v' && v->n != 1 ? -EINVAL : -ENOMEM;
    r = lib.sd_bus_message_open_container(m, kind, contents);
    if (r >= 0)
        r = append_all(m, v);
    return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

int sdbus_send(struct sdbus *bus, const char *path, const char *interface, const char *member,
               const struct plan_variant *arguments, int64_t time, uint64_t *ret_number)
{
    sd_bus_message *m = NULL;
    int r = wait_until_ready(bus, time);

    if (r >= 0)
        r = lib.sd_bus_message_new_method_call(bus->bus, &m, DESTINATION, path ? path : OBJECT,
                                               interface ? interface : MANAGER, member);
    if (r >= 0 && arguments)
        r = append_all(m, arguments);
    if (r >= 0)
        r = lib.sd_bus_send(bus->bus, m, ret_number);
    if (m)
        (void) lib.sd_bus_message_unref(m);
    return r < 0 ? lost(r) : 0;
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

static const char *first_string(sd_bus_message *m)
{
    const char *contents = NULL, *text = NULL;
    char type = 0;

    if (lib.sd_bus_message_peek_type(m, &type, &contents) <= 0)
        return NULL;
    if (type == 'v' && lib.sd_bus_message_enter_container(m, type, contents) >= 0)
        return first_string(m);
    if (type != 's' && type != 'o' && type != 'g')
        return NULL;
    return lib.sd_bus_message_read_basic(m, type, &text) < 0 ? NULL : text;
}

/* JobRemoved(u id, o job, s unit, s result) */
static bool read_job(sd_bus_message *m, struct sdbus_event *ret)
{
    uint32_t id;

    return lib.sd_bus_message_is_signal(m, MANAGER, "JobRemoved") > 0 &&
           lib.sd_bus_message_read_basic(m, 'u', &id) > 0 &&
           lib.sd_bus_message_read_basic(m, 'o', &ret->job) > 0 &&
           lib.sd_bus_message_read_basic(m, 's', &ret->unit) > 0 &&
           lib.sd_bus_message_read_basic(m, 's', &ret->result) > 0;
}

/* Is M of interest? */
static bool read_event(sd_bus_message *m, struct sdbus_event *ret)
{
    const sd_bus_error *error;
    uint8_t type = 0;

    *ret = (struct sdbus_event){ .kind = SDBUS_JOB_REMOVED };
    if (lib.sd_bus_message_get_type(m, &type) < 0)
        return false;
    if (type == SD_BUS_MESSAGE_SIGNAL)
        return read_job(m, ret);
    if (lib.sd_bus_message_get_reply_cookie(m, &ret->number) < 0)
        return false;
    ret->kind = type == SD_BUS_MESSAGE_METHOD_ERROR ? SDBUS_ERROR : SDBUS_REPLY;
    if (ret->kind == SDBUS_REPLY) {
        ret->text = first_string(m);
        return true;
    }
    error = lib.sd_bus_message_get_error(m);
    ret->name = error && error->name ? error->name : "";
    ret->message = error && error->message ? error->message : "";
    return true;
}

/* Over the bus, the manager's end is told by the broker. */
static bool is_lost(const struct sdbus_event *event)
{
    static const char *const names[] = { "NoReply", "Disconnected", "NameHasNoOwner", "ServiceUnknown" };
    static const char prefix[] = "org.freedesktop.DBus.Error.";

    for (size_t i = 0; event->kind == SDBUS_ERROR && i < sizeof names / sizeof *names; i++)
        if (!strncmp(event->name, prefix, sizeof prefix - 1) &&
            !strcmp(event->name + sizeof prefix - 1, names[i]))
            return true;
    return false;
}

int sdbus_next(struct sdbus *bus, int64_t time, struct sdbus_event *ret)
{
    drop_held(bus);
    for (;;) {
        sd_bus_message *m = NULL;
        int r = lib.sd_bus_process(bus->bus, &m);

        if (r > 0 && m && read_event(m, ret)) {
            bus->held = m;
            return is_lost(ret) ? -ECONNRESET : 0;
        }
        if (m)
            (void) lib.sd_bus_message_unref(m);
        if (r == 0)
            r = wait_for_more(bus, time);
        if (r < 0)
            return lost(r);
    }
}

#else /* without systemd */

int sdbus_need(struct err *err)
{
    (void) err; /* sdbus_open() says it */
    return 0;
}

int sdbus_open(enum sdbus_whose whose, int64_t time, struct sdbus **ret, struct err *err)
{
    int r;

    (void) whose;
    (void) time;
    (void) ret;
    r = err_set(err, ERR_UNSUPPORTED, 0, "this ocirt was built without " FEATURE);
    err_hint(err, "choose --cgroup-manager cgroupfs");
    return r;
}

void sdbus_close(struct sdbus *bus)
{
    (void) bus;
}

int sdbus_send(struct sdbus *bus, const char *path, const char *interface, const char *member,
               const struct plan_variant *arguments, int64_t time, uint64_t *ret_number)
{
    (void) bus, (void) path, (void) interface, (void) member, (void) arguments, (void) time,
        (void) ret_number;
    return -EOPNOTSUPP;
}

int sdbus_next(struct sdbus *bus, int64_t time, struct sdbus_event *ret)
{
    (void) bus, (void) time, (void) ret;
    return -EOPNOTSUPP;
}

#endif
