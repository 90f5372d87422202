/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * at_call.c - runs a program and does harm at one of its system calls.
 *
 *     at_call [--parent|--child] [--at N] [--kill|--errno E|--wait READY,GO] [--attach PID] REPORT PROGRAM
 *     ARGUMENT...
 *
 * The calls of the program itself, threads included (--parent), and those of all processes that it makes
 * (--child) are counted apart, each from 1, without those that can't fail.  At call N the process is killed
 * before it makes the call, or the call is not made and returns -E; close(2) is made nevertheless, as in the
 * kernel.  With --wait it stands there until somebody who was told by a byte on READY writes one to
 * GO, or closes it.
 * A child is watched until it has become a program of the container: the first execution in it is the stub's,
 * the second one the program's.  --attach watches a process that is there already, as a child that has
 * executed once (the stub that waits for `start`).
 *
 * The count of the program begins with its main(): what comes before is the C library's.  The program marks
 * that by setting the disposition of SIGCHLD, its first call.
 *
 * Written to REPORT, a line each: "parent COUNT", "child COUNT" and, if it came to that, "hit NUMBER ARGUMENT
 * EXECUTIONS", of the call and of the process that made it: with none it is the runtime or init, with one the
 * stub.  The exit status is the program's, 128 + the signal if one ended it, 120 if the tracer itself failed,
 * 77 if this architecture can't do it.  Processes that go on when the program has ended are let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not all C libraries have it: a stop by PTRACE_INTERRUPT, or a new child's first. */
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

#if defined(__x86_64__) || defined(__aarch64__)
#define CAN_INJECT 1
#else
#define CAN_INJECT 0
#endif

enum { FAILED = 120, SKIPPED = 77, MAX_CHILDREN = 64 };
enum side { PARENT, CHILD };

struct process {
    pid_t pid; /* 0: a free place */
    enum side side;
    bool begun;   /* calls are counted */
    bool held;    /* it has stopped for the first time, and its parent has not told of it yet */
    bool inject;  /* the call that it is in was taken from it: it returns the error */
    bool in_call; /* stopped at the entry last */
    int executions;
};

static struct process processes[MAX_CHILDREN];
static pid_t program;
static const char *report;
static enum side side = PARENT;
static unsigned long at;
static bool kill_it;
static int error;
static int ready_fd = -1, go_fd = -1;
static unsigned long counts[2];
static bool hit;
static unsigned long long hit_number, hit_argument;
static int hit_executions;

static void fail(const char *what)
{
    fprintf(stderr, "at_call: %s: %s\n", what, strerror(errno));
    _exit(FAILED);
}

static void write_report(void)
{
    FILE *file = fopen(report, "we");

    if (!file)
        fail(report);
    fprintf(file, "parent %lu\nchild %lu\n", counts[PARENT], counts[CHILD]);
    if (hit)
        fprintf(file, "hit %llu %llu %d\n", hit_number, hit_argument, hit_executions);
    if (fclose(file) != 0)
        fail(report);
}

static struct process *find(pid_t pid)
{
    for (size_t i = 0; i < MAX_CHILDREN; i++)
        if (processes[i].pid == pid)
            return &processes[i];
    return NULL;
}

/* A thread of the program is the program. */
static enum side side_of(pid_t pid)
{
    return syscall(SYS_tgkill, program, pid, 0) == 0 ? PARENT : CHILD;
}

static struct process *add(pid_t pid, enum side which)
{
    struct process *p = find(pid);

    if (p)
        return p;
    p = find(0);
    if (!p)
        fail("too many processes");
    *p = (struct process){ .pid = pid, .side = which, .begun = pid != program };
    return p;
}

/* ---- registers ----------------------------------------------------------------------------------------- */

/* At the entry: no call is made. */
static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) < 0)
        fail("skip the call");
#elif defined(__aarch64__)
    int number = -1;
    struct iovec io = { .iov_base = &number, .iov_len = sizeof number };

    if (ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &io) < 0)
        fail("skip the call");
#else
    (void) pid;
#endif
}

/* At the exit: what it returns. */
static void set_result(pid_t pid, long result)
{
#if defined(__x86_64__)
    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), result) < 0)
        fail("set the result");
#elif defined(__aarch64__)
    struct user_regs_struct regs;
    struct iovec io = { .iov_base = &regs, .iov_len = sizeof regs };

    if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &io) < 0)
        fail("read the registers");
    regs.regs[0] = (unsigned long long) result;
    if (ptrace(PTRACE_SETREGSET, pid, 1, &io) < 0)
        fail("set the result");
#else
    (void) pid;
    (void) result;
#endif
}

/* ---- stops --------------------------------------------------------------------------------------------- */

/* Those that do not return, always succeed, or tell of a failure otherwise are left alone. */
static bool can_fail(unsigned long long number)
{
    static const long cannot[] = {
        SYS_exit,    SYS_exit_group, SYS_rt_sigreturn, SYS_brk,    SYS_umask,   SYS_getpid,
        SYS_getppid, SYS_gettid,     SYS_getuid,       SYS_getgid, SYS_geteuid, SYS_getegid,
    };

    for (size_t i = 0; i < sizeof cannot / sizeof *cannot; i++)
        if (number == (unsigned long long) cannot[i])
            return false;
    return true;
}

