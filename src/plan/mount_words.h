/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_words.h - the words that `options` of a mount may have beside a filesystem's own.
 *
 * config.md "Linux mount options", mount(8) "FILESYSTEM-INDEPENDENT MOUNT OPTIONS", and what engines pass to
 * any runtime.
 */
#ifndef OCIRT_PLAN_MOUNT_WORDS_H
#define OCIRT_PLAN_MOUNT_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum plan_word_kind {
    PLAN_WORD_NOTHING,   /* what is so anyway */
    PLAN_WORD_ATTRIBUTE, /* set and clear are MOUNT_ATTR_* */
    PLAN_WORD_NOT_ATIME, /* set is the atime mode that it must not be */
    PLAN_WORD_RECURSIVE, /* as PLAN_WORD_ATTRIBUTE, of all mounts below */
    PLAN_WORD_RECURSIVE_NOT_ATIME,
    PLAN_WORD_SUPERBLOCK,  /* set and clear are MS_* of the filesystem */
    PLAN_WORD_PROPAGATION, /* set is one of MS_SHARED..., perhaps with MS_REC */
    PLAN_WORD_BIND,        /* set is MS_BIND, perhaps with MS_REC */
    PLAN_WORD_REMOUNT,
    PLAN_WORD_COPY_UP,
    PLAN_WORD_COPY_SYMLINK,
    PLAN_WORD_SOURCE_NOFOLLOW,
    PLAN_WORD_TARGET_NOFOLLOW,
    PLAN_WORD_ID_MAP, /* set is MS_REC for all mounts below, else 0 */
};

struct plan_mount_word {
    const char *word;
    enum plan_word_kind kind;
    uint64_t set, clear;
};

/* NULL if WORD (of LEN bytes) is none of them. */
const struct plan_mount_word *plan_mount_word_find(const char *word, size_t len);

/* The words in alphabetical order, for `features`; NULL at the end. */
const char *plan_mount_word_at(size_t i);

/* The word that was perhaps meant by S; NULL if none is near. */
const char *plan_mount_word_nearest(const char *s);

#endif
