/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink.h - as much of rtnetlink(7) as it takes to move a network device: links and addresses.
 *
 * All functions return 0 or the kernel's -errno.  FD is a NETLINK_ROUTE socket; it works in the network
 * namespace that it was made in.
 */
#ifndef OCIRT_HOST_RTNETLINK_H
#define OCIRT_HOST_RTNETLINK_H

#include <net/if.h>
#include <stdint.h>
#include <stddef.h>

struct rtnetlink_link {
    int index;
    unsigned flags; /* IFF_* */
    char name[IFNAMSIZ];
};

struct rtnetlink_bytes {
    uint8_t v[16], size;
}; /* of an address; size 0: absent */

/* An address as RTM_NEWADDR takes it. */
struct rtnetlink_address {
    uint8_t family, prefix, scope;
    uint32_t flags;  /* IFA_F_* */
    uint32_t metric; /* 0: none */
    struct rtnetlink_bytes local, address, broadcast;
};

struct rtnetlink_addresses {
    struct rtnetlink_address *v;
    size_t n;
}; /* malloc'd */

/* -ENODEV if there is none. */
int rtnetlink_link_by_name(int fd, const char *name, struct rtnetlink_link *ret);
int rtnetlink_link_by_index(int fd, int index, struct rtnetlink_link *ret);

/*
 * Moves link INDEX into namespace NS_FD, as number NEW_INDEX (Linux 5.13) with the name NAME (which may
 * have "%d").
 */
int rtnetlink_link_move(int fd, int index, int ns_fd, int new_index, const char *name);

int rtnetlink_link_up(int fd, int index);

/* The permanent addresses of global scope of link INDEX, of any family, in the kernel's order. */
int rtnetlink_addresses(int fd, int index, struct rtnetlink_addresses *ret);

/* Gives link INDEX that address; one that it has already is fine. */
int rtnetlink_address_add(int fd, int index, const struct rtnetlink_address *address);

#endif
