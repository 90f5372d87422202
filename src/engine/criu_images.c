/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_images.c - the directories that CRIU reads and writes, and the files beside its own in them.
 *
 * They are opened once and reached by descriptor from then on; none of our files there is reached through a
 * link.
 */
#include "engine/criu_images.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/criu_words.h"

#define DESCRIPTORS "descriptors.json"
#define SUBMOUNTS   "submounts.json"

enum { LOG_END = 64 * 1024 }; /* bytes of the log that are searched for errors */

#define F(s, m, json) JSON_FIELD(struct s, m, json, JSON_REQUIRED)
static const struct json_field submount_fields[] = {
    F(criu_submount, destination, "destination"),
    F(criu_submount, below, "below"),
};
const struct json_type criu_submount_type = {
    .size = sizeof(struct criu_submount),
    .fields = submount_fields,
    .n_fields = sizeof submount_fields / sizeof *submount_fields,
};
static const struct json_field submounts_fields[] = {
    JSON_FIELD(struct criu_submounts, mounts, "mounts"),
    JSON_FIELD_OF(struct criu_submounts, list, "submounts", JSON_OBJECTS, &criu_submount_type),
};
const struct json_type criu_submounts_type = {
    .size = sizeof(struct criu_submounts),
    .fields = submounts_fields,
    .n_fields = sizeof submounts_fields / sizeof *submounts_fields,
};

/* descriptors.json is a bare list, which a document of ours never is: it is read as this object's member. */
struct descriptors {
    struct json_node node;
    struct json_strings list;
};
static const struct json_field descriptors_fields[] = {
    F(descriptors, list, "list"),
};
static const struct json_type descriptors_type = {
    .size = sizeof(struct descriptors),
    .fields = descriptors_fields,
    .n_fields = sizeof descriptors_fields / sizeof *descriptors_fields,
};
#undef F

/* ---- directories --------------------------------------------------------------------------------------- */

/* With all that is missing above it. */
static int make_directories(const char *path)
{
    autofree char *part = strdup(path);

    if (!part)
        return -ENOMEM;
    for (char *s = part;; s++) {
        char end = *s;

        if (end && (end != '/' || s == part))
            continue;
        *s = '\0';
        if (mkdirat(AT_FDCWD, part, 0700) < 0 && errno != EEXIST)
            return -errno;
        *s = end;
        if (!end)
            return 0;
    }
}

static int open_directory(const char *path, bool make, const char *option, int *ret_fd, struct err *err)
{
    int r = make ? make_directories(path) : 0;
    int fd = r < 0 ? r : sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return err_set(err, ERR_CHECKPOINT, fd, "%s %s", option, path);
    *ret_fd = fd;
    return 0;
}

int criu_images_open(const char *path, const char *work_path, bool make, const char *log,
                     struct criu_images *ret, struct err *err)
{
    struct criu_images images = CRIU_IMAGES_INIT;
    int r;

    images.path = path;
    images.work_path = work_path ? work_path : path;
    images.log = log;
    r = open_directory(path, make, "--image-path", &images.fd, err);
    if (r >= 0 && work_path)
        r = open_directory(work_path, true, "--work-path", &images.work_fd, err);
    if (r < 0) {
        criu_images_close(&images);
        return r;
    }
    /* What an earlier attempt wrote must not be taken for the reason why this one failed. */
    (void) unlinkat(images.work_fd >= 0 ? images.work_fd : images.fd, log, 0);
    *ret = images;
    return 0;
}

static int reopen(const char *path, int *fd, struct err *err)
{
    autoclose int again = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

    if (again < 0)
        return err_set(err, ERR_CHECKPOINT, again, "open %s again", path);
    if (!path_same_file(again, *fd))
        return err_set(err, ERR_CHECKPOINT, 0, "%s has become another directory meanwhile", path);
    fd_cleanup(fd);
    *fd = take_fd(&again);
    return 0;
}

int criu_images_reopen(struct criu_images *images, struct err *err)
{
    int r = reopen(images->path, &images->fd, err);

    return r < 0 || images->work_fd < 0 ? r : reopen(images->work_path, &images->work_fd, err);
}

void criu_images_close(struct criu_images *images)
{
    fd_cleanup(&images->fd);
    fd_cleanup(&images->work_fd);
}

/* ---- our own files ------------------------------------------------------------------------------------- */

static int save(const struct criu_images *images, const char *name, const struct json_text *text,
                struct err *err)
{
    autoclose int fd = -EBADF;
    ssize_t n;

