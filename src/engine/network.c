/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network.c - the container's network namespace, where the runtime makes it, and the devices of the host that
 * go into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>

#include "base/fd.h"
#include "engine/creation.h"
#include "engine/explain_denial.h"
#include "engine/explain_limits.h"
#include "host/namespace.h"

/*
 * With a user namespace it is the child's, for that is to own it.  Who may not have a descriptor of it
 * (SIOCGSKNS takes CAP_NET_ADMIN) could not set up its loopback device either.
 */
int creation_begin_network(struct creation *c, struct err *err)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;

    (void) err;
    if (ns->fresh & CLONE_NEWNET && !((ns->fresh | ns->joined) & CLONE_NEWUSER) && !c->plan->facts.rootless)
        c->init.network_comes = host_network_begin(&c->network, c->plan->loopback_up) == 0;
    return 0; /* else the clone makes it */
}

static int failed(const struct creation *c, int r, struct err *err)
{
    const struct denial denial = { .calls = HOST_DENIAL_NO_CALLS, .capability = CAP_NET_ADMIN };

    if (c->network.loopback_failed) {
        (void) err_set(err, ERR_NETWORK, r, "bring up the loopback device");
        (void) explain_denial(err, &denial);
        return r;
    }
    (void) err_set(err, ERR_NAMESPACE, r, "linux.namespaces: make the network namespace");
    if (r == -ENOSPC || r == -EUSERS || r == -EPERM)
        explain_namespace_limits(CLONE_NEWNET, err);
    return r;
}

int creation_end_network(struct creation *c, struct err *err)
{
    if (!c->network.at_work)
        return 0;
    c->netns_fd = host_network_end(&c->network);
    return c->netns_fd < 0 ? failed(c, c->netns_fd, err) : 0;
}

/* A network namespace that is joined is not the child's yet: it enters that after GO. */
static int open_network(const struct creation *c)
{
    const struct plan_namespaces *ns = &c->plan->namespaces;

    for (size_t i = 0; i < ns->n_join; i++) {
        if (ns->join[i].flag == CLONE_NEWNET) {
            int fd = fcntl(ns->join[i].ns_fd, F_DUPFD_CLOEXEC, 0);

            return fd < 0 ? -errno : fd;
        }
    }
    return host_namespace_open(c->proc_fd, c->pid, "net");
}

int creation_move_netdevs(struct creation *c, struct err *err)
{
    const struct plan *plan = c->plan;
    int r;

    if (!plan->n_net_devices)
        return 0;
    if (c->netns_fd < 0)
        c->netns_fd = open_network(c);
    if (c->netns_fd < 0)
        return err_set(err, ERR_NETWORK, c->netns_fd, "open the container's network namespace");
    r = host_netdevs_move(c->proc_fd, plan->net_devices, plan->n_net_devices, c->netns_fd, c->netdevs, err);
    c->netdevs_moved = r >= 0;
    return r;
}
