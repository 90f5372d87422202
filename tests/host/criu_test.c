/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* criu_test.c - words for CRIU, what its log says, and mountinfo. */
#include "host/criu_words.h"

#include <sched.h>
#include <sys/sysmacros.h>

#include "host.h"
#include "host/mountinfo.h"

static void words(void)
{
    check_number(host_criu_cgroup_mode(NULL), 3, "soft, if nothing is said");
    check_number(host_criu_cgroup_mode("soft"), 3, "soft");
    check_number(host_criu_cgroup_mode("full"), 4, "full");
    check_number(host_criu_cgroup_mode("strict"), 5, "strict");
    check_number(host_criu_cgroup_mode("ignore"), 0, "ignore");
    check_number(host_criu_cgroup_mode("SOFT"), -EINVAL, "no other");
    check_number(host_criu_network_lock("iptables"), 1, "iptables");
    check_number(host_criu_network_lock("nftables"), 2, "nftables");
    check_number(host_criu_network_lock("skip"), 3, "skip");
    check_number(host_criu_network_lock(""), -EINVAL, "an empty word");
    check_number(host_criu_empty_namespace("network"), CLONE_NEWNET, "network");
    check_number(host_criu_empty_namespace("net"), -EINVAL, "not as in /proc");
}

static void good_server(const char *text, const char *address, uint32_t port)
{
    char *got = NULL;
    uint32_t number = 0;

    check(host_criu_page_server(text, &got, &number) == 0, "page server %s", text);
    check_text(got, address, "its address");
    check_number(number, port, "its port");
    free(got);
}

static void page_servers(void)
{
    static const char *const bad[] = { "",           "host",      ":1",      "host:", "host:0",
                                       "host:65536", "host:-1",   "host:1x", "a b:1", "a\nb:1",
                                       "::1:1",      "[fe80::1]", "[]:1" };
    char *got = NULL;
    uint32_t number = 0;

    good_server("192.0.2.1:27", "192.0.2.1", 27);
    good_server("example:65535", "example", 65535);
    good_server("[fe80::1]:9", "fe80::1", 9);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(host_criu_page_server(bad[i], &got, &number) == -EINVAL, "no page server: %s", bad[i]);
    check(!got && !number, "nothing comes of them");
}

static void errors_of(const char *log, const char *wanted, const char *name)
{
    struct text text = { 0 };

    host_criu_log_errors(log, strlen(log), &text);
    check_text(text_string(&text), wanted, name);
    text_done(&text);
}

static void logs(void)
{
    errors_of("", "", "an empty log");
    errors_of("(00.000123) Unlock network\n(00.000200) Warn  (criu/x.c:1): careful\n", "", "no error");
    errors_of("(00.1) Error (criu/mount.c:10): mnt: first\n"
              "(00.2)      1: Error (criu/files.c:20): second (of two)\n"
              "(00.3) Error (criu/cr-dump.c:1975): Dumping FAILED.\n"
              "(00.4) Error (criu/cgroup.c:2055): cg: cgroupd: recv req error: No such file or directory\n",
              "mnt: first; second (of two)", "without times and places, and without the last word");
    errors_of("(1) Error (a:1): 1\n(2) Error (a:1): 2\n(3) Error (a:1): 3\n(4) Error (a:1): 4\n"
              "(5) Error (a:1): exited, status=1\n(6) Error (a:1): 5",
              "1; 4; 5", "the first and the last two");
    errors_of("Error (a:1): execvp(\"x-save\", ...) failed: No such file\n(1) Error (a:2): x-save -V failed\n"
              "(2) Error (a:3): the reason\n(3) Error (a:1): execvp(\"x-save\", ...) failed: No such file\n"
              "(4) Error (a:2): x-save -V failed\n(5) Error (a:3): what follows",
              "the reason; what follows", "not which programs were looked for");
    errors_of("(1) Can't connect to server 192.0.2.1:9\n(2) Error (a:1): what follows\n",
              "Can't connect to server 192.0.2.1:9; what follows", "a page server that is not there");
    errors_of("Error (a:1): \nError (b\nError (c): ok", "ok", "what is no error as CRIU writes them");
}

static void mounts(void)
{
    char good[] = "22 28 0:21 / /proc rw,relatime shared:12 - proc proc rw\n"
                  "23 22 8:17 /a\\040b /with\\040space\\134 ro - ext4 /dev/sdb1 rw\n";
    char bad[] = "22 28 0:21 /\n", worse[] = "22 28 x /\n";
    struct arena arena = { 0 };
    struct host_mounts found = { 0 };

    check_number(host_mountinfo_parse(good, &arena, &found), 0, "parse mountinfo");
    check_number((long long) found.n, 2, "two mounts");
    check_text(found.v[0].point, "/proc", "the first's mount point");
    check_number(found.v[1].parent, 22, "the second's parent");
    check(found.v[1].device == makedev(8, 17), "its device");
    check_text(found.v[1].root, "/a b", "its root");
    check_text(found.v[1].point, "/with space\\", "its mount point");
    check(host_mountinfo_find(&found, 23) == &found.v[1] && !host_mountinfo_find(&found, 24),
          "found by its id");
    check_number(host_mountinfo_parse(bad, &arena, &found), -EBADMSG, "a line that ends too soon");
    check_number(host_mountinfo_parse(worse, &arena, &found), -EBADMSG, "no device");
    check_number((long long) found.n, 2, "nothing comes of them");
    arena_free(&arena);
}

int main(void)
{
    words();
    page_servers();
    logs();
    mounts();
    return tap_done();
}
