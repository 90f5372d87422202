/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netdev_test.c - network devices that move into another network namespace, and back; in two namespaces of
 * our own.
 */
#include "host/netdev.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "base/procfs.h"
#include "host.h"
#include "host/namespace.h"

static struct err err;
static int proc_fd = -1, netns_fd = -1;
static pid_t container;

__attribute__((format(printf, 1, 2))) static int shell(const char *fmt, ...)
{
    char command[512];
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    return system(command);
}

/* What `ip ARGUMENTS` prints, here or in the container; valid until the next call. */
static const char *ip(bool there, const char *arguments)
{
    static char text[4096];
    char prefix[64] = "";

    if (there)
        (void) snprintf(prefix, sizeof prefix, "nsenter -t %d -n ", (int) container);
    (void) shell("%sip %s >out 2>&1", prefix, arguments);
    char *got = read_file("out");
    (void) snprintf(text, sizeof text, "%s", got);
    free(got);
    return text;
}

static void begin_namespaces(void)
{
    int ready[2];
    char byte;

    if (unshare(CLONE_NEWNET) < 0)
        skip_all("no network namespace can be made");
    if (pipe2(ready, O_CLOEXEC) < 0)
        exit(1);
    container = fork();
    if (container == 0) {
        if (unshare(CLONE_NEWNET) == 0)
            (void) !write(ready[1], "x", 1);
        for (;;)
            (void) pause();
    }
    (void) !read(ready[0], &byte, 1);
    netns_fd = host_namespace_open(proc_fd, container, "net");
}

static int move(const char *host_name, const char *name, struct host_netdev *ret)
{
    struct plan_net_device device = { .host_name = host_name, .name = name };

    return host_netdevs_move(proc_fd, &device, 1, netns_fd, ret, &err);
}

static void with_addresses(void)
{
    struct host_netdev moved;

    check(shell("ip link add v0 mtu 1400 type veth peer name peer0 && ip link set v0 up && "
                "ip link set peer0 up && "
                "ip addr add 10.1.2.3/24 brd + dev v0 && ip addr add 10.1.2.4/24 dev v0 && "
                "ip addr add 169.254.7.7/16 scope link dev v0 && "
                "ip addr add 10.9.9.9/24 valid_lft 100 preferred_lft 100 "
                "dev v0 && ip -6 addr add 2001:db8::5/64 nodad dev v0") == 0,
          "a device with addresses");
    check_good(move("v0", "eth0", &moved), &err, "moves");
    check_text(moved.name, "eth0", "to its new name");
    check(strstr(ip(false, "-o link"), "v0") == NULL, "it is gone from the host");
    check(strstr(ip(true, "-o link show eth0"), ",UP") && strstr(ip(true, "-o link show eth0"), "mtu 1400"),
          "up, with its size, in the container");
    const char *text = ip(true, "-o addr show eth0");
    check(strstr(text, "inet 10.1.2.3/24 brd 10.1.2.255 scope global eth0"), "with its address");
    check(strstr(text, "inet 10.1.2.4/24 scope global secondary eth0"), "and the second");
    check(strstr(text, "inet6 2001:db8::5/64 scope global"), "of every family");
    check(!strstr(text, "169.254.7.7") && !strstr(text, "10.9.9.9"),
          "but not those of link scope or limited time");
    check_number(host_netdevs_return(proc_fd, &moved, 1, netns_fd), 0, "and comes back");
    text = ip(false, "-o addr show v0");
    check(strstr(text, "inet 10.1.2.3/24 brd 10.1.2.255 scope global v0") && strstr(text, "2001:db8::5/64"),
          "with its name and addresses");
    check(strstr(ip(false, "-o link show v0"), ",UP"), "up, as it was");
    check(!strstr(ip(true, "-o link"), "eth0"), "and is gone from the container");
}

