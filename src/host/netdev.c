/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netdev.c - network devices of the host that go into the container's network namespace.
 *
 * The move and the new name are one request.  To find a device again that the kernel named ("eth%d"), its
 * number on the other side is chosen by us: the one it has, or else one that is free there.
 */
#include "host/netdev.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "host/namespace.h"
#include "host/rtnetlink.h"

enum { INDEX_TRIES = 64, INDEX_STEP = 1000 };

/* From one namespace to another: sockets in both, and the namespace itself. */
struct way {
    int from_fd, to_fd;
    int from_ns_fd, to_ns_fd; /* the caller's */
};

static void way_close(struct way *way)
{
    fd_cleanup(&way->from_fd);
    fd_cleanup(&way->to_fd);
}

#define autoway __attribute__((cleanup(way_close)))

/* A number that is free in the other namespace; another may be quicker: then the move says EBUSY. */
static int free_index(int fd, int index)
{
    struct rtnetlink_link link;

    for (int i = 0; i < INDEX_TRIES; i++, index += INDEX_STEP) {
        int r = rtnetlink_link_by_index(fd, index, &link);

        if (r == -ENODEV)
            return index;
        if (r < 0)
            return r;
    }
    return -EBUSY;
}

/* *RET_INDEX is its number on the other side. */
static int move_link(const struct way *way, int index, const char *name, int *ret_index)
{
    for (int tries = 0; tries < INDEX_TRIES; tries++) {
        int new_index = free_index(way->to_fd, index), r;

        if (new_index < 0)
            return new_index;
        r = rtnetlink_link_move(way->from_fd, index, way->to_ns_fd, new_index, name);
        if (r == -EBUSY)
            continue;
        if (r == 0)
            *ret_index = new_index;
        return r;
    }
    return -EBUSY;
}

