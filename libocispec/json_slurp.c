/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_slurp.c - the text of a file, whatever kind of file it is. */
#include "json.h"

#include <errno.h>
#include <unistd.h>

/* No more than a page: on a stack that is probed (-fstack-clash-protection) all of it would be touched. */
enum { CHUNK_SIZE = 4096 };

/* A pipe does not tell its size, and a regular file may grow: read until nothing comes. */
int json_slurp(int fd, struct arena *arena, char **ret_text, size_t *ret_len)
{
    struct json_text text = { 0 };
    char chunk[CHUNK_SIZE], *copy;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0)
            json_text_put(&text, chunk, (size_t) n);

        int r = n < 0 ? -errno : text.failed ? -ENOMEM : text.n > JSON_TEXT_MAX ? -EFBIG : 0;

        if (r < 0) {
            json_text_free(&text);
            return r;
        }
    }

    copy = arena_strndup(arena, text.v, text.n);
    *ret_len = copy ? text.n : *ret_len;
    *ret_text = copy ? copy : *ret_text;
    json_text_free(&text);
    return copy ? 0 : -ENOMEM;
}
