/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_path.c - why a path of the host could not be reached: walk it, and tell where it stops.
 */
#include "engine/explain_path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static void explain(struct err *err, const char *part, const struct stat *parent)
{
    struct stat st;

    if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
        err_hint(err, "%s is a symbolic link to something that is missing", part);
    else if (err->number == ENOENT)
        err_hint(err, "%s is missing", part);
    else if (err->number == ENOTDIR)
        err_hint(err, "what is above %s is not a directory", part);
    else
        err_hint(err,
                 "user %u may not search the directory above %s, which belongs to user %u and has mode %04o",
                 (unsigned) geteuid(), part, (unsigned) parent->st_uid, (unsigned) parent->st_mode & 07777);
}

void explain_path(struct err *err, const char *path)
{
    autofree char *copy = strdup(path);
    struct stat st = { 0 }, parent = { 0 };

    if (!copy || err->number == 0 ||
        (err->number != ENOENT && err->number != ENOTDIR && err->number != EACCES))
        return;
    for (char *p = copy + 1; *copy; p++) {
        char kept = *p;

        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (stat(copy, &st) < 0) {
            explain(err, copy, &parent);
            return;
        }
        parent = st;
        *p = kept;
        if (!kept)
            return;
    }
}
