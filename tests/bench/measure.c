/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure.c - runs programs and says what each of them cost.
 *
 * A script can't do this itself: what a child inherits from an interpreter (some MiB of memory, counted in
 * its peak) and the time in which the interpreter wakes up would be measured too.  Requests come on standard
 * input, a line each, words separated by tabs:
 *
 *     run WORD...   a program and its arguments, for the next go
 *     go            starts all that are waiting, at the same time, and answers with a line for each, in their
 *                   order: nanoseconds of wall time, microseconds of CPU time (its own and its children's
 *                   that it waited for), peak KiB of memory, exit status (128 and the signal's number if one
 *                   ended it)
 *     wait PID      waits for the end of a process that was left to us, and answers with its microseconds of
 *                   CPU time; 0 if it is not ours or gone already
 *
 * Orphans (what a runtime's create leaves behind) come to this process, which takes their exit status at
 * once, as a container engine's monitor does.  Standard input and output of the programs are /dev/null,
 * standard error is ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAMS_MAX = 1024, WORDS_MAX = 64, ORPHANS_MAX = 4096 };

struct program {
    char *line, *argv[WORDS_MAX];
    pid_t pid;
    int64_t began, wall;
    struct rusage usage;
    int status;
};

static struct program programs[PROGRAMS_MAX];
static size_t programs_n;

/* Orphans that ended before anybody asked for them. */
static struct orphan {
    pid_t pid;
    int64_t cpu;
} orphans[ORPHANS_MAX];
static size_t orphans_n;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t cpu_of(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * INT64_C(1000000) + usage->ru_utime.tv_usec +
           usage->ru_stime.tv_usec;
}

static void add(char *words)
{
    struct program *p = &programs[programs_n];
    size_t n = 0;

    if (programs_n == PROGRAMS_MAX) {
        errno = E2BIG;
        die("run");
    }
    *p = (struct program){ .line = strdup(words) };
    if (!p->line)
        die("strdup");
    for (char *save, *word = strtok_r(p->line, "\t", &save); word && n < WORDS_MAX - 1;
         word = strtok_r(NULL, "\t", &save))
        p->argv[n++] = word;
    programs_n++;
}

static void start(struct program *p, const posix_spawn_file_actions_t *actions)
{
    extern char **environ;
    int r;

    p->began = now();
    r = posix_spawn(&p->pid, p->argv[0], actions, NULL, p->argv, environ);
    if (r) {
        errno = r;
        die(p->argv[0]);
    }
}

/* Takes one exit status, of a program of ours or of an orphan; returns whether it was a program's. */
static int reap(void)
{
    struct rusage usage;
    int status;
    pid_t pid = wait4(-1, &status, 0, &usage);

    if (pid < 0)
        die("wait4");
    for (size_t i = 0; i < programs_n; i++) {
        struct program *p = &programs[i];

        if (p->pid != pid)
            continue;
        p->wall = now() - p->began;
        p->usage = usage;
        p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return 1;
    }
    orphans[orphans_n++ % ORPHANS_MAX] = (struct orphan){ pid, cpu_of(&usage) };
    return 0;
}

static void go(const posix_spawn_file_actions_t *actions)
{
    size_t left = programs_n;

    for (size_t i = 0; i < programs_n; i++)
        start(&programs[i], actions);
    while (left)
        left -= (size_t) reap();
    for (size_t i = 0; i < programs_n; i++) {
        struct program *p = &programs[i];

        printf("%" PRId64 " %" PRId64 " %ld %d\n", p->wall, cpu_of(&p->usage), p->usage.ru_maxrss, p->status);
        free(p->line);
    }
    programs_n = 0;
}

/* One that ended already is in the table; newer entries first, as numbers come again. */
static int64_t wait_for(pid_t pid)
{
    struct rusage usage;

    for (size_t i = 0; i < orphans_n && i < ORPHANS_MAX; i++) {
        const struct orphan *o = &orphans[(orphans_n - 1 - i) % ORPHANS_MAX];

        if (o->pid == pid)
            return o->cpu;
    }
    return wait4(pid, NULL, __WALL, &usage) == pid ? cpu_of(&usage) : 0;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    posix_spawn_file_actions_t actions;

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    while ((n = getline(&line, &size, stdin)) > 0) {
        line[n - 1] = '\0';
        if (!strncmp(line, "run\t", 4))
            add(line + 4);
        else if (!strcmp(line, "go"))
            go(&actions);
        else if (!strncmp(line, "wait\t", 5))
            printf("%" PRId64 "\n", wait_for((pid_t) strtol(line + 5, NULL, 10)));
        else
            return 2;
        fflush(stdout);
    }
    return 0;
}