static int add_addresses(int fd, int index, const struct rtnetlink_addresses *addresses)
{
    for (size_t i = 0; i < addresses->n; i++) {
        int r = rtnetlink_address_add(fd, index, &addresses->v[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int settle(int fd, int index, const struct rtnetlink_addresses *addresses, bool up)
{
    int r = add_addresses(fd, index, addresses);

    return r == 0 && up ? rtnetlink_link_up(fd, index) : r;
}

/* As if nothing had been tried: as far as the kernel lets us. */
static void undo_move(const struct way *way, const struct rtnetlink_link *link, int index,
                      const struct rtnetlink_addresses *addresses)
{
    const struct way back = { way->to_fd, way->from_fd, way->to_ns_fd, way->from_ns_fd };

    if (move_link(&back, index, link->name, &index) == 0)
        (void) settle(back.to_fd, index, addresses, link->flags & IFF_UP);
}

/* Moves LINK, and gives it its addresses again. *RET_INDEX is its number there; 0 if it is not there. */
static int move_with_addresses(const struct way *way, const struct rtnetlink_link *link, const char *name,
                               bool up, int *ret_index)
{
    struct rtnetlink_addresses addresses = { 0 };
    int r = rtnetlink_addresses(way->from_fd, link->index, &addresses), index = 0;

    if (r == 0)
        r = move_link(way, link->index, name, &index);
    if (r == 0) {
        r = settle(way->to_fd, index, &addresses, up);
        if (r < 0)
            undo_move(way, link, index, &addresses);
        *ret_index = index;
    }
    free(addresses.v);
    return r;
}

/* ---- into the container ------------------------------------------------------------------------------ */

static bool is_template(const char *name)
{
    size_t n = strlen(name);

    return n >= 2 && !strcmp(name + n - 2, "%d");
}

static int say(const struct plan_net_device *device, int number, struct err *err, const char *what)
{
    if (device->from)
        return err_at(err, &device->from->node, ERR_NO_MEMBER, ERR_NETWORK, number, "network device %s: %s",
                      device->host_name, what);
    return err_set(err, ERR_NETWORK, number, "linux.netDevices: network device %s: %s", device->host_name,
                   what);
}

/* config-linux.md: the runtime MUST check that the move is possible. */
static int check(const struct way *way, const struct plan_net_device *device, struct rtnetlink_link *ret_link,
                 struct err *err)
{
    struct rtnetlink_link other;
    int r = rtnetlink_link_by_name(way->from_fd, device->host_name, ret_link);

    if (r < 0)
        return say(device, r, err, "find it on the host");
    if (ret_link->flags & IFF_LOOPBACK)
        return say(device, 0, err, "a loopback device can't be moved");
    if (is_template(device->name))
        return 0;
    r = rtnetlink_link_by_name(way->to_fd, device->name, &other);
    if (r == 0)
        return say(device, EEXIST, err, "the container has a device of the new name already");
    return r == -ENODEV ? 0 : say(device, r, err, "look for its new name in the container");
}

static int move_in(const struct way *way, const struct plan_net_device *device, struct host_netdev *ret,
                   struct err *err)
{
    struct rtnetlink_link link, moved;
    int index = 0, r = check(way, device, &link, err);

    if (r < 0)
        return r;
    r = move_with_addresses(way, &link, device->name, true, &index);
    if (r < 0 && index)
        return say(device, r, err, "give it its addresses and set it up in the container");
    if (r == 0)
        r = rtnetlink_link_by_index(way->to_fd, index, &moved);
    if (r < 0) {
        (void) say(device, r, err, "move it to the container");
        if (r == -EINVAL)
            err_hint(err, "the kernel does not let every kind of device change its network namespace");
        return r;
    }
    *ret = (struct host_netdev){ .was_up = link.flags & IFF_UP };
    memcpy(ret->host_name, link.name, sizeof ret->host_name);
    memcpy(ret->name, moved.name, sizeof ret->name);
    return 0;
}

static int open_way(int proc_fd, int from_ns_fd, int to_ns_fd, struct way *way)
{
    *way = (struct way){ -1, -1, from_ns_fd, to_ns_fd };
    way->from_fd = host_namespace_socket(proc_fd, from_ns_fd, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (way->from_fd < 0)
        return way->from_fd;
    way->to_fd = host_namespace_socket(proc_fd, to_ns_fd, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    return way->to_fd < 0 ? way->to_fd : 0;
}

int host_netdevs_move(int proc_fd, const struct plan_net_device *devices, size_t n, int netns_fd,
                      struct host_netdev *ret, struct err *err)
{
    autoclose int own_fd = host_namespace_open(proc_fd, 0, "net");
    autoway struct way way = { -1, -1, -1, -1 };
    int r = own_fd < 0 ? own_fd : open_way(proc_fd, own_fd, netns_fd, &way);

    if (r < 0)
        return err_set(err, ERR_NETWORK, r, "linux.netDevices: reach the container's network namespace");
    if (host_namespace_same(own_fd, netns_fd))
        return err_set(err, ERR_NETWORK, 0,
                       "linux.netDevices: the container has no network namespace of its own");
    for (size_t i = 0; i < n; i++) {
        r = move_in(&way, &devices[i], &ret[i], err);
        if (r < 0) {
            (void) host_netdevs_return(proc_fd, ret, i, netns_fd);
            return r;
        }
    }
    return 0;
}

/* ---- and back ---------------------------------------------------------------------------------------- */

static int move_back(const struct way *way, const struct host_netdev *device)
{
    struct rtnetlink_link link;
    int index = 0, r = rtnetlink_link_by_name(way->from_fd, device->name, &link);

    return r < 0 ? r : move_with_addresses(way, &link, device->host_name, device->was_up, &index);
}

int host_netdevs_return(int proc_fd, const struct host_netdev *devices, size_t n, int netns_fd)
{
    autoclose int own_fd = host_namespace_open(proc_fd, 0, "net");
    autoway struct way way = { -1, -1, -1, -1 };
    int r = own_fd < 0 ? own_fd : open_way(proc_fd, netns_fd, own_fd, &way), first = r;

    for (size_t i = n; r == 0 && i-- > 0;) {
        int one = move_back(&way, &devices[i]);

        if (one < 0 && first == 0)
            first = one;
    }
    return first;
}
