/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.h - executes a stub as ocirt's init does, and tells what came of it.
 *
 * The program that the stub executes is the test itself, copied to where every
 * user can reach it; as "show" it prints what it is.
 */
#ifndef OCIRT_TESTS_STUB_DRIVER_H
#define OCIRT_TESTS_STUB_DRIVER_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/msg.h"
#include "base/procfs.h"
#include "host/stub_image.h"
#include "tests/spec/tap.h"

#define NOBODY           65534
#define ALL_CAPABILITIES ((UINT64_C(1) << 38) - 1)

static char work_dir[] = "/tmp/ocirt-stub-XXXXXX";
static char program[64]; /* the copy of this test */

struct trial {
    struct plan_process process;
    struct host_stub_request request;
    char *argv[8], *envp[8];            /* of the program */
    const char *path;                   /* what is executed; NULL: `program` */
    void (*in_child)(struct trial *t);  /* before the stub is executed; NULL: nothing */
    void (*meanwhile)(struct trial *t); /* after GO was sent; NULL: nothing */
    int extra_fd;                       /* for the two above */

    pid_t pid;
    int socket; /* our end of start_fd, or the connection to it */
    int output; /* of the program */

    bool announced;     /* MSG_EXEC came */
    struct msg message; /* type 0: end of file, it was executed */
    char text[MSG_TEXT_MAX + 1];
    int status; /* as of waitpid(2) */
    char out[65536];
    char warnings[4096];
};

/* ---- the program --------------------------------------------------------------------------------------- */

static inline void show_file(const char *path)
{
    char buf[4096];
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        return;
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        fwrite(buf, 1, n, stdout);
    fclose(f);
}

static inline void show_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;

    printf("fds:");
    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0 && (!d || fd != dirfd(d)))
            printf(" %d", fd);
    printf("\n");
    while (d && (e = readdir(d)))
        ;
    if (d)
        closedir(d);
}

static inline int show(int argc, char **argv, char **envp)
{
    char cwd[4096];
    struct rlimit limit;
    struct sched_param param = { 0 };

    show_file("/proc/self/status");
    printf("label: ");
    show_file("/proc/self/attr/current");
    printf("\n");
    show_fds();
    printf("cwd: %s\n", getcwd(cwd, sizeof cwd) ? cwd : strerror(errno));
    for (int i = 0; i < argc; i++)
        printf("arg: %s\n", argv[i]);
    for (; *envp; envp++)
        printf("env: %s\n", *envp);
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("nofile: %llu %llu\n", (unsigned long long) limit.rlim_cur, (unsigned long long) limit.rlim_max);
    sched_getparam(0, &param);
    printf("policy: %d %d\n", sched_getscheduler(0), param.sched_priority);
    printf("personality: %lx\n", syscall(SYS_personality, 0xffffffffUL));
    printf("dumpable: %d\n", prctl(PR_GET_DUMPABLE));
    printf("ioprio: %lx\n", syscall(SYS_ioprio_get, 1, 0));
    fflush(stdout);
    return 0;
}

/* ---- the test ------------------------------------------------------------------------------------------ */

static inline void die(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

static inline void copy_program(void)
{
    char buf[65536];
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
    ssize_t n;

    if (!mkdtemp(work_dir) || chmod(work_dir, 0755) < 0)
        die("mkdtemp");
    snprintf(program, sizeof program, "%s/program", work_dir);
    to = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    if (from < 0 || to < 0)
        die("copy the program");
    while ((n = read(from, buf, sizeof buf)) > 0)
        if (write(to, buf, (size_t) n) != n)
            die("copy the program");
    fchmod(to, 0755);
    close(from);
    close(to);
}

static inline void remove_program(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", work_dir);
    if (system(command) != 0)
        printf("# %s was not removed\n", work_dir);
}

static inline void note_warning(void *context, const char *text)
{
    struct trial *t = context;
    size_t n = strlen(t->warnings);

    snprintf(t->warnings + n, sizeof t->warnings - n, "%s\n", text);
}

static inline void trial_init(struct trial *t)
{
    memset(t, 0, sizeof *t);
    t->process.cwd = "/";
    t->process.umask = 022;
    t->request = (struct host_stub_request){
        .start = STUB_NOW,
        .start_fd = -1,
        .gate_fd = -1,
        .proc_fd = -1,
        .notify_fd = -1,
        .hook_stdout_fd = -1,
        .hook_stderr_fd = -1,
    };
    t->argv[0] = (char *) "show";
    t->extra_fd = -1;
}

static inline void keep_open(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

_Noreturn static inline void execute(struct trial *t, int stub_fd, int output)
{
    const struct host_stub_request *r = &t->request;
    char pid[16], *argv[16] = { (char *) (t->path ? t->path : program), pid };
    int fds[] = { r->start_fd, r->proc_fd, r->notify_fd, r->hook_stdout_fd, r->hook_stderr_fd };

    snprintf(pid, sizeof pid, "%d", getpid());
    for (size_t i = 0; t->argv[i]; i++)
        argv[2 + i] = t->argv[i];
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        keep_open(fds[i]);
    dup2(output, 1);
    if (t->in_child)
        t->in_child(t);
    syscall(SYS_execveat, stub_fd, "", argv, t->envp, AT_EMPTY_PATH);
    _exit(99);
}

/* Makes the image and executes it; leaves it at the point where it waits for GO. */
static inline bool trial_begin(struct trial *t)
{
    struct err err = { .warn = note_warning, .context = t };
    int pair[2] = { -1, -1 }, out[2], stub_fd = -1;

    t->request.process = &t->process;
    if (t->request.start_fd < 0) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
            host_stub_move_fd(&pair[1], t->request.preserve_fds) < 0)
            die("socketpair");
        t->request.start_fd = pair[1];
    }
    if (pipe2(out, O_CLOEXEC) < 0)
        die("pipe2");
    if (host_stub_image_create(&t->request, &stub_fd, &err) < 0) {
        printf("# %s\n", err.text ? err.text : "no error text");
        err_done(&err);
        return false;
    }
    fflush(stdout);
    t->pid = fork();
    if (t->pid == 0)
        execute(t, stub_fd, out[1]);
    close(stub_fd);
    close(out[1]);
    if (pair[1] >= 0)
        close(pair[1]);
    t->socket = pair[0];
    t->output = out[0];
    return t->pid > 0;
}

