/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.c - host name, domain name, sysctls and the loopback device: what belongs to the uts, ipc and network
 * namespaces.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "init/init.h"

int init_hostname(struct init *init)
{
    const char *name = init->plan->hostname;

    return name && sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

int init_domainname(struct init *init)
{
    const char *name = init->plan->domainname;

    return name && setdomainname(name, strlen(name)) < 0 ? -errno : 0;
}

/*
 * A new network namespace has its loopback device down; every caller expects it up, as runc and crun leave
 * it.
 */
int init_loopback(struct init *init)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

    if (!init->plan->loopback_up || init->network_comes)
        return 0;
    autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? 0
                                     : -errno; /* a kernel without IPv4 has no loopback address to offer */
    return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int init_sysctls(struct init *init)
{
    static const char below[] = "sys/";
    const struct plan *plan = init->plan;
    char path[4096];

    if (plan->n_sysctls)
        init_await_go(init); /* those of the network namespace */
    for (size_t i = 0; i < plan->n_sysctls; i++) {
        const struct plan_sysctl *s = &plan->sysctls[i];
        size_t n = strlen(s->path) + 1;
        int r;

        init->item = (uint32_t) i;
        if (n > sizeof path - sizeof below)
            return -ENAMETOOLONG;
        memcpy(path, below, sizeof below - 1);
        memcpy(path + sizeof below - 1, s->path, n);
        r = procfs_write(init->proc_fd, path, s->value, strlen(s->value));
        if (r < 0)
            return r;
    }
    return 0;
}
