/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink.c - as much of rtnetlink(7) as it takes to move a network device.
 *
 * Messages and attributes are walked by our own few lines: the macros of linux/netlink.h mix signed and
 * unsigned lengths, and a length that comes from elsewhere is the one thing to be strict about.
 */
#include "host/rtnetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ATTRIBUTES_MAX = 256, REPLY_MAX = 32768 };

#define ALIGN4(n) (((n) + 3U) & ~3U)

/* ---- requests ---------------------------------------------------------------------------------------- */

struct request {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
    } body;
    char attributes[ATTRIBUTES_MAX];
};

/* BODY_SIZE: of the member of the union that is used.  Attributes come right behind it. */
static void request_begin(struct request *r, uint16_t type, uint16_t flags, size_t body_size)
{
    r->header.nlmsg_len = (uint32_t) (sizeof r->header + ALIGN4(body_size));
    r->header.nlmsg_type = type;
    r->header.nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags);
    r->header.nlmsg_seq = 1;
}

static void request_put(struct request *r, uint16_t type, const void *data, size_t n)
{
    struct rtattr attribute = { .rta_len = (uint16_t) (sizeof attribute + n), .rta_type = type };
    char *at = (char *) r + r->header.nlmsg_len;

    if (at + ALIGN4(attribute.rta_len) > (char *) r + sizeof *r)
        abort(); /* all that is ever put fits: names, numbers and addresses */
    memcpy(at, &attribute, sizeof attribute);
    memcpy(at + sizeof attribute, data, n);
    r->header.nlmsg_len += ALIGN4(attribute.rta_len);
}

/* ---- replies ----------------------------------------------------------------------------------------- */

typedef int reply_fn(void *context, const struct nlmsghdr *message);

/* 1: the last message was seen, *RET is the result. */
static int take_message(const struct nlmsghdr *m, reply_fn *each, void *context, int *ret)
{
    int error;

    if (m->nlmsg_seq != 1)
        return 0;
    if (m->nlmsg_type == NLMSG_DONE)
        return *ret = 0, 1;
    if (m->nlmsg_type == NLMSG_ERROR) { /* also says that all went well */
        if (m->nlmsg_len < sizeof *m + sizeof error)
            return *ret = -EIO, 1;
        memcpy(&error, m + 1, sizeof error);
        return *ret = error, 1;
    }
    *ret = each ? each(context, m) : 0;
    return *ret < 0;
}

static int take_messages(const char *buf, size_t n, reply_fn *each, void *context, int *ret)
{
    while (n >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *m = (const void *) buf;
        size_t size = m->nlmsg_len, step = ALIGN4(size);

        if (size < sizeof *m || size > n)
            return *ret = -EIO, 1;
        if (take_message(m, each, context, ret))
            return 1;
        buf += step < n ? step : n;
        n -= step < n ? step : n;
    }
    return 0;
}

