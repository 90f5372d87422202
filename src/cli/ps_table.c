/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ps_table.c - the lines of ps(1) that belong to some processes.
 */
#include "cli/ps_table.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/file.h"

extern char **environ;

/* ---- run ps ------------------------------------------------------------------------------------------ */

static int spawn(char **argv, int fd, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int r = posix_spawn_file_actions_init(&actions);

    if (r != 0)
        return -r;
    r = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
    if (r == 0)
        r = posix_spawnp(ret_pid, "ps", &actions, NULL, argv, environ);
    (void) posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return status;
}

/* What ps prints, its complaints as well, goes to OUTPUT. Returns the status of waitpid(2), or -errno. */
static int collect(char **argv, struct cli_out *output)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    int r = spawn(argv, fds[1], &pid);
    (void) close(fds[1]);
    if (r < 0) {
        (void) close(fds[0]);
        return r;
    }
    r = cli_file_read_fd(fds[0], output);
    (void) close(fds[0]); /* so that it can't wait for a reader */
    int status = wait_for(pid);
    return r < 0 ? r : status;
}

static char **arguments(char **words)
{
    static char *all[] = { "ps", "-ef", NULL };
    size_t n = 0;

    if (!words[0])
        return all;
    while (words[n])
        n++;
    char **argv = calloc(n + 2, sizeof *argv);
    if (argv) {
        argv[0] = all[0];
        memcpy(argv + 1, words, n * sizeof *words);
    }
    return argv;
}

static int run_ps(struct cli *cli, char **words, struct cli_out *output)
{
    char **argv = arguments(words);
    int status = argv ? collect(argv, output) : -ENOMEM;

    if (words[0])
        free(argv);
    if (status == 0)
        return 0;
    if (status < 0)
        cli_log_failure(&cli->log, status, "the program ps can't be run");
    else
        cli_log_failure(&cli->log, 0, "ps failed: %.*s", output->s ? (int) strcspn(output->s, "\n") : 0,
                        output->s ? output->s : "");
    return -1;
}

/* ---- choose its lines -------------------------------------------------------------------------------- */

/* The word at COLUMN of LINE, which ends with a newline or a NUL; NULL if it has fewer. */
static const char *word_at(const char *line, size_t column)
{
    for (size_t i = 0;; i++) {
        line += strspn(line, " \t");
        if (*line == '\n' || !*line)
            return NULL;
        if (i == column)
            return line;
        line += strcspn(line, " \t\n");
    }
}

static bool find_pid_column(const char *head, size_t *ret)
{
    const char *word;

    for (size_t i = 0; (word = word_at(head, i)) != NULL; i++) {
        if (strncmp(word, "PID", 3) == 0 && strcspn(word, " \t\n") == 3) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool is_wanted(const char *line, size_t column, const pid_t *pids, size_t n)
{
    const char *word = word_at(line, column);
    long pid = word ? strtol(word, NULL, 10) : 0;

    for (size_t i = 0; i < n; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

int cli_ps_table(struct cli *cli, char **words, const pid_t *pids, size_t n, struct cli_out *out)
{
    autoout struct cli_out output = { 0 };
    size_t column;

    if (run_ps(cli, words, &output) < 0)
        return -1;
    if (!find_pid_column(output.s, &column)) {
        cli_log_failure(&cli->log, 0, "ps prints no column PID, by which the container's processes are told");
        return -1;
    }
    for (const char *line = output.s; *line;) {
        size_t length = strcspn(line, "\n");

        if (line == output.s || is_wanted(line, column, pids, n)) {
            cli_out_put(out, line, length);
            cli_out_word(out, "\n");
        }
        line += length + (line[length] == '\n');
    }
    return 0;
}
