/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* processes.c - the probe's actions on processes, signals, memory and sockets. */
#include "probe.h"

#include "json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int trap_fd = -1;

static int do_exit(int n, char **args)
{
    (void) n;
    exit(atoi(args[0]));
}

static int do_sleep(int n, char **args)
{
    (void) n;
    usleep((useconds_t) (atof(args[0]) * 1e6));
    return say_result("sleep", 0);
}

static _Noreturn void wait_forever(void)
{
    for (;;)
        pause();
}

static int do_pause(int n, char **args)
{
    (void) n;
    (void) args;
    say_result("pause", 0);
    wait_forever();
}

static void on_term(int signal)
{
    (void) signal;
    _exit(0);
}

/* wait-term: a well-behaved first process, which ends at SIGTERM. */
static int do_wait_term(int n, char **args)
{
    (void) n;
    (void) args;
    signal(SIGTERM, on_term);
    say_result("wait-term", 0);
    wait_forever();
}

/* signal-self N: pid 1 of a pid namespace survives the signals that it does not handle. */
static int do_signal_self(int n, char **args)
{
    (void) n;
    say_result("signal-self", kill(getpid(), atoi(args[0])) < 0 ? errno : 0);
    wait_forever();
}

static int do_kill(int n, char **args)
{
    (void) n;
    return say_result("kill", kill(atoi(args[0]), atoi(args[1])) < 0 ? errno : 0);
}

static void on_trap(int number)
{
    char line[16];
    int size = snprintf(line, sizeof(line), "%d\n", number);

    (void) !write(trap_fd, line, (size_t) size);
}

/* trap N[,N...] FILE: writes "ready" to the file, then the number of every signal that comes. */
static int do_trap(int n, char **args)
{
    struct sigaction action = { .sa_handler = on_trap };

    (void) n;
    trap_fd = open(args[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (trap_fd < 0)
        return say_result("trap", errno);
    for (char *word = strtok(args[0], ","); word; word = strtok(NULL, ","))
        sigaction(atoi(word), &action, NULL);
    (void) !write(trap_fd, "ready\n", 6);
    wait_forever();
}

static const struct {
    const char *name;
    long number;
} syscalls[] = {
    { "getcwd", SYS_getcwd },
    { "getpid", SYS_getpid },
    { "getppid", SYS_getppid },
    { "gettid", SYS_gettid },
    { "getuid", SYS_getuid },
    { "setuid", SYS_setuid },
    { "setgid", SYS_setgid },
    { "setgroups", SYS_setgroups },
    { "sethostname", SYS_sethostname },
    { "sync", SYS_sync },
    { "mkdirat", SYS_mkdirat },
    { "unshare", SYS_unshare },
    { "chroot", SYS_chroot },
    { "personality", SYS_personality },
    { "socket", SYS_socket },
    { "ptrace", SYS_ptrace },
    { "uname", SYS_uname },
    { "umask", SYS_umask },
    { "getrandom", SYS_getrandom },
    { "keyctl", SYS_keyctl },
    { "lseek", SYS_lseek },
    { "prctl", SYS_prctl },
    { "sched_yield", SYS_sched_yield },
    { "setpriority", SYS_setpriority },
    { "setns", SYS_setns },
    { "bpf", SYS_bpf },
    { "reboot", SYS_reboot },
};

static long number_of(const char *name)
{
    for (size_t i = 0; i < sizeof(syscalls) / sizeof(syscalls[0]); i++)
        if (strcmp(syscalls[i].name, name) == 0)
            return syscalls[i].number;
    return strtol(name, NULL, 0);
}

/* syscall NAME|NUMBER [ARG...]: the six arguments are numbers; tells the errno if it survives. */
static int do_syscall(int n, char **args)
{
    unsigned long long a[6] = { 0 };
    long r;

    for (int i = 1; i < n && i <= 6; i++)
        a[i - 1] = strtoull(args[i], NULL, 0);
    errno = 0;
    r = syscall(number_of(args[0]), a[0], a[1], a[2], a[3], a[4], a[5]);
    json_object();
    json_put_string("action", "syscall");
    json_put_string("name", args[0]);
    json_put_int("errno", r < 0 ? errno : 0);
    json_put_int("result", r);
    json_end();
    return 0;
}

/* fork N: makes N children that wait, tells how many it got, and ends them. */
static int do_fork(int n, char **args)
{
    int wanted = atoi(args[0]), made = 0, error = 0;
    pid_t *children = calloc((size_t) wanted + 1, sizeof(*children));

    (void) n;
    while (children && made < wanted) {
        pid_t pid = fork();

        if (pid == 0)
            wait_forever();
        if (pid < 0) {
            error = errno;
            break;
        }
        children[made++] = pid;
    }
    for (int i = 0; i < made; i++)
        kill(children[i], SIGKILL);
    for (int i = 0; i < made; i++)
        waitpid(children[i], NULL, 0);
    free(children);
    json_object();
    json_put_string("action", "fork");
    json_put_int("errno", error);
    json_put_int("made", made);
    json_end();
    return 0;
}

/* spawn N: makes N children that wait for ever and leaves them running. */
static int do_spawn(int n, char **args)
{
    (void) n;
    json_object();
    json_put_string("action", "spawn");
    json_key("pids");
    json_array();
    for (int i = atoi(args[0]); i > 0; i--) {
        pid_t pid = fork();

        if (pid == 0)
            wait_forever();
        json_int(pid);
    }
    json_end();
    json_end();
    return 0;
}

static int do_mem(int n, char **args)
{
    size_t size = (size_t) atol(args[0]) << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void) n;
    if (memory == MAP_FAILED)
        return say_result("mem", errno);
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
    munmap(memory, size);
    return say_result("mem", 0);
}

/* listen: talks to itself over the loopback interface. */
static int do_listen(int n, char **args)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

    (void) n;
    (void) args;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server, (struct sockaddr *) &address, size) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (struct sockaddr *) &address, &size) < 0 ||
        connect(client, (struct sockaddr *) &address, size) < 0)
        error = errno;
    if (server >= 0)
        close(server);
    if (client >= 0)
        close(client);
    return say_result("listen", error);
}

