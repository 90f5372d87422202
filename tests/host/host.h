/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.h - what the tests of src/host share: a directory of their own, errors as text, and reasons to skip.
 */
#ifndef OCIRT_TESTS_HOST_H
#define OCIRT_TESTS_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/spec/tap.h"

static char test_directory[] = "/tmp/ocirt-test-XXXXXX";

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void) st, (void) type, (void) ftw;
    return remove(path);
}

static inline void remove_test_directory(void)
{
    (void) nftw(test_directory, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* An empty directory that is removed at the end, and is the working directory. */
static inline void enter_test_directory(void)
{
    if (!mkdtemp(test_directory) || chdir(test_directory) < 0) {
        printf("Bail out! no temporary directory: %s\n", strerror(errno));
        exit(1);
    }
    (void) atexit(remove_test_directory);
}

static inline void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "we");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) < 0) {
        printf("Bail out! write %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

/* The text of a file; "" if it can't be read.  For free(3). */
static inline char *read_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t room = 1 << 21, n = 0;
    char *text = malloc(room);
    ssize_t r = 1;

    while (text && fd >= 0 && n < room - 1 && (r = read(fd, text + n, room - 1 - n)) > 0)
        n += (size_t) r;
    if (text)
        text[n] = '\0';
    if (fd >= 0)
        (void) close(fd);
    return text;
}

/* The call failed, with words in its error; which is empty again then. */
static inline void check_error(int r, struct err *err, const char *words, const char *name)
{
    bool good = r < 0 && err_is_set(err) && err->text && strstr(err->text, words);

    check(good, "%s", name);
    if (!good)
        printf("# returned %d, error: %s\n# want:  %s\n", r, err->text ? err->text : "(none)", words);
    err_done(err);
}

static inline void check_good(int r, struct err *err, const char *name)
{
    check(r >= 0 && !err_is_set(err), "%s", name);
    if (err_is_set(err))
        printf("# error: %s\n", err->text);
    else if (r < 0)
        printf("# returned %d (%s)\n", r, strerror(-r));
    err_done(err);
}

/* Ends the program: nothing here can be tested. */
static inline void skip_all(const char *reason)
{
    printf("1..0 # skip %s\n", reason);
    exit(0);
}

static inline void skip(const char *name, const char *reason)
{
    printf("ok %u - %s # skip %s\n", ++tap_number, name, reason);
}

#endif
