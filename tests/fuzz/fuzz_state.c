/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_state.c - any bytes as the state.json of a container.
 *
 * It is refused with a sentence, or what was read can be saved, and reads as the same again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/state.h"
#include "tests/fuzz/fuzz.h"

static char path[] = "/tmp/fuzz-state-XXXXXX";
static int root_fd = -1, dir_fd = -1;

static void remove_all(void)
{
    (void) unlinkat(dir_fd, "state.json", 0);
    (void) unlinkat(dir_fd, "state.json.new", 0);
    (void) unlinkat(root_fd, "fuzz", AT_REMOVEDIR);
    (void) rmdir(path);
}

static void open_root(void)
{
    require(mkdtemp(path));
    root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(root_fd >= 0 && mkdirat(root_fd, "fuzz", 0700) == 0);
    dir_fd = openat(root_fd, "fuzz", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(dir_fd >= 0);
    (void) atexit(remove_all);
}

static void put(const uint8_t *data, size_t size)
{
    int fd = openat(dir_fd, "state.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    require(fd >= 0 && write(fd, data, size) == (ssize_t) size);
    close(fd);
}

static bool load(struct arena *arena, struct host_state **ret)
{
    struct err err = { 0 };
    int r = host_state_load(root_fd, "fuzz", arena, ret, NULL, &err);

    if (r < 0)
        fuzz_check_errors(&err);
    err_done(&err);
    return r == 0;
}

/* By what would be saved: which of the members that are false or 0 stood in the text does not count. */
static void same(struct host_state *a, struct host_state *b)
{
    struct json_text one = { 0 }, other = { 0 };

    a->node = b->node = (struct json_node){ .type = &host_state_type };
    require(json_write_text(a, JSON_COMPACT, &one) == 0 && json_write_text(b, JSON_COMPACT, &other) == 0);
    require(one.n == other.n && !memcmp(one.v, other.v, one.n));
    json_text_free(&one);
    json_text_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct host_state *first = NULL, *second = NULL;
    struct err err = { 0 };

    if (root_fd < 0)
        open_root();
    put(data, size);
    if (load(&arena, &first)) {
        require(first->id && !strcmp(first->id, "fuzz") && first->bundle && first->rootfs && first->pid >= 0);
        require(host_state_save(dir_fd, first, &err) == 0);
        require(load(&arena, &second));
        same(first, second);
    }
    err_done(&err);
    return 0;
}
