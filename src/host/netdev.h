/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netdev.h - network devices of the host that go into the container's network namespace (config-linux.md
 * "Network Devices").
 *
 * Each is taken down, moved under its new name, gets back its permanent addresses of global scope, and is set
 * up.  They are not moved back at the end: the kernel does that with physical ones when the namespace ends.
 */
#ifndef OCIRT_HOST_NETDEV_H
#define OCIRT_HOST_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/plan.h"

struct host_netdev {
    char host_name[IFNAMSIZ], name[IFNAMSIZ]; /* name: as the kernel made it of "eth%d" */
    bool was_up;
};

/*
 * Moves the N devices from our network namespace into NETNS_FD.  After a failure those that were moved are
 * back (ERR_NETWORK, naming linux.netDevices and the device).  RET has room for N.
 */
int host_netdevs_move(int proc_fd, const struct plan_net_device *devices, size_t n, int netns_fd,
                      struct host_netdev *ret, struct err *err);

/*
 * For roll-back: moves them from NETNS_FD to our network namespace and names them as they were. 0, or the
 * first -errno.
 */
int host_netdevs_return(int proc_fd, const struct host_netdev *devices, size_t n, int netns_fd);

#endif