static inline void trial_go(struct trial *t)
{
    struct msg go = { .type = MSG_GO };

    if (t->request.start != STUB_NOW && write(t->socket, &go, sizeof go) != sizeof go)
        printf("# GO was not taken: %s\n", strerror(errno));
    if (t->meanwhile)
        t->meanwhile(t);
}

/* The answer, what the program said, and its end. */
static inline void trial_end(struct trial *t)
{
    char packet[sizeof(struct msg) + MSG_TEXT_MAX];
    ssize_t n;
    size_t at = 0;

    do {
        n = recv(t->socket, packet, sizeof packet, 0);
        memcpy(&t->message, packet, n > 0 ? sizeof t->message : 0);
    } while (n > 0 && t->message.type == MSG_EXEC && (t->announced = true));
    memset(&t->message, 0, sizeof t->message);
    if (n >= (ssize_t) sizeof t->message) {
        memcpy(&t->message, packet, sizeof t->message);
        memcpy(t->text, packet + sizeof t->message, (size_t) n - sizeof t->message);
    } else if (n != 0) {
        t->message.type = 99;
    }
    while (at < sizeof t->out - 1 && (n = read(t->output, t->out + at, sizeof t->out - 1 - at)) > 0)
        at += (size_t) n;
    close(t->socket);
    close(t->output);
    if (waitpid(t->pid, &t->status, 0) < 0)
        die("waitpid");
}

static inline void trial_run(struct trial *t)
{
    if (!trial_begin(t)) {
        t->message.type = 98;
        return;
    }
    trial_go(t);
    trial_end(t);
}

/* The rest of the line of the program's output that begins with NAME; valid until the next call. */
static inline const char *shown(const struct trial *t, const char *name)
{
    static char value[4096];
    size_t n = strlen(name);
    const char *p = t->out;

    while (p && strncmp(p, name, n) != 0)
        p = (p = strchr(p, '\n')) ? p + 1 : NULL;
    if (!p)
        return "(absent)";
    for (p += n; *p == ' ' || *p == '\t'; p++)
        ;
    snprintf(value, sizeof value, "%.*s", (int) strcspn(p, "\n"), p);
    for (n = strlen(value); n && value[n - 1] == ' '; n--)
        value[n - 1] = '\0';
    return value;
}

static inline void check_shown(const struct trial *t, const char *name, const char *want, const char *what)
{
    check_text(shown(t, name), want, what);
}

static inline bool executed(const struct trial *t)
{
    if (t->message.type != 0)
        printf("# type %u stage %u item %u err %d %s\n", t->message.type, t->message.stage, t->message.item,
               t->message.err, t->text);
    return t->announced && t->message.type == 0 && WIFEXITED(t->status) && WEXITSTATUS(t->status) == 0;
}

static inline bool failed(const struct trial *t, enum stub_stage stage, uint32_t item, int err)
{
    const struct msg *m = &t->message;
    bool good = m->type == MSG_FAILED && m->stage == stage && m->item == item && m->err == err;

    if (!good)
        printf("# type %u stage %u item %u err %d, not stage %u item %u err %d\n", m->type, m->stage, m->item,
               m->err, stage, item, err);
    return good && WIFEXITED(t->status) && WEXITSTATUS(t->status) == 127 && t->out[0] == '\0';
}

#endif
