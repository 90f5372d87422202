/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arena.c - memory that is taken piece by piece and given back all at once. */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 32 * 1024, ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) char data[];
};

/* What is larger than a block gets one of its own, and the rest of the block before it is lost. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct arena_block *b = malloc(sizeof *b + room);

    if (!b)
        return NULL;
    b->used = 0;
    b->size = room;
    b->next = arena->blocks;
    arena->blocks = b;
    return b;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *b = arena->blocks;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~((size_t) ALIGNMENT - 1);
    if (arena->limit && (arena->used > arena->limit || size > arena->limit - arena->used))
        return NULL;

    if (!b || b->size - b->used < size)
        b = add_block(arena, size);
    if (!b)
        return NULL;

    void *p = b->data + b->used;

    b->used += size;
    arena->used += size;
    /* Zeroed piece by piece: of the last block most is never used, and so never touched. */
    return memset(p, 0, size);
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
    size_t total;

    return __builtin_mul_overflow(n, size, &total) ? NULL : arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? arena_alloc(arena, n + 1) : NULL;

    if (copy && n)
        memcpy(copy, s, n);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list ap, again;
    char *s = NULL;

    va_start(ap, fmt);
    va_copy(again, ap);

    int n = vsnprintf(NULL, 0, fmt, ap);

    if (n >= 0)
        s = arena_alloc(arena, (size_t) n + 1);
    if (s)
        (void) vsnprintf(s, (size_t) n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return s;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *first = arena->blocks;

    while (first && first->next) {
        struct arena_block *next = first->next;

        free(first);
        first = next;
    }
    if (first)
        first->used = 0;
    arena->blocks = first;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena->blocks = NULL;
    arena->used = 0;
}
