/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subids.c - the subordinate ids of a user, from /etc/subuid and /etc/subgid.
 *
 * A line is "USER:START:COUNT".  Lines that are none of these are the business of newuidmap(1), which skips
 * them too.
 */
#include "host/subids.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/state.h"
#include "libocispec/json.h"

/* Parses LINE, which is changed.  1 if it gives something to the user, else 0. */
static int parse(char *line, const char *name, const char *number, struct plan_id_range *ret)
{
    char *save = NULL, *user = strtok_r(line, ":", &save), *start = strtok_r(NULL, ":", &save),
         *count = strtok_r(NULL, ":", &save);
    uint32_t end;

    if (!count || (strcmp(user, name) != 0 && strcmp(user, number) != 0))
        return 0;
    return text_parse_u32(start, UINT32_MAX - 1, &ret->outside) == 0 &&
           text_parse_u32(count, UINT32_MAX - 1, &ret->size) == 0 && ret->size > 0 &&
           !__builtin_add_overflow(ret->outside, ret->size, &end);
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

int host_subids(const char *file, uid_t uid, struct arena *arena, struct plan_id_range **ret_v, size_t *ret_n)
{
    autoclose int fd = sys_openat(AT_FDCWD, file, O_RDONLY | O_NOCTTY, 0);
    char *name = host_user_name(uid, arena), *number = arena_printf(arena, "%lu", (unsigned long) uid);
    char *text, *save = NULL;
    struct plan_id_range *v;
    size_t size, n = 0;
    uint32_t inside = 1;
    int r = fd >= 0 ? json_slurp(fd, arena, &text, &size) : fd;

    if (r == -ENOENT) {
        *ret_n = 0;
        return 0;
    }
    if (r < 0)
        return r;
    v = arena_array(arena, count_lines(text), sizeof *v);
    if (!v || !name || !number)
        return -ENOMEM;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!parse(line, name, number, &v[n]))
            continue;
        v[n].inside = inside;
        if (__builtin_add_overflow(inside, v[n].size, &inside))
            break;
        n++;
    }
    *ret_v = v;
    *ret_n = n;
    return 0;
}
