/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wait.c - wait ROOT ID...: wait for the ends of several containers in one poll(2), as a program's main loop
 * would.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "example.h"

/* What has ended is taken out: poll() passes over a negative descriptor. */
static int tell_ended(struct pollfd *fds, char **ids, int n)
{
    int ended = 0;

    for (int i = 0; i < n; i++) {
        if (fds[i].fd < 0 || !fds[i].revents)
            continue;
        printf("%s has ended\n", ids[i]);
        (void) close(fds[i].fd);
        fds[i].fd = -1;
        ended++;
    }
    return ended;
}

static int wait_for(struct ocirt *ocirt, struct pollfd *fds, char **ids, int n)
{
    int status = 0, left = 0;

    for (int i = 0; i < n; i++) {
        struct ocirt_error *error = NULL;

        fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
        if (ocirt_pidfd(ocirt, ids[i], &fds[i].fd, &error) < 0)
            status = example_failed(error);
        else
            left++;
    }
    printf("waiting for %d\n", left);
    (void) fflush(stdout);
    while (left > 0) {
        if (poll(fds, (nfds_t) n, -1) < 0 && errno != EINTR)
            return perror("poll"), 1;
        left -= tell_ended(fds, ids, n);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct ocirt *ocirt;
    struct pollfd *fds;
    int status = 1;

    if (argc < 3)
        return fprintf(stderr, "usage: wait ROOT ID...\n"), 2;
    ocirt = example_context(argv[1]);
    fds = calloc((size_t) argc, sizeof *fds);
    if (ocirt && fds)
        status = wait_for(ocirt, fds, argv + 2, argc - 2);
    free(fds);
    ocirt_free(ocirt);
    return status;
}