    if (text->failed)
        return err_nomem(err);
    (void) unlinkat(images->fd, name, 0); /* of an earlier checkpoint; or a link to somewhere else */
    fd = sys_openat(images->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    n = fd < 0 ? fd : sys_write(fd, text->v, text->n);
    return n < 0 ? err_set(err, ERR_CHECKPOINT, (int) n, "write %s/%s", images->path, name) : 0;
}

static int load(const struct criu_images *images, const char *name, struct arena *arena, char **ret_text,
                size_t *ret_n)
{
    autoclose int fd = sys_openat(images->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -EINVAL;
    return json_slurp(fd, arena, ret_text, ret_n);
}

static int bad_file(const struct criu_images *images, const char *name, const struct json_error *why,
                    struct err *err)
{
    return err_set(err, ERR_CHECKPOINT, 0, "%s/%s: %s", images->path, name,
                   why->text ? why->text : "not as it should be");
}

int criu_images_save_descriptors(const struct criu_images *images, const char *const descriptors[3],
                                 struct err *err)
{
    struct json_text text = { 0 };
    int r;

    for (size_t i = 0; i < 3; i++) {
        json_text_puts(&text, i ? "," : "[");
        json_text_put_string(&text, descriptors[i], strlen(descriptors[i]));
    }
    json_text_puts(&text, "]");
    r = save(images, DESCRIPTORS, &text, err);
    json_text_free(&text);
    return r;
}

int criu_images_load_descriptors(const struct criu_images *images, struct arena *arena,
                                 struct json_strings *ret, struct err *err)
{
    struct descriptors document = { 0 };
    struct json_error why = { 0 };
    char *list, *text;
    size_t n;
    int r = load(images, DESCRIPTORS, arena, &list, &n);

    if (r < 0) {
        r = err_set(err, ERR_CHECKPOINT, r, "%s/" DESCRIPTORS, images->path);
        if (r == -ENOENT)
            err_hint(err, "a directory that checkpoint has written is needed");
        return r;
    }
    text = arena_printf(arena, "{\"list\":%s}", list);
    if (!text)
        return err_nomem(err);
    if (json_read(&descriptors_type, &document, DESCRIPTORS, text, strlen(text), arena, &why) < 0 ||
        document.list.n != 3)
        return bad_file(images, DESCRIPTORS, &why, err);
    *ret = document.list;
    return 0;
}

int criu_images_save_submounts(const struct criu_images *images, const struct criu_submounts *submounts,
                               struct err *err)
{
    struct json_text text = { 0 };
    int r = json_write_text(submounts, JSON_PRETTY, &text);

    r = r < 0 ? err_nomem(err) : save(images, SUBMOUNTS, &text, err);
    json_text_free(&text);
    return r;
}

int criu_images_load_submounts(const struct criu_images *images, struct arena *arena,
                               struct criu_submounts *ret, struct err *err)
{
    struct json_error why = { 0 };
    char *text;
    size_t n;
    int r = load(images, SUBMOUNTS, arena, &text, &n);

    *ret = (struct criu_submounts){ .node.type = &criu_submounts_type };
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return err_set(err, ERR_CHECKPOINT, r, "%s/" SUBMOUNTS, images->path);
    if (json_read(&criu_submounts_type, ret, SUBMOUNTS, text, n, arena, &why) < 0)
        return bad_file(images, SUBMOUNTS, &why, err);
    return 0;
}

/* ---- why CRIU failed ----------------------------------------------------------------------------------- */

static void read_log(const struct criu_images *images, struct text *out)
{
    int dir_fd = images->work_fd >= 0 ? images->work_fd : images->fd;
    autoclose int fd = sys_openat(dir_fd, images->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    autofree char *buf = fd < 0 ? NULL : malloc(LOG_END);
    struct stat st;
    ssize_t n;

    if (!buf || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    if (st.st_size > LOG_END && lseek(fd, -LOG_END, SEEK_END) < 0)
        return;
    n = sys_read(fd, buf, LOG_END);
    if (n > 0)
        host_criu_log_errors(buf, (size_t) n, out);
}

int criu_images_failed(const struct criu_images *images, const char *what, int number, struct err *err)
{
    int r;
    autotext struct text said = { 0 };

    read_log(images, &said);
    r = err_set(err, ERR_CHECKPOINT, said.n || number <= 0 ? 0 : number, "CRIU can't %s (its log: %s/%s)%s%s",
                what, images->work_path, images->log, said.n ? ": " : "", text_string(&said));
    return r;
}
