/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arena.h - memory that is allocated piece by piece and freed all at once. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks;    /* newest first */
};

void *arena_alloc(struct arena *arena, size_t size);             /* zeroed; NULL if out of memory */
char *arena_strndup(struct arena *arena, const char *s, size_t n);
void arena_free(struct arena *arena);                            /* safe on a zeroed arena */

#endif