static void enter(struct process *p, const struct __ptrace_syscall_info *info)
{
    if (!p->begun && info->entry.nr == SYS_rt_sigaction && info->entry.args[0] == SIGCHLD)
        p->begun = true;
    if (!p->begun || !can_fail(info->entry.nr))
        return;
    counts[p->side]++;
    if (p->side != side || counts[side] != at || hit)
        return;
    hit = true;
    hit_number = info->entry.nr;
    hit_argument = info->entry.args[0];
    hit_executions = p->executions;
    write_report(); /* now: the program may never end */
    if (ready_fd >= 0) {
        char byte = '+';

        if (write(ready_fd, &byte, 1) != 1 || read(go_fd, &byte, 1) < 0)
            fail("wait for the word to go on");
    } else if (kill_it) {
        (void) kill(p->pid, SIGKILL);
    } else if (error) {
        if (info->entry.nr != SYS_close) /* whatever it returns, it closes */
            skip_call(p->pid);
        p->inject = true;
    }
}

static void at_syscall(struct process *p)
{
    struct __ptrace_syscall_info info;

    /* ESRCH: it was killed meanwhile */
    if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) < 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter(p, &info);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->inject) {
        p->inject = false;
        set_result(p->pid, -error);
    }
}

static void let_go(struct process *p)
{
    if (p->pid && p->held)
        (void) ptrace(PTRACE_SYSCALL, p->pid, NULL, 0L);
    p->held = false;
}

/* False: it is let go. */
static bool at_event(struct process *p, int event)
{
    unsigned long message = 0;

    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
        (void) ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &message);
        if (message) { /* the stub's child is the stub, too */
            struct process *child = add((pid_t) message, side_of((pid_t) message));

            if (child->executions < p->executions)
                child->executions = p->executions;
            let_go(child);
        }
    } else if (event == PTRACE_EVENT_EXEC && p->side == CHILD && ++p->executions == 2) {
        (void) ptrace(PTRACE_DETACH, p->pid, NULL, 0L);
        p->pid = 0;
        return false;
    }
    return true;
}

static void at_stop(struct process *p, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    long passed = 0;

    if (signal == (SIGTRAP | 0x80))
        at_syscall(p);
    else if (event == PTRACE_EVENT_STOP)
        passed = 0; /* a new child, one that was interrupted, or stopped as a group */
    else if (event && !at_event(p, event))
        return;
    else if (!event)
        passed = signal;
    (void) ptrace(PTRACE_SYSCALL, p->pid, NULL, passed); /* ESRCH: gone */
}

/* Until the program has ended: its exit status. */
static int watch(void)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        struct process *p;

        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            fail("wait");
        if (!WIFSTOPPED(status)) {
            if (pid == program)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            p = find(pid);
            if (p)
                p->pid = 0;
            for (size_t i = 0; i < MAX_CHILDREN; i++) /* a parent that was killed tells nothing */
                let_go(&processes[i]);
            continue;
        }
        p = find(pid);
        if (p)
            at_stop(p, status);
        else /* it waits until its parent tells of it: the stub's child has executed once */
            add(pid, side_of(pid))->held = true;
    }
}

/* ---- begin --------------------------------------------------------------------------------------------- */

static const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                            PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

static void begin(char **argv)
{
    int go[2];
    char byte = 0;
    pid_t pid;

    if (pipe(go) < 0)
        fail("pipe");
    pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        (void) close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(FAILED);
        (void) close(go[0]);
        execv(argv[0], argv);
        fail(argv[0]);
    }
    (void) close(go[0]);
    program = pid;
    (void) add(pid, PARENT);
    if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        fail("trace the program");
    if (write(go[1], &byte, 1) != 1)
        fail("let the program go");
    (void) close(go[1]);
}

static void attach(pid_t pid)
{
    struct process *p = add(pid, CHILD);

    p->executions = 1;
    if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        fail("trace the process");
}

/* The program must not inherit them: the reader of READY waits for its end. */
static void set_wait(const char *text)
{
    if (sscanf(text, "%d,%d", &ready_fd, &go_fd) != 2 || fcntl(ready_fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(go_fd, F_SETFD, FD_CLOEXEC) < 0)
        fail("--wait");
}

int main(int argc, char **argv)
{
    pid_t attached = 0;
    int i = 1, status;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--parent"))
            side = PARENT;
        else if (!strcmp(argv[i], "--child"))
            side = CHILD;
        else if (!strcmp(argv[i], "--kill"))
            kill_it = true;
        else if (!strcmp(argv[i], "--at") && i + 1 < argc)
            at = strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--errno") && i + 1 < argc)
            error = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--wait") && i + 1 < argc)
            set_wait(argv[++i]);
        else if (!strcmp(argv[i], "--attach") && i + 1 < argc)
            attached = (pid_t) atoi(argv[++i]);
        else
            break;
    }
    if (argc - i < 2) {
        fprintf(
            stderr,
            "usage: at_call [--parent|--child] [--at N] [--kill|--errno E|--wait READY,GO] [--attach PID] "
            "REPORT PROGRAM...\n");
        return FAILED;
    }
    if (error && !CAN_INJECT)
        return SKIPPED;
    report = argv[i];
    if (attached)
        attach(attached);
    begin(argv + i + 1);
    status = watch();
    write_report();
    return status;
}
