/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_words.c - words of checkpoint and restore, and of CRIU's log.
 */
#include "host/criu_words.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "base/fd.h"

struct word {
    const char *word;
    int value;
};

static int find(const struct word *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i].word, word))
            return words[i].value;
    return -EINVAL;
}

#define FIND(words, word) find(words, sizeof(words) / sizeof *(words), word)

int host_criu_cgroup_mode(const char *word)
{
    /* enum criu_cg_mode */
    static const struct word words[] = { { "ignore", 0 }, { "soft", 3 }, { "full", 4 }, { "strict", 5 } };

    return FIND(words, word ? word : "soft");
}

int host_criu_network_lock(const char *word)
{
    /* enum criu_network_lock_method */
    static const struct word words[] = { { "iptables", 1 }, { "nftables", 2 }, { "skip", 3 } };

    return FIND(words, word);
}

int host_criu_empty_namespace(const char *word)
{
    static const struct word words[] = { { "network", CLONE_NEWNET } };

    return FIND(words, word);
}

int host_criu_page_server(const char *text, char **ret_address, uint32_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t) (colon - text) : 0;
    autofree char *address = NULL;
    uint32_t port;
    bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';

    if (!n || strpbrk(text, " \t\r\n#") || text_parse_u32(colon + 1, UINT16_MAX, &port) < 0 || !port)
        return -EINVAL;
    if (!brackets && (*text == '[' || memchr(text, ':', n)))
        return -EINVAL;
    address = brackets ? strndup(text + 1, n - 2) : strndup(text, n);
    if (!address)
        return -ENOMEM;
    *ret_address = take_ptr(&address);
    *ret_port = port;
    return 0;
}

/* ---- the log ------------------------------------------------------------------------------------------- */

enum { LAST = 2 }; /* errors told of those in the log, after the first */

struct line {
    const char *s;
    size_t n;
};

static bool rest_from(struct line line, const char *word, struct line *ret)
{
    const char *at = memmem(line.s, line.n, word, strlen(word));

    if (at)
        *ret = (struct line){ at, line.n - (size_t) (at - line.s) };
    return at;
}

/*
 * "(00.012345)      1: Error (criu/mount.c:1088): mnt: ..." becomes what is behind the place.
 * A page server that does not answer CRIU 4.2 tells of as of a success.
 */
static bool find_error(struct line line, struct line *ret)
{
    static const char word[] = "Error (", end[] = "): ";
    const char *at = memmem(line.s, line.n, word, sizeof word - 1), *last = line.s + line.n;
    const char *text = at ? memmem(at, (size_t) (last - at), end, sizeof end - 1) : NULL;

    if (!text)
        return rest_from(line, "Can't connect to server ", ret);
    text += sizeof end - 1;
    *ret = (struct line){ text, (size_t) (last - text) };
    return ret->n > 0;
}

/* "Dumping FAILED.", the end of a program that has told why before, and of a helper for lack of work. */
static bool tells_nothing(struct line line)
{
    return memmem(line.s, line.n, "FAILED.", 7) || memmem(line.s, line.n, "exited, status=", 15) ||
           memmem(line.s, line.n, "cgroupd: recv req error", 23);
}

/* "iptables-save -V failed": a program was looked for by starting it, and the line before says why not. */
static bool is_search(struct line line)
{
    static const char end[] = " -V failed";

    return line.n >= sizeof end - 1 && !memcmp(line.s + line.n - (sizeof end - 1), end, sizeof end - 1);
}

static void add_error(struct line line, struct text *out)
{
    text_add(out, "%s%.*s", out->n ? "; " : "", (int) line.n, line.s);
}

/* The next error of the log, which is consumed up to its end.  False: there is none. */
static bool next_error(const char **log, size_t *n, struct line *ret)
{
    bool found = false;

    while (*n && !found) {
        const char *end = memchr(*log, '\n', *n);
        struct line line = { *log, end ? (size_t) (end - *log) : *n };
        size_t step = line.n + (end != NULL);

        found = find_error(line, ret) && !tells_nothing(*ret);
        *log += step;
        *n -= step;
    }
    return found;
}

/* The first and the last ones of those that were added. */
struct errors {
    struct line first, last[LAST];
    size_t n;
};

static void keep(struct errors *errors, struct line line)
{
    if (!line.n)
        return;
    if (errors->n == 0)
        errors->first = line;
    else
        errors->last[(errors->n - 1) % LAST] = line;
    errors->n++;
}

void host_criu_log_errors(const char *log, size_t n, struct text *out)
{
    struct errors errors = { 0 };
    struct line error, before = { 0 };

    while (next_error(&log, &n, &error)) {
        bool search = is_search(error);

        if (!search)
            keep(&errors, before);
        before = search ? (struct line){ 0 } : error;
    }
    keep(&errors, before);
    if (errors.n)
        add_error(errors.first, out);
    for (size_t i = errors.n > LAST + 1 ? errors.n - LAST : 1; i < errors.n; i++)
        add_error(errors.last[(i - 1) % LAST], out);
}
