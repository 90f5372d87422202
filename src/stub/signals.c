/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signals.c - lets a container that waits be ended by a signal.
 *
 * The first process of a pid namespace is not ended by a signal that it has no
 * handler for, but a created container must obey `kill` (runtime.md "Kill").
 * execve(2) takes the handlers away again.
 */
#include <linux/signal.h>

#include "stub/run.h"
#include "stub/sys.h"

static void end(int signal)
{
    sys_exit(128 + signal);
}

/* The kernel's struct sigaction; what is behind the flags (restorer, mask) differs between architectures. */
struct action {
    void (*handler)(int signal);
    unsigned long flags;
    void (*restorer)(int signal);
    unsigned long mask[2];
};

void signals_obey(void)
{
    static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE };
    struct action action = { .handler = end };

#ifdef __x86_64__ /* will not deliver without one; ours never returns */
    action.flags = SA_RESTORER;
    action.restorer = end;
#endif
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sys_call(__NR_rt_sigaction, fatal[i], &action, 0, 8, 0);
}
