/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_words.c - the one table of all mount option words.
 *
 * A later word wins over an earlier one: each says what it sets and what it
 * clears.  The three atime modes are one field of the attributes, not bits, so
 * whoever sets one clears all of MOUNT_ATTR__ATIME (mount_setattr(2)).
 */
#include "plan/mount_words.h"

#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "libocispec/json.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#define RDONLY      MOUNT_ATTR_RDONLY
#define NOSUID      MOUNT_ATTR_NOSUID
#define NODEV       MOUNT_ATTR_NODEV
#define NOEXEC      MOUNT_ATTR_NOEXEC
#define NODIRATIME  MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW MOUNT_ATTR_NOSYMFOLLOW
#define ATIME       MOUNT_ATTR__ATIME
#define NOATIME     MOUNT_ATTR_NOATIME
#define RELATIME    MOUNT_ATTR_RELATIME
#define STRICTATIME MOUNT_ATTR_STRICTATIME

/* clang-format off */
static const struct plan_mount_word words[] = {        /* sorted by strcmp(3) */
    { "async",         PLAN_WORD_SUPERBLOCK, 0, MS_SYNCHRONOUS },
    { "atime",         PLAN_WORD_NOT_ATIME, NOATIME, 0 },
    { "bind",          PLAN_WORD_BIND, MS_BIND, 0 },
    { "copy-symlink",  PLAN_WORD_COPY_SYMLINK, 0, 0 },
    { "defaults",      PLAN_WORD_NOTHING, 0, 0 },
    { "dest-nofollow", PLAN_WORD_TARGET_NOFOLLOW, 0, 0 },
    { "dev",           PLAN_WORD_ATTRIBUTE, 0, NODEV },
    { "diratime",      PLAN_WORD_ATTRIBUTE, 0, NODIRATIME },
    { "dirsync",       PLAN_WORD_SUPERBLOCK, MS_DIRSYNC, 0 },
    { "exec",          PLAN_WORD_ATTRIBUTE, 0, NOEXEC },
    { "idmap",         PLAN_WORD_ID_MAP, 0, 0 },
    { "iversion",      PLAN_WORD_SUPERBLOCK, MS_I_VERSION, 0 },
    { "lazytime",      PLAN_WORD_SUPERBLOCK, MS_LAZYTIME, 0 },
    { "loud",          PLAN_WORD_SUPERBLOCK, 0, MS_SILENT },
    { "mand",          PLAN_WORD_SUPERBLOCK, MS_MANDLOCK, 0 },
    { "noatime",       PLAN_WORD_ATTRIBUTE, NOATIME, ATIME },
    { "nodev",         PLAN_WORD_ATTRIBUTE, NODEV, 0 },
    { "nodiratime",    PLAN_WORD_ATTRIBUTE, NODIRATIME, 0 },
    { "noexec",        PLAN_WORD_ATTRIBUTE, NOEXEC, 0 },
    { "noiversion",    PLAN_WORD_SUPERBLOCK, 0, MS_I_VERSION },
    { "nolazytime",    PLAN_WORD_SUPERBLOCK, 0, MS_LAZYTIME },
    { "nomand",        PLAN_WORD_SUPERBLOCK, 0, MS_MANDLOCK },
    { "norelatime",    PLAN_WORD_NOT_ATIME, RELATIME, 0 },
    { "nostrictatime", PLAN_WORD_NOT_ATIME, STRICTATIME, 0 },
    { "nosuid",        PLAN_WORD_ATTRIBUTE, NOSUID, 0 },
    { "nosymfollow",   PLAN_WORD_ATTRIBUTE, NOSYMFOLLOW, 0 },
    { "private",       PLAN_WORD_PROPAGATION, MS_PRIVATE, 0 },
    { "rasync",        PLAN_WORD_SUPERBLOCK, 0, MS_SYNCHRONOUS },
    { "ratime",        PLAN_WORD_RECURSIVE_NOT_ATIME, NOATIME, 0 },
    { "rbind",         PLAN_WORD_BIND, MS_BIND | MS_REC, 0 },
    { "rdev",          PLAN_WORD_RECURSIVE, 0, NODEV },
    { "rdiratime",     PLAN_WORD_RECURSIVE, 0, NODIRATIME },
    { "rdirsync",      PLAN_WORD_SUPERBLOCK, MS_DIRSYNC, 0 },
    { "relatime",      PLAN_WORD_ATTRIBUTE, RELATIME, ATIME },
    { "remount",       PLAN_WORD_REMOUNT, 0, 0 },
    { "rexec",         PLAN_WORD_RECURSIVE, 0, NOEXEC },
    { "ridmap",        PLAN_WORD_ID_MAP, MS_REC, 0 },
    { "rmand",         PLAN_WORD_SUPERBLOCK, MS_MANDLOCK, 0 },
    { "rnoatime",      PLAN_WORD_RECURSIVE, NOATIME, ATIME },
    { "rnodev",        PLAN_WORD_RECURSIVE, NODEV, 0 },
    { "rnodiratime",   PLAN_WORD_RECURSIVE, NODIRATIME, 0 },
    { "rnoexec",       PLAN_WORD_RECURSIVE, NOEXEC, 0 },
    { "rnomand",       PLAN_WORD_SUPERBLOCK, 0, MS_MANDLOCK },
    { "rnorelatime",   PLAN_WORD_RECURSIVE_NOT_ATIME, RELATIME, 0 },
    { "rnostrictatime", PLAN_WORD_RECURSIVE_NOT_ATIME, STRICTATIME, 0 },
    { "rnosuid",       PLAN_WORD_RECURSIVE, NOSUID, 0 },
    { "rnosymfollow",  PLAN_WORD_RECURSIVE, NOSYMFOLLOW, 0 },
    { "ro",            PLAN_WORD_ATTRIBUTE, RDONLY, 0 },
    { "rprivate",      PLAN_WORD_PROPAGATION, MS_PRIVATE | MS_REC, 0 },
    { "rrelatime",     PLAN_WORD_RECURSIVE, RELATIME, ATIME },
    { "rro",           PLAN_WORD_RECURSIVE, RDONLY, 0 },
    { "rrw",           PLAN_WORD_RECURSIVE, 0, RDONLY },
    { "rshared",       PLAN_WORD_PROPAGATION, MS_SHARED | MS_REC, 0 },
    { "rslave",        PLAN_WORD_PROPAGATION, MS_SLAVE | MS_REC, 0 },
    { "rstrictatime",  PLAN_WORD_RECURSIVE, STRICTATIME, ATIME },
    { "rsuid",         PLAN_WORD_RECURSIVE, 0, NOSUID },
    { "rsymfollow",    PLAN_WORD_RECURSIVE, 0, NOSYMFOLLOW },
    { "rsync",         PLAN_WORD_SUPERBLOCK, MS_SYNCHRONOUS, 0 },
    { "runbindable",   PLAN_WORD_PROPAGATION, MS_UNBINDABLE | MS_REC, 0 },
    { "rw",            PLAN_WORD_ATTRIBUTE, 0, RDONLY },
    { "shared",        PLAN_WORD_PROPAGATION, MS_SHARED, 0 },
    { "silent",        PLAN_WORD_SUPERBLOCK, MS_SILENT, 0 },
    { "slave",         PLAN_WORD_PROPAGATION, MS_SLAVE, 0 },
    { "src-nofollow",  PLAN_WORD_SOURCE_NOFOLLOW, 0, 0 },
    { "strictatime",   PLAN_WORD_ATTRIBUTE, STRICTATIME, ATIME },
    { "suid",          PLAN_WORD_ATTRIBUTE, 0, NOSUID },
    { "symfollow",     PLAN_WORD_ATTRIBUTE, 0, NOSYMFOLLOW },
    { "sync",          PLAN_WORD_SUPERBLOCK, MS_SYNCHRONOUS, 0 },
    { "tmpcopyup",     PLAN_WORD_COPY_UP, 0, 0 },
    { "unbindable",    PLAN_WORD_PROPAGATION, MS_UNBINDABLE, 0 },
};
/* clang-format on */

enum { N_WORDS = sizeof words / sizeof *words };

static int compare(const char *s, size_t len, const char *word)
{
    int r = strncmp(s, word, len);

    return r ? r : -(word[len] != '\0');
}

const struct plan_mount_word *plan_mount_word_find(const char *word, size_t len)
{
    size_t low = 0, high = N_WORDS;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = compare(word, len, words[middle].word);

        if (r == 0)
            return &words[middle];
        if (r < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *plan_mount_word_at(size_t i)
{
    return i < N_WORDS ? words[i].word : NULL;
}

const char *plan_mount_word_nearest(const char *s)
{
    const char *names[N_WORDS + 1] = { NULL };

    for (size_t i = 0; i < N_WORDS; i++)
        names[i + 1] = words[i].word;
    return json_nearest_word(&(struct json_words){ names, N_WORDS + 1 }, s, strlen(s));
}