static void numbers_and_templates(void)
{
    struct host_netdev moved[2];
    struct plan_net_device devices[] = { { "a0", "net%d", NULL }, { "b0", "net%d", NULL } };

    /* The container has a device with the number that a0 has. */
    check(shell("ip link add a0 index 700 type veth peer name a1 && ip link add b0 type veth peer name b1 && "
                "nsenter -t %d -n ip link add x0 index 700 type veth peer name x1",
                (int) container) == 0,
          "devices");
    check_good(host_netdevs_move(proc_fd, devices, 2, netns_fd, moved, &err), &err,
               "move with a template for their name");
    check_text(moved[0].name, "net0", "the kernel chose one");
    check_text(moved[1].name, "net1", "and another");
    check(strstr(ip(true, "-o link show net0"), "1700: net0"), "the number was taken");
    check_number(host_netdevs_return(proc_fd, moved, 2, netns_fd), 0, "both come back");
    check(!strstr(ip(false, "-o link show a0"), ",UP"), "down, as they were");
}

static void same_name(void)
{
    struct host_netdev moved;

    check(shell("nsenter -t %d -n ip link add a0 type veth peer name a9", (int) container) == 0,
          "a name that is taken");
    check_error(move("a0", "a0", &moved), &err,
                "network device a0: the container has a device of the new name already: "
                "File exists",
                "is refused");
    check_good(move("a0", "free0", &moved), &err, "with another name it moves");
    check(strstr(ip(true, "-o link"), "free0"), "and has that");
    check_number(host_netdevs_return(proc_fd, &moved, 1, netns_fd), 0, "and comes back");
}

static void refusals(void)
{
    struct host_netdev moved[2];
    struct plan_net_device devices[] = { { "a0", "c0", NULL }, { "nothere", "c1", NULL } };
    int own = host_namespace_open(proc_fd, 0, "net");

    check_error(host_netdevs_move(proc_fd, devices, 2, netns_fd, moved, &err), &err,
                "network device nothere: find it on the host: No such device", "a device that isn't there");
    check(strstr(ip(false, "-o link"), "a0@") && !strstr(ip(true, "-o link"), ": c0@"),
          "and the one before is back");
    check_error(move("lo", "lo1", moved), &err, "loopback", "the loopback device");
    check(shell("ip link add br0 type bridge") == 0, "a bridge");
    if (move("br0", "br1", moved) < 0) {
        check(err.hint && strstr(err.hint, "every kind of device"), "can't move: %s", err.text);
        err_done(&err);
        check(strstr(ip(false, "-o link"), "br0"), "and stays");
    }
    devices[0].name = "c0";
    check_error(host_netdevs_move(proc_fd, devices, 1, own, moved, &err), &err,
                "no network namespace of its own", "our own namespace");
    (void) close(own);
}

/* Where the container's namespace refuses IPv6, an address can't be kept: then the device must not go. */
static void undone(void)
{
    struct host_netdev moved;

    if (shell("nsenter -t %d -n sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null",
              (int) container) != 0) {
        skip("a device whose addresses are refused", "/proc/sys can't be written to");
        return;
    }
    check_error(move("v0", "eth0", &moved), &err, "network device v0: give it its addresses",
                "addresses that are refused");
    const char *text = ip(false, "-o addr show v0");
    check(strstr(text, "10.1.2.3/24") && strstr(text, "2001:db8::5/64"),
          "leave the device where it was, with all of them");
    check(strstr(ip(false, "-o link show v0"), ",UP"), "and up");
}

int main(void)
{
    if (geteuid() != 0)
        skip_all("needs root");
    if (system("ip -V >/dev/null 2>&1 && nsenter -V >/dev/null 2>&1") != 0)
        skip_all("needs the programs ip and nsenter");
    enter_test_directory();
    proc_fd = procfs_open();
    begin_namespaces();
    with_addresses();
    numbers_and_templates();
    same_name();
    refusals();
    undone();
    (void) kill(container, SIGKILL);
    (void) waitpid(container, NULL, 0);
    return tap_done();
}
