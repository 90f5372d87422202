/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arena.h - memory that is taken piece by piece and given back all at once.
 *
 * A zeroed struct arena is an empty one.  What comes out is zeroed, aligned for
 * any object, and stays where it is until arena_free().  An arena belongs to one
 * thread at a time.
 */
#ifndef OCIRT_ARENA_H
#define OCIRT_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; only its end is free */
    size_t used;                /* bytes given out */
    size_t limit;               /* give out no more than that; 0: no limit */
};

/* SIZE bytes, or N elements of SIZE bytes; NULL if out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t n, size_t size);

/* Copies, with a NUL at the end; NULL if out of memory. */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Leaves an empty arena with the same limit, which keeps its first block for what comes next: musl gives a
 * block back to the kernel at once, and a list would ask for it again for each container.
 */
void arena_reset(struct arena *arena);

/* Frees everything, and leaves an empty arena with the same limit. */
void arena_free(struct arena *arena);

#define autoarena __attribute__((cleanup(arena_free)))

#endif
