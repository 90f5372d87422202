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
#include <string.h>
#include <sys/socket.h>
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

const struct action probe_count_actions[] = {
    { "count", 1, do_count },
    { "count-tcp", 1, do_count_tcp },
    { NULL, 0, NULL },
};