/* Sends, and calls EACH for every message of the reply. */
static int talk(int fd, struct request *r, reply_fn *each, void *context)
{
    _Alignas(struct nlmsghdr) char buf[REPLY_MAX];
    int result = 0;
    ssize_t n;

    if (send(fd, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    for (;;) {
        n = recv(fd, buf, sizeof buf, MSG_TRUNC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if ((size_t) n > sizeof buf)
            return -EMSGSIZE;
        if (take_messages(buf, (size_t) n, each, context, &result))
            return result;
    }
}

/* Calls EACH for every attribute behind the body. */
static void attributes_each(const struct nlmsghdr *m, size_t body_size,
                            void (*each)(void *context, unsigned type, const void *data, size_t n),
                            void *context)
{
    size_t at = sizeof *m + ALIGN4(body_size);

    while (at + sizeof(struct rtattr) <= m->nlmsg_len) {
        const struct rtattr *a = (const void *) ((const char *) m + at);

        if (a->rta_len < sizeof *a || a->rta_len > m->nlmsg_len - at)
            return;
        each(context, a->rta_type & (unsigned) NLA_TYPE_MASK, a + 1, a->rta_len - sizeof *a);
        at += ALIGN4(a->rta_len);
    }
}

/* ---- links ------------------------------------------------------------------------------------------- */

static void link_attribute(void *context, unsigned type, const void *data, size_t n)
{
    struct rtnetlink_link *link = context;

    if (type == IFLA_IFNAME && n && n <= sizeof link->name)
        memcpy(link->name, data, n);
}

static int take_link(void *context, const struct nlmsghdr *m)
{
    struct rtnetlink_link *link = context;
    struct ifinfomsg info;

    if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < sizeof *m + sizeof info)
        return 0;
    memcpy(&info, m + 1, sizeof info);
    link->index = info.ifi_index;
    link->flags = info.ifi_flags;
    attributes_each(m, sizeof info, link_attribute, link);
    link->name[sizeof link->name - 1] = '\0';
    return 0;
}

static int get_link(int fd, struct request *r, struct rtnetlink_link *ret)
{
    struct rtnetlink_link link = { 0 };
    int result = talk(fd, r, take_link, &link);

    if (result < 0)
        return result;
    if (!link.index)
        return -ENODEV;
    *ret = link;
    return 0;
}

int rtnetlink_link_by_name(int fd, const char *name, struct rtnetlink_link *ret)
{
    struct request r = { 0 };
    size_t n = strlen(name) + 1;

    if (n > IFNAMSIZ)
        return -ENAMETOOLONG;
    request_begin(&r, RTM_GETLINK, NLM_F_ACK, sizeof r.body.link);
    request_put(&r, IFLA_IFNAME, name, n);
    return get_link(fd, &r, ret);
}

int rtnetlink_link_by_index(int fd, int index, struct rtnetlink_link *ret)
{
    struct request r = { .body.link.ifi_index = index };

    request_begin(&r, RTM_GETLINK, NLM_F_ACK, sizeof r.body.link);
    return get_link(fd, &r, ret);
}

int rtnetlink_link_move(int fd, int index, int ns_fd, int new_index, const char *name)
{
    struct request r = { .body.link.ifi_index = index };
    uint32_t ns = (uint32_t) ns_fd;
    int32_t number = new_index;
    size_t n = strlen(name) + 1;

    if (n > IFNAMSIZ)
        return -ENAMETOOLONG;
    request_begin(&r, RTM_NEWLINK, NLM_F_ACK, sizeof r.body.link);
    request_put(&r, IFLA_NET_NS_FD, &ns, sizeof ns);
    request_put(&r, IFLA_NEW_IFINDEX, &number, sizeof number);
    request_put(&r, IFLA_IFNAME, name, n);
    return talk(fd, &r, NULL, NULL);
}

int rtnetlink_link_up(int fd, int index)
{
    struct request r = { .body.link = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP } };

    request_begin(&r, RTM_NEWLINK, NLM_F_ACK, sizeof r.body.link);
    return talk(fd, &r, NULL, NULL);
}

/* ---- addresses --------------------------------------------------------------------------------------- */

struct address_list {
    struct rtnetlink_addresses list;
    int index;
};

static void take_bytes(struct rtnetlink_bytes *bytes, const void *data, size_t n)
{
    if (n > sizeof bytes->v)
        return;
    memcpy(bytes->v, data, n);
    bytes->size = (uint8_t) n;
}

static void address_attribute(void *context, unsigned type, const void *data, size_t n)
{
    struct rtnetlink_address *a = context;

    if (type == IFA_LOCAL)
        take_bytes(&a->local, data, n);
    else if (type == IFA_ADDRESS)
        take_bytes(&a->address, data, n);
    else if (type == IFA_BROADCAST)
        take_bytes(&a->broadcast, data, n);
    else if (type == IFA_FLAGS && n == sizeof a->flags)
        memcpy(&a->flags, data, n);
    else if (type == IFA_RT_PRIORITY && n == sizeof a->metric)
        memcpy(&a->metric, data, n);
}

static int take_address(void *context, const struct nlmsghdr *m)
{
    struct address_list *found = context;
    struct rtnetlink_address a = { 0 }, *more;
    struct ifaddrmsg info;

    if (m->nlmsg_type != RTM_NEWADDR || m->nlmsg_len < sizeof *m + sizeof info)
        return 0;
    memcpy(&info, m + 1, sizeof info);
    if ((int) info.ifa_index != found->index)
        return 0;
    a.family = info.ifa_family;
    a.prefix = info.ifa_prefixlen;
    a.scope = info.ifa_scope;
    a.flags = info.ifa_flags;
    attributes_each(m, sizeof info, address_attribute, &a);
    if (!(a.flags & IFA_F_PERMANENT) || a.scope != RT_SCOPE_UNIVERSE)
        return 0;
    more = reallocarray(found->list.v, found->list.n + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    more[found->list.n++] = a;
    found->list.v = more;
    return 0;
}

int rtnetlink_addresses(int fd, int index, struct rtnetlink_addresses *ret)
{
    struct address_list found = { .index = index };
    struct request r = { 0 };
    int result;

    request_begin(&r, RTM_GETADDR, NLM_F_DUMP, sizeof r.body.address);
    result = talk(fd, &r, take_address, &found);
    if (result < 0) {
        free(found.list.v);
        return result;
    }
    *ret = found.list;
    return 0;
}

int rtnetlink_address_add(int fd, int index, const struct rtnetlink_address *a)
{
    /* What the kernel decides by itself (secondary, tentative, temporary ...) is not for us to say. */
    const uint32_t ours = IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                          IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
    struct request r = { 0 };
    uint32_t flags = a->flags & ours;
    int result;

    r.body.address = (struct ifaddrmsg){
        .ifa_family = a->family,
        .ifa_prefixlen = a->prefix,
        .ifa_scope = a->scope,
        .ifa_index = (uint32_t) index,
    };
    request_begin(&r, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof r.body.address);
    if (a->local.size)
        request_put(&r, IFA_LOCAL, a->local.v, a->local.size);
    if (a->address.size)
        request_put(&r, IFA_ADDRESS, a->address.v, a->address.size);
    if (a->broadcast.size)
        request_put(&r, IFA_BROADCAST, a->broadcast.v, a->broadcast.size);
    if (a->metric)
        request_put(&r, IFA_RT_PRIORITY, &a->metric, sizeof a->metric);
    request_put(&r, IFA_FLAGS, &flags, sizeof flags);
    result = talk(fd, &r, NULL, NULL);
    return result == -EEXIST ? 0 : result;
}
