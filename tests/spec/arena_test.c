/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libocispec/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void test_pieces(void)
{
    autoarena struct arena arena = { 0 };
    bool aligned = true, zeroed = true, whole = true;
    char *pieces[500];

    for (size_t i = 0; i < 500; i++) {
        pieces[i] = arena_alloc(&arena, i * 3 + 1);
        aligned = aligned && (uintptr_t) pieces[i] % alignof(max_align_t) == 0;
        zeroed = zeroed && is_zero(pieces[i], i * 3 + 1);
        memset(pieces[i], (int) (i % 255 + 1), i * 3 + 1);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t j = 0; j < i * 3 + 1; j++)
            whole = whole && (unsigned char) pieces[i][j] == i % 255 + 1;
    check(aligned, "pieces are aligned for any object");
    check(zeroed, "pieces are zeroed");
    check(whole, "pieces do not overlap, also over several blocks");
    check(arena_alloc(&arena, 0) != NULL, "no bytes are something, too");
}

static void test_large(void)
{
    autoarena struct arena arena = { 0 };
    char *small = arena_alloc(&arena, 16), *large = arena_alloc(&arena, 1 << 20),
         *next = arena_alloc(&arena, 16);

    check(small && large && next && is_zero(large, 1 << 20), "a piece may be larger than a block");
    large[0] = large[(1 << 20) - 1] = 'x';
    check(is_zero(small, 16) && is_zero(next, 16), "its neighbours are untouched");
}

static void test_overflow(void)
{
    autoarena struct arena arena = { 0 };

    check(!arena_alloc(&arena, SIZE_MAX), "SIZE_MAX bytes are refused");
    check(!arena_alloc(&arena, SIZE_MAX - 8), "what overflows when rounded up is refused");
    check(!arena_array(&arena, SIZE_MAX / 4 + 2, 4), "an array whose size overflows is refused");
    check(arena_array(&arena, 3, 4) != NULL, "an array that fits is not");
    check(!arena_strndup(&arena, "", SIZE_MAX), "a string of SIZE_MAX bytes is refused");
}

static void test_limit(void)
{
    autoarena struct arena arena = { .limit = 64 };

    check(arena_alloc(&arena, 48) && arena_alloc(&arena, 16), "all of the limit can be used");
    check(!arena_alloc(&arena, 1), "no more than the limit");
    arena_free(&arena);
    check(arena.used == 0 && arena.limit == 64 && arena_alloc(&arena, 64),
          "after arena_free() it counts anew");
}

static void test_strings(void)
{
    autoarena struct arena arena = { 0 };

    check_text(arena_strdup(&arena, "hello"), "hello", "arena_strdup");
    check_text(arena_strdup(&arena, ""), "", "arena_strdup of nothing");
    check_text(arena_strndup(&arena, "hello", 2), "he", "arena_strndup ends with NUL");
    check_text(arena_printf(&arena, "%s-%d", "x", 7), "x-7", "arena_printf");
    check(strlen(arena_printf(&arena, "%050000d", 1)) == 50000, "arena_printf of any length");
}

static void reset(void)
{
    struct arena arena = { .limit = 1 << 21 };
    char *first = arena_alloc(&arena, 100), *again;

    memset(first, 'x', 100);
    check(arena_alloc(&arena, 1 << 20) && arena_alloc(&arena, 1 << 19), "more blocks");
    arena_reset(&arena);
    again = arena_alloc(&arena, 100);
    check(again == first, "the first block is kept");
    check(again && !again[0] && !again[99], "what comes out of it is zeroed");
    check(arena_alloc(&arena, 1 << 20) && arena_alloc(&arena, 1 << 19), "the limit is counted anew");
    arena_free(&arena);
    arena_reset(&arena);
    check(arena_alloc(&arena, 1) != NULL, "an empty one can be reset, too");
    arena_free(&arena);
}

int main(void)
{
    reset();
    struct arena empty = { 0 };

    arena_free(&empty);
    test_pieces();
    test_large();
    test_overflow();
    test_limit();
    test_strings();
    return tap_done();
}
