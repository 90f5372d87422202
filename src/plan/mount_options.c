/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_options.c - the options of one mount, word by word; a later one wins over an earlier one.
 */
#include "plan/mount_options.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"
#include "plan/mount_words.h"

enum {
    VALUE_MAX = 255, /* fsconfig(2): 256 with the NUL */
    EXTRA = 5,       /* the label; "rw", "async", "nolazytime", "nomand" of a remount */
};

static void apply_bits(uint64_t *set, uint64_t *clear, const struct plan_mount_word *word)
{
    *set = (*set & ~word->clear) | word->set;
    *clear = (*clear & ~word->set) | word->clear;
}

/*
 * "atime" takes "noatime" back, and leaves "strictatime" alone: the mode that remains, or the default, is
 * set.
 */
static void apply_not_atime(uint64_t *set, uint64_t *clear, const struct plan_mount_word *word)
{
    if ((*set & MOUNT_ATTR__ATIME) == word->set)
        *set &= ~(uint64_t) MOUNT_ATTR__ATIME;
    *clear |= MOUNT_ATTR__ATIME;
}

static void apply_superblock(struct plan_mount *m, struct plan_mount_options *options,
                             const struct plan_mount_word *word)
{
    m->flags = (m->flags & ~(unsigned long) word->clear) | (unsigned long) word->set;
    options->superblock_clear =
        (options->superblock_clear & ~(unsigned long) word->set) | (unsigned long) word->clear;
}

static void apply(struct plan_mount *m, struct plan_mount_options *options,
                  const struct plan_mount_word *word)
{
    switch (word->kind) {
    case PLAN_WORD_NOTHING: break;
    case PLAN_WORD_ATTRIBUTE: apply_bits(&m->set, &m->clear, word); break;
    case PLAN_WORD_NOT_ATIME: apply_not_atime(&m->set, &m->clear, word); break;
    case PLAN_WORD_RECURSIVE: apply_bits(&m->recursive_set, &m->recursive_clear, word); break;
    case PLAN_WORD_RECURSIVE_NOT_ATIME: apply_not_atime(&m->recursive_set, &m->recursive_clear, word); break;
    case PLAN_WORD_SUPERBLOCK: apply_superblock(m, options, word); break;
    case PLAN_WORD_PROPAGATION:
        m->propagation = word->set & ~(uint64_t) MS_REC;
        m->propagation_recursive = word->set & MS_REC;
        break;
    case PLAN_WORD_BIND:
        options->bind = true;
        m->recursive |= (word->set & MS_REC) != 0;
        break;
    case PLAN_WORD_REMOUNT: options->remount = true; break;
    case PLAN_WORD_COPY_UP: m->copy_up = true; break;
    case PLAN_WORD_COPY_SYMLINK: m->copy_symlink = true; break;
    case PLAN_WORD_SOURCE_NOFOLLOW: m->source_nofollow = true; break;
    case PLAN_WORD_TARGET_NOFOLLOW: m->target_nofollow = true; break;
    case PLAN_WORD_ID_MAP:
        options->id_map = true;
        m->id_map_recursive = word->set & MS_REC;
        break;
    }
}

/* Only idmap has a value: "idmap=uids=0-1000-1". */
static const struct plan_mount_word *find(const char *option, const char **ret_value)
{
    size_t n = strcspn(option, "=");
    const struct plan_mount_word *word = plan_mount_word_find(option, n);

    *ret_value = option[n] ? option + n + 1 : NULL;
    return word && *ret_value && word->kind != PLAN_WORD_ID_MAP ? NULL : word;
}

int plan_mount_options_parse(struct plan_mount *m, struct arena *arena, struct plan_mount_options *ret)
{
    const struct json_strings *words = &m->from->options;

    *ret = (struct plan_mount_options){ .data = arena_array(arena, words->n, sizeof *ret->data) };
    if (!ret->data)
        return -ENOMEM;
    for (size_t i = 0; i < words->n; i++) {
        const char *value;
        const struct plan_mount_word *word = find(words->v[i], &value);

        if (!word) {
            ret->data[ret->n_data++] = i;
            continue;
        }
        apply(m, ret, word);
        if (word->kind == PLAN_WORD_ID_MAP) {
            ret->id_map_text = value;
            ret->id_map_index = i;
        }
    }
    ret->rw = m->clear & MOUNT_ATTR_RDONLY;
    return 0;
}

/* ---- the filesystem's own ------------------------------------------------------------------------------ */

static bool add_parameter(struct plan_mount *m, const char *option, struct arena *arena)
{
    const char *equals = strchr(option, '=');
    const char *key = equals ? arena_strndup(arena, option, (size_t) (equals - option)) : option;

    if (!key)
        return false;
    m->parameters[m->n_parameters++] = (struct plan_parameter){ key, equals ? equals + 1 : NULL };
    return true;
}

static bool is_plain(const struct plan_parameter *p)
{
    return *p->key && strlen(p->key) <= VALUE_MAX && !strchr(p->key, ',') &&
           (!p->value || (strlen(p->value) <= VALUE_MAX && !strchr(p->value, ',')));
}

/* In mount(2)'s text the label is quoted: it may have commas. */
static int append_label(struct plan_mount *m, const char *key, const char *label, struct arena *arena)
{
    m->data = arena_printf(arena, "%s%s%s=\"%s\"", m->data ? m->data : "", m->data ? "," : "", key, label);
    m->parameters[m->n_parameters++] = (struct plan_parameter){ key, label };
    return m->data ? 0 : -ENOMEM;
}

int plan_mount_options_data(struct plan_mount *m, const struct plan_mount_options *options,
                            const char *label_key, const char *label, struct arena *arena, bool *ret_plain)
{
    *ret_plain = !label || strlen(label) <= VALUE_MAX;
    m->parameters = arena_array(arena, options->n_data + EXTRA, sizeof *m->parameters);
    if (!m->parameters)
        return -ENOMEM;
    for (size_t i = 0; i < options->n_data; i++) {
        const char *option = m->from->options.v[options->data[i]];

        if (!*option)
            continue; /* as mount(2) does */
        if (!add_parameter(m, option, arena))
            return -ENOMEM;
        *ret_plain &= is_plain(&m->parameters[m->n_parameters - 1]);
        m->data = m->data ? arena_printf(arena, "%s,%s", m->data, option) : option;
        if (!m->data)
            return -ENOMEM;
    }
    return label ? append_label(m, label_key, label, arena) : 0;
}
