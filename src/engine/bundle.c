/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bundle.c - config.json, read and parsed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/context.h"
#include "engine/spec.h"

/* bundle.md: the bundle's path is absolute in the state. */
static int find_path(const char *given, struct bundle *bundle, struct err *err)
{
    autofree char *path = realpath(given ? given : ".", NULL);

    if (!path)
        return err_set(err, ERR_BUNDLE, errno, "bundle %s", given ? given : ".");
    bundle->path = arena_strdup(&bundle->arena, path);
    return bundle->path ? 0 : err_nomem(err);
}

static int read_config(const struct ocirt_create_options *options, struct bundle *bundle, struct err *err)
{
    autoclose int bundle_fd = -EBADF;
    autoclose int fd = -EBADF;
    struct stat st;
    int r;

    bundle_fd = sys_openat(AT_FDCWD, bundle->path, O_PATH | O_DIRECTORY, 0);
    if (bundle_fd < 0)
        return err_set(err, ERR_BUNDLE, bundle_fd, "bundle %s", bundle->path);
    fd = options->config ? sys_openat(AT_FDCWD, options->config, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
                         : sys_openat(bundle_fd, "config.json", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        r = err_set(err, ERR_BUNDLE, fd, "open %s%s%s", options->config ? options->config : bundle->path,
                    options->config ? "" : "/", options->config ? "" : "config.json");
        err_hint(err, "a bundle is a directory with a config.json; `ocirt spec` makes one to begin with");
        return r;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, ERR_BUNDLE, 0, "%s is not a regular file",
                       options->config ? options->config : "config.json");
    r = json_slurp(fd, &bundle->arena, &bundle->text, &bundle->size);
    if (r == -ENOMEM)
        return err_nomem(err);
    return r < 0 ? err_set(err, ERR_BUNDLE, r, "read %s", options->config ? options->config : "config.json")
                 : 0;
}

struct reading {
    const struct ocirt *ocirt;
    struct err *err;
};

/* The error just set is about it. */
static void place(struct err *err, const struct json_unknown *unknown)
{
    while (err->next)
        err = err->next;
    err->line = unknown->line;
    err->property = strdup(unknown->path);
}

/* config.md "Extensibility": it must be ignored, so only `check`, which collects, holds it for a mistake. */
static void tell_unknown(void *data, const struct json_unknown *unknown)
{
    const struct reading *reading = data;
    const char *nearest = unknown->nearest;

    if (unknown->elsewhere)
        return;
    if (!reading->err->collect) {
        engine_debug(reading->ocirt, "config.json:%u: %s: unknown property%s%s%s", unknown->line,
                     unknown->path, nearest ? "; did you mean " : "", nearest ? nearest : "",
                     nearest ? "?" : "");
    } else if (nearest) {
        (void) err_set(reading->err, ERR_CONFIG_VALUE, 0,
                       "config.json:%u: %s: unknown property; did you mean %s?", unknown->line, unknown->path,
                       nearest);
        place(reading->err, unknown);
        err_hint(reading->err, "runtimes ignore what they don't know: it would have no effect");
    } else {
        err_warn(reading->err, "config.json:%u: %s: unknown property, which is ignored", unknown->line,
                 unknown->path);
    }
}

int bundle_parse(const struct ocirt *ocirt, char *text, size_t size, struct bundle *bundle, struct err *err)
{
    struct reading reading = { .ocirt = ocirt, .err = err };
    const struct json_watch watch = { .unknown = tell_unknown, .data = &reading };
    struct json_error why = { 0 };
    int r;

    bundle->text = text;
    bundle->size = size;
    bundle->source = (struct err_source){ .name = "config.json", .text = text };
    if (bundle->was_wished) {
        bundle->source.origin = spec_origin;
        bundle->source.context = bundle;
    }
    err->source = &bundle->source;
    r = json_read_watched(&oci_spec_type, &bundle->spec, bundle->source.name, text, size, &bundle->arena,
                          err->collect || (ocirt && ocirt->debug) ? &watch : NULL, &why);
    if (r == -ENOMEM)
        return err_nomem(err);
    if (r < 0) {
        r = err_set(err, ERR_CONFIG_JSON, 0, "%s", why.text ? why.text : "out of memory");
        err->line = why.line;
        err->property = why.path && *why.path ? strdup(why.path) : NULL;
        return r;
    }
    return 0;
}

static int make_config(const struct ocirt_create_options *options, struct bundle *bundle, struct err *err)
{
    char *text = NULL;
    int r;

    if (options->config || options->config_text)
        return err_set(err, ERR_USAGE, 0,
                       "a configuration is made, read from a file, or a text: not two of these");
    r = spec_make(options->spec_options, bundle, &text, err);
    if (r < 0)
        return r;
    bundle->text = arena_strdup(&bundle->arena, text);
    bundle->size = strlen(text);
    bundle->was_wished = true;
    free(text);
    return bundle->text ? 0 : err_nomem(err);
}

int bundle_open(const struct ocirt_create_options *options, struct bundle *ret, struct err *err)
{
    int r = find_path(options->bundle, ret, err);

    if (r < 0)
        return r;
    if (options->spec_options)
        return make_config(options, ret, err);
    if (options->config_text) {
        ret->text = arena_strdup(&ret->arena, options->config_text);
        ret->size = strlen(options->config_text);
        return ret->text ? 0 : err_nomem(err);
    }
    return read_config(options, ret, err);
}

void bundle_done(struct bundle *bundle)
{
    arena_free(&bundle->arena);
}
