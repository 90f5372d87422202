/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe.c - runs as the process of a container and tells what it sees.
 *
 *     probe [-o FILE] [ACTION [ARG...] [-- ACTION [ARG...]]...]
 *
 * Without an action it prints the report.  Each action prints one line of JSON.  It is linked statically
 * and needs nothing in the root filesystem: what can't be read (no /proc, say) is marked by an errno.
 */
#include "probe.h"

#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct action *const tables[] = {
    probe_file_actions,  probe_process_actions, probe_tty_actions,
    probe_count_actions, probe_notify_actions,  probe_hold_actions
};

char *read_whole(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = 0, room = 4096;
    char *text = fd < 0 ? NULL : malloc(room + 1);

    while (text) {
        ssize_t n = read(fd, text + size, room - size);

        if (n < 0) {
            int error = errno;

            free(text);
            text = NULL;
            errno = error;
        } else if (n == 0) {
            text[size] = '\0';
            *ret_size = size;
            break;
        } else if ((size += (size_t) n) == room) {
            room *= 2;
            text = realloc(text, room + 1);
        }
    }
    if (fd >= 0) {
        int error = errno;

        close(fd);
        errno = error;
    }
    return text;
}

int say_result(const char *name, int error)
{
    json_object();
    json_put_string("action", name);
    json_put_int("errno", error);
    json_end();
    return 0;
}

static const struct action *find(const char *name)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct action *a = tables[t]; a->name; a++)
            if (strcmp(a->name, name) == 0)
                return a;
    return NULL;
}

static int run_one(int n, char **words)
{
    const struct action *a;

    if (strcmp(words[0], "report") == 0) {
        report_print(n, words);
        return 0;
    }
    a = find(words[0]);
    if (!a || n - 1 < a->min_args) {
        fprintf(stderr, "probe: %s: %s\n", words[0], a ? "too few arguments" : "no such action");
        return 125;
    }
    return a->run(n - 1, words + 1);
}

/* A "--" ends an action; after "exec" everything belongs to the program. */
static int words_of_action(int n, char **words)
{
    int i = 0;

    if (strcmp(words[0], "exec") == 0)
        return n;
    while (i < n && strcmp(words[i], "--") != 0)
        i++;
    return i;
}

int main(int argc, char **argv)
{
    int i = 1, status = 0;

    if (i + 1 < argc && strcmp(argv[i], "-o") == 0) {
        int fd = open(argv[i + 1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        if (fd < 0) {
            fprintf(stderr, "probe: %s: %s\n", argv[i + 1], strerror(errno));
            return 124;
        }
        json_to_fd(fd);
        i += 2;
    }
    if (i >= argc) {
        report_print(argc, argv);
        return 0;
    }
    while (i < argc && status == 0) {
        int n = words_of_action(argc - i, argv + i);

        if (n > 0)
            status = run_one(n, argv + i);
        i += n + 1;
    }
    return status;
}
