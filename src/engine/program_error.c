/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program_error.c - why a program can't be executed, in the words that engines look for (host/words.h).
 */
#include "engine/program_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errno_text.h"
#include "host/words.h"

static int at_args(const struct plan_process *p, struct err *err, int number, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The errno is kept, its text is in the words already. */
static int at_args(const struct plan_process *p, struct err *err, int number, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    (void) err_at_index(err, &p->from->node, offsetof(struct oci_process, args), 0, ERR_EXEC, 0, "%s",
                        n < 0 ? "out of memory" : text);
    if (n >= 0)
        free(text);
    err->number = number < 0 ? -number : number;
    return number;
}

int program_lookup_failed(const struct plan_process *p, const struct msg *msg, const char *text, size_t n,
                          struct err *err)
{
    const char *name = p->argv[0];
    int r = msg->err;

    if (r == -ENOENT && msg->item == 1) {
        r = at_args(p, err, r, "exec: \"%s\": " WORDS_NOT_IN_PATH, name);
        err_hint(err, "the container's PATH is %s", p->search_path);
        return r;
    }
    switch (r) {
    case -ENOENT:
        return at_args(p, err, r, "exec: \"%s\": stat %.*s: " WORDS_NO_SUCH_FILE, name, (int) n, text);
    case -EISDIR: /* with what execve(2) would say: older engines know only that, and answer with 126 */
        return at_args(p, err, r, "exec: \"%s\": " WORDS_IS_DIRECTORY ": " WORDS_PERMISSION, name);
    case -EACCES:
        r = at_args(p, err, r, "exec: \"%s\": " WORDS_PERMISSION, name);
        err_hint(err, "the file has no execute bit, or is no regular file");
        return r;
    case -ELOOP:
        r = at_args(p, err, r, "exec: \"%s\": too many symbolic links, or one of /proc that leads out", name);
        err_hint(err, "/proc/self/exe and /proc/self/fd/N are not programs of the container");
        return r;
    default: return at_args(p, err, r, "exec: \"%s\": %s", name, errno_text(-r));
    }
}

int program_exec_failed(const struct plan_process *p, const struct msg *msg, const char *text, size_t n,
                        struct err *err)
{
    const char *name = p->argv[0];
    int r = msg->err;

    (void) text;
    (void) n;
    switch (r) {
    case -ENOENT:
        r = at_args(p, err, r, "exec %s: " WORDS_NO_SUCH_FILE, name);
        err_hint(
            err,
            "the file is there, but the interpreter that its first line or its ELF header names is missing; "
            "a script with Windows line ends looks for one whose name ends in a carriage return");
        return r;
    case -EACCES:
        r = at_args(p, err, r, "exec %s: " WORDS_PERMISSION, name);
        err_hint(
            err,
            "user %u may not execute it, its interpreter is not executable, or it lies on a noexec mount",
            p->uid);
        return r;
    case -ENOEXEC:
        r = at_args(p, err, r, "exec %s: exec format error", name);
        err_hint(err, "it is a program for another architecture, or a script without a #! line");
        return r;
    default: return at_args(p, err, r, "exec %s: %s", name, errno_text(-r));
    }
}
