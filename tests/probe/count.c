/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * count.c - the probe's actions that go on and on, so that one can see whether they were stopped or begun
 * again.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void on_term(int signal)
{
    (void) signal;
    _exit(0);
}

/*
 * One write, so that a reader never sees half a number; the file is opened each time, for it may be moved
 * away.
 */
static int publish(const char *path, long number)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%019ld\n", number);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int error = fd < 0 || pwrite(fd, text, (size_t) n, 0) != n ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error;
}

static void step(void)
{
    usleep(20 * 1000);
}

/* count FILE: writes 1, 2, 3... to it until SIGTERM. */
static int do_count(int n, char **args)
{
    int error = 0;

    (void) n;
    signal(SIGTERM, on_term);
    for (long i = 1; !error; i++) {
        error = publish(args[0], i);
        step();
    }
    return say_result("count", error);
}

/* A connection over the loopback interface. */
static int connect_to_self(int ret[2])
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (server < 0 || ret[0] < 0 || bind(server, (struct sockaddr *) &address, size) < 0 ||
        listen(server, 1) < 0 || getsockname(server, (struct sockaddr *) &address, &size) < 0 ||
        connect(ret[0], (struct sockaddr *) &address, size) < 0)
        return errno;
    ret[1] = accept(server, NULL, NULL);
    close(server);
    return ret[1] < 0 ? errno : 0;
}

/* count-tcp FILE: the same, but each number goes through a TCP connection first. */
static int do_count_tcp(int n, char **args)
{
    int ends[2] = { -1, -1 }, error = connect_to_self(ends);

    (void) n;
    signal(SIGTERM, on_term);
    for (long i = 1, got = 0; !error; i++) {
        if (send(ends[0], &i, sizeof(i), MSG_NOSIGNAL) != sizeof(i) ||
            recv(ends[1], &got, sizeof(got), MSG_WAITALL) != sizeof(got))
            error = errno ? errno : EPIPE;
        else
            error = publish(args[0], got);
        step();
    }
    return say_result("count-tcp", error);
}

/* count-datagrams FILE @NAME: the same, and each number goes to the datagram socket of this name first. */
static int do_count_datagrams(int n, char **args)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strnlen(args[1], sizeof(address.sun_path));
    socklen_t size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

    (void) n;
    signal(SIGTERM, on_term);
    memcpy(address.sun_path + 1, args[1] + 1, length - 1); /* the "@" stands for a NUL: unix(7), "abstract" */
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, size) < 0)
        error = errno;
    for (long i = 1; !error; i++) {
        if (send(fd, &i, sizeof(i), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)
            error = errno;
        else
            error = publish(args[0], i);
        step();
    }
    return say_result("count-datagrams", error);
}

/* count-memory FILE MIB: the same, and each number is written to each page of so much memory first. */
static int do_count_memory(int n, char **args)
{
    size_t size = (size_t) atol(args[1]) << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = memory == MAP_FAILED ? errno : 0;

    (void) n;
    signal(SIGTERM, on_term);
    for (long i = 1; !error; i++) {
        for (size_t at = 0; at < size; at += 4096) {
            long *there = (long *) (void *) (memory + at);

            if (*there != i - 1)
                return say_result("count-memory", EILSEQ);
            *there = i;
        }
        error = publish(args[0], i);
        step();
    }
    return say_result("count-memory", error);
}

const struct action probe_count_actions[] = {
    { "count", 1, do_count },
    { "count-tcp", 1, do_count_tcp },
    { "count-datagrams", 2, do_count_datagrams },
    { "count-memory", 2, do_count_memory },
    { NULL, 0, NULL },
};
