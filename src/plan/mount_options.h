/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_options.h - `options` of one mount, sorted into what each is for.
 */
#ifndef OCIRT_PLAN_MOUNT_OPTIONS_H
#define OCIRT_PLAN_MOUNT_OPTIONS_H

#include "plan/plan.h"

struct plan_mount_options {
    bool bind, remount;
    bool rw;                        /* "rw" was the last word about that */
    bool id_map;                    /* idmap or ridmap was given */
    const char *id_map_text;        /* what stood behind "idmap=", NULL if nothing */
    size_t id_map_index;            /* of that option */
    unsigned long superblock_clear; /* MS_* that were asked to be off */
    size_t *data;                   /* indices of the options that are the filesystem's own */
    size_t n_data;
};

/* Applies the options of m->from to M, and tells the rest in *RET.  0 or -ENOMEM. */
int plan_mount_options_parse(struct plan_mount *m, struct arena *arena, struct plan_mount_options *ret);

/*
 * Turns the filesystem's own options into m->parameters and m->data.  *RET_PLAIN: fsconfig(2) can take them
 * all (no value too long, no comma in one).  LABEL (may be NULL) is added as an option named LABEL_KEY.  0 or
 * -ENOMEM.
 */
int plan_mount_options_data(struct plan_mount *m, const struct plan_mount_options *options,
                            const char *label_key, const char *label, struct arena *arena, bool *ret_plain);

/* The place of option INDEX in the configuration's error. */
#define PLAN_OPTION_AT(err, m, index, code, ...) \
    err_at_index(err, &(m)->from->node, offsetof(struct oci_mount, options), index, code, 0, __VA_ARGS__)

#endif