/* connect PATH: a stream socket to a socket file, or with a leading @ to an abstract name. */
static int do_connect(int n, char **args)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t size = strlen(args[0]);

    (void) n;
    if (fd < 0 || size >= sizeof(address.sun_path))
        return say_result("connect", fd < 0 ? errno : ENAMETOOLONG);
    memcpy(address.sun_path, args[0], size);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    size += offsetof(struct sockaddr_un, sun_path) + (args[0][0] != '@');
    say_result("connect", connect(fd, (struct sockaddr *) &address, (socklen_t) size) < 0 ? errno : 0);
    close(fd);
    return 0;
}

/* exec PROGRAM [ARG...]: tells the errno only if the program could not be executed. */
static int do_exec(int n, char **args)
{
    (void) n;
    execv(args[0], args);
    return say_result("exec", errno);
}

/* say WORD: a mark in the output. */
static int do_say(int n, char **args)
{
    (void) n;
    json_object();
    json_put_string("action", "say");
    json_put_string("text", args[0]);
    json_end();
    return 0;
}

/* read-fd N: what can be read from an inherited descriptor. */
static int do_read_fd(int n, char **args)
{
    char text[4096];
    ssize_t size = read(atoi(args[0]), text, sizeof(text));
    int error = size < 0 ? errno : 0;

    (void) n;
    json_object();
    json_put_string("action", "read-fd");
    json_put_int("errno", error);
    if (size >= 0) {
        json_key("text");
        json_bytes(text, (size_t) size);
    }
    json_end();
    return 0;
}

const struct action probe_process_actions[] = {
    { "exit", 1, do_exit },
    { "sleep", 1, do_sleep },
    { "pause", 0, do_pause },
    { "wait-term", 0, do_wait_term },
    { "signal-self", 1, do_signal_self },
    { "kill", 2, do_kill },
    { "trap", 2, do_trap },
    { "syscall", 1, do_syscall },
    { "fork", 1, do_fork },
    { "spawn", 1, do_spawn },
    { "mem", 1, do_mem },
    { "listen", 0, do_listen },
    { "connect", 1, do_connect },
    { "exec", 1, do_exec },
    { "say", 1, do_say },
    { "read-fd", 1, do_read_fd },
    { NULL, 0, NULL },
};
