/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * swap.c - decides a race: exchanges two paths while one process is at its N-th system call.
 *
 *     swap [-bi] [-x EXECS] [-l LOG] PROCESS CALL PATH OTHER -- COMMAND [ARG...]
 *
 * The command is process 0, the first that it or a child of it clones is 1, and so on.  When PROCESS enters
 * its call number CALL (from 1), PATH and OTHER are exchanged by renameat2(2), so that this call is the first
 * that sees the other; with -b they are exchanged back when it is done, so that it is the only one.  CALL 0
 * exchanges nothing and counts.  A process is let go when it has executed EXECS programs of its own (default
 * 1; the command's first does not count), the command never.  LOG gets "calls PROCESS N" for each process and
 * "swapped SYSCALL" or "missed".  With -i it also gets "inside PROCESS CAPABILITIES PROGRAM DESCRIPTOR..."
 * for each call that is made in a pid namespace below ours: what one could get there who may trace.  The exit
 * status is the command's, 128+n for a signal.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCHANGE (1 << 1) /* RENAME_EXCHANGE of linux/fs.h, which does not go with stdio.h everywhere */

enum { PROCESSES_MAX = 4096 };

struct traced {
    pid_t pid;
    unsigned number, calls, execs;
    bool gone;
};

static struct traced traced[PROCESSES_MAX];
static unsigned n_traced;

static struct {
    unsigned process, call, execs;
    const char *path, *other;
    bool blink, inside;
    FILE *log;
} what = { .execs = 1 };
static bool swapped, to_be_undone;

static _Noreturn void die(const char *why)
{
    fprintf(stderr, "swap: %s: %s\n", why, strerror(errno));
    exit(126);
}

static struct traced *find(pid_t pid)
{
    for (unsigned i = 0; i < n_traced; i++)
        if (traced[i].pid == pid && !traced[i].gone)
            return &traced[i];
    if (n_traced == PROCESSES_MAX) {
        errno = E2BIG;
        die("more processes");
    }
    traced[n_traced] = (struct traced){ .pid = pid, .number = n_traced };
    return &traced[n_traced++];
}

static void exchange(void)
{
    if (syscall(SYS_renameat2, AT_FDCWD, what.path, AT_FDCWD, what.other, EXCHANGE) < 0)
        die("renameat2");
}

/* The number of the call that T has come to, -1 if it comes back from one. */
static long long entered(pid_t pid)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return -1;
    return (long long) info.entry.nr;
}

/* The value of a line of /proc/PID/status; "" if there is none. */
static const char *status_of(pid_t pid, const char *name, char *buf, size_t size)
{
    char path[64], *value = NULL;
    size_t length = strlen(name);
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int) pid);
    file = fopen(path, "re");
    while (file && !value && fgets(buf, (int) size, file))
        if (strncmp(buf, name, length) == 0)
            value = buf + length + strspn(buf + length, " \t");
    if (file)
        fclose(file);
    if (value)
        value[strcspn(value, "\n")] = '\0';
    return value ? value : "";
}

static void log_link(const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof target - 1);

    for (ssize_t i = 0; i < n; i++)
        if (target[i] == ' ')
            target[i] = '_';
    fprintf(what.log, " %.*s", n < 0 ? 1 : (int) n, n < 0 ? "?" : target);
}

static void log_inside(const struct traced *t)
{
    char buf[256], path[320];
    struct dirent *entry;
    DIR *dir;

    if (!strpbrk(status_of(t->pid, "NSpid:", buf, sizeof buf), " \t"))
        return;
    fprintf(what.log, "inside %u %s", t->number, status_of(t->pid, "CapPrm:", buf, sizeof buf));
    snprintf(path, sizeof path, "/proc/%d/exe", (int) t->pid);
    log_link(path);
    snprintf(path, sizeof path, "/proc/%d/fd", (int) t->pid);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/fd/%s", (int) t->pid, entry->d_name);
            log_link(path);
        }
    if (dir)
        closedir(dir);
    fputc('\n', what.log);
}

static void at_call(struct traced *t)
{
    long long call = entered(t->pid);

    if (what.inside && call >= 0)
        log_inside(t);

    if (call < 0) {
        if (to_be_undone && t->number == what.process) {
            exchange();
            to_be_undone = false;
        }
        return;
    }
    t->calls++;
    if (t->number != what.process || t->calls != what.call)
        return;
    exchange();
    swapped = true;
    to_be_undone = what.blink;
    if (what.log)
        fprintf(what.log, "swapped %lld\n", call);
}

/* True: let it go. */
static bool at_exec(struct traced *t)
{
    return t->number != 0 && ++t->execs >= what.execs;
}

static void go_on(pid_t pid, bool release, int signal)
{
    if (release)
        (void) ptrace(PTRACE_DETACH, pid, 0, (long) signal);
    else
        (void) ptrace(PTRACE_SYSCALL, pid, 0, (long) signal);
}

static void stopped(struct traced *t, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    bool release = false;

    if (signal == (SIGTRAP | 0x80)) {
        at_call(t);
        signal = 0;
    } else if (event == PTRACE_EVENT_EXEC) {
        release = at_exec(t);
        signal = 0;
    } else if (event || (signal == SIGSTOP && t->calls == 0)) {
        signal = 0; /* a clone, or the birth of one */
    }
    if (release)
        t->gone = true;
    go_on(t->pid, release, signal);
}

/* Until the command has ended and nobody is traced any more; its status. */
static int attend(pid_t command)
{
    int status, result = -1;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        struct traced *t;

        if (pid < 0)
            continue;
        t = find(pid);
        if (WIFSTOPPED(status)) {
            stopped(t, status);
            continue;
        }
        t->gone = true;
        if (pid == command)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return result;
}

static pid_t begin(char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    int status;
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 || raise(SIGSTOP) != 0)
            die("trace");
        execv(argv[0], argv);
        die(argv[0]);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0)
        die("trace");
    (void) find(pid);
    go_on(pid, false, 0);
    return pid;
}

static void usage(void)
{
    fputs("usage: swap [-bi] [-x EXECS] [-l LOG] PROCESS CALL PATH OTHER -- COMMAND [ARG...]\n", stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    int option, status;

    while ((option = getopt(argc, argv, "+bix:l:")) != -1) {
        if (option == 'b')
            what.blink = true;
        else if (option == 'i')
            what.inside = true;
        else if (option == 'x')
            what.execs = (unsigned) atoi(optarg);
        else if (option == 'l')
            what.log = fopen(optarg, "ae");
        else
            usage();
    }
    if (argc - optind < 6 || (what.inside && !what.log) || strcmp(argv[optind + 4], "--") != 0)
        usage();
    what.process = (unsigned) atoi(argv[optind]);
    what.call = (unsigned) atoi(argv[optind + 1]);
    what.path = argv[optind + 2];
    what.other = argv[optind + 3];
    status = attend(begin(argv + optind + 5));
    if (to_be_undone)
        exchange(); /* the call was the process's last */
    for (unsigned i = 0; what.log && i < n_traced; i++)
        fprintf(what.log, "calls %u %u\n", traced[i].number, traced[i].calls);
    if (what.log && !swapped && what.call)
        fputs("missed\n", what.log);
    return status;
}
