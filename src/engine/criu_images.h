/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_images.h - the directories that CRIU reads and writes, and the files beside its own in them.
 *
 *     descriptors.json    what descriptors 0, 1 and 2 were: a list of three strings, as runc's and crun's.  A
 *                         pipe ("pipe:[7]") or a file of the host ("file[1d:4f] /var/log/x") is replaced by
 *                         the caller's at restore
 *     submounts.json      which mounts come from the host, and what is mounted below the sources of
 *                         bind mounts
 *     dump.log, restore.log
 */
#ifndef OCIRT_ENGINE_CRIU_IMAGES_H
#define OCIRT_ENGINE_CRIU_IMAGES_H

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/json.h"

struct criu_images {
    const char *path, *work_path; /* as the caller gave them */
    int fd, work_fd;              /* work_fd: -1 if it is the directory of the images */
    const char *log;              /* name of CRIU's log */
};

#define CRIU_IMAGES_INIT \
    { \
        .fd = -1, .work_fd = -1 \
    }

/*
 * A mount of the host below the source of the bind mount that has DESTINATION ("/": below the root
 * filesystem).
 */
struct criu_submount {
    struct json_node node;
    char *destination, *below; /* below: "/a/b" */
};

struct criu_submounts {
    struct json_node node;
    struct json_strings mounts; /* destinations of the mounts that came from the host */
    JSON_LIST(struct criu_submount *) list;
};

extern const struct json_type criu_submount_type, criu_submounts_type;

/* Opens the directories; with MAKE they are made (0700) where they are missing.  WORK_PATH may be NULL. */
int criu_images_open(const char *path, const char *work_path, bool make, const char *log,
                     struct criu_images *ret, struct err *err);

/*
 * Opens the same directories again, in the mount namespace that the calling thread is in now: CRIU mounts in
 * its work directory.
 */
int criu_images_reopen(struct criu_images *images, struct err *err);

/* descriptors.json.  What is read is checked: three strings. */
int criu_images_save_descriptors(const struct criu_images *images, const char *const descriptors[3],
                                 struct err *err);
int criu_images_load_descriptors(const struct criu_images *images, struct arena *arena,
                                 struct json_strings *ret, struct err *err);

/* submounts.json.  One that is missing is an empty list: runc and crun write none. */
int criu_images_save_submounts(const struct criu_images *images, const struct criu_submounts *submounts,
                               struct err *err);
int criu_images_load_submounts(const struct criu_images *images, struct arena *arena,
                               struct criu_submounts *ret, struct err *err);

/* CRIU failed to do WHAT, with NUMBER as errno (0: none): makes the error, of what the log tells. */
int criu_images_failed(const struct criu_images *images, const char *what, int number, struct err *err);

void criu_images_close(struct criu_images *images);

#endif
