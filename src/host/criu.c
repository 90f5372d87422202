/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu.c - CRIU's library, loaded when it is used.
 */
#include "host/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

/* Is there a program criu in DIRECTORY, of N bytes?  PATH then has its name. */
static bool is_in(const char *directory, size_t n, struct text *path)
{
    text_done(path);
    text_add(path, "%.*s/criu", (int) n, directory);
    return n && *directory == '/' && faccessat(AT_FDCWD, text_string(path), X_OK, AT_EACCESS) == 0;
}

/* An ordinary user's, or a service's, $PATH may lack the directories of the administrator's programs. */
bool host_criu_find(struct text *path)
{
    static const char *const others[] = { "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin" };
    const char *list = getenv("PATH");

    for (size_t n; list && *list; list += n + (list[n] == ':')) {
        n = strcspn(list, ":");
        if (is_in(list, n, path))
            return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_in(others[i], strlen(others[i]), path))
            return true;
    return false;
}

#ifdef HAVE_CRIU

#include "host/library.h"

#define INSTALL "install the packages criu and libcriu2 (Debian, Ubuntu), or criu and criu-libs (Fedora)"

static const struct function {
    const char *name;
    size_t offset;
    bool needed;
} functions[] = {
#define MUST(result, name, arguments) { "criu_local_" #name, offsetof(struct host_criu, name), true },
#define MAY(result, name, arguments)  { "criu_local_" #name, offsetof(struct host_criu, name), false },
    HOST_CRIU_FUNCTIONS(MUST, MAY)
#undef MUST
#undef MAY
        { "criu_notify_pid", offsetof(struct host_criu, notify_pid), true },
    { "criu_get_orphan_pts_master_fd", offsetof(struct host_criu, get_orphan_pts_master_fd), true },
};

static int missing(struct err *err, const char *what)
{
    int r = err_set(err, ERR_CHECKPOINT, 0, "checkpoint and restore need CRIU: %s", what);

    err_hint(err, INSTALL);
    return r;
}

/* Never unloaded: nothing would be won by it. */
static int load(struct host_criu *criu, struct err *err)
{
    const char *why = NULL;
    void *library = host_library_open("libcriu.so.2", &why);

    if (!library)
        return missing(err, why);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = host_library_function(library, functions[i].name);

        if (!function && functions[i].needed)
            return err_set(err, ERR_CHECKPOINT, 0, "libcriu is too old: it has no %s", functions[i].name);
        memcpy((char *) criu + functions[i].offset, &function, sizeof function);
    }
    return 0;
}

static int check_version(struct host_criu *criu, const char *program, struct err *err)
{
    int version = criu->get_version(criu->opts);

    if (version < 0)
        return err_set(err, ERR_CHECKPOINT, 0, "%s does not answer: it can't tell its version", program);
    criu->version = version;
    if (version >= HOST_CRIU_VERSION_MIN)
        return 0;
    return err_set(err, ERR_CHECKPOINT, 0, "CRIU %d.%d is too old: at least 3.15 is needed", version / 10000,
                   version / 100 % 100);
}

int host_criu_need(struct err *err)
{
    return host_library_need("checkpoint and restore", err);
}

int host_criu_open(struct host_criu *ret, struct err *err)
{
    autotext struct text program = { 0 };
    struct host_criu criu = { .opts = NULL };
    int r = load(&criu, err);

    if (r < 0)
        return r;
    if (!host_criu_find(&program))
        return missing(err, "no program criu in $PATH");
    if (text_result(&program) < 0 || criu.init_opts(&criu.opts) < 0 ||
        criu.set_service_binary(criu.opts, text_string(&program)) < 0)
        r = err_nomem(err);
    if (r >= 0)
        r = check_version(&criu, text_string(&program), err);
    if (r < 0)
        host_criu_close(&criu);
    else
        *ret = criu;
    return r;
}

void host_criu_close(struct host_criu *criu)
{
    if (criu->opts)
        criu->free_opts(criu->opts);
    criu->opts = NULL;
}

bool host_criu_is_built(void)
{
    return true;
}

#else /* without CRIU */

int host_criu_need(struct err *err)
{
    (void) err; /* host_criu_open() says it */
    return 0;
}

int host_criu_open(struct host_criu *ret, struct err *err)
{
    (void) ret;
    return err_set(err, ERR_UNSUPPORTED, 0, "this ocirt was built without checkpoint and restore");
}

void host_criu_close(struct host_criu *criu)
{
    (void) criu;
}

bool host_criu_is_built(void)
{
    return false;
}

#endif
