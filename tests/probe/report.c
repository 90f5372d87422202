/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.c - everything a process can find out about itself and its surroundings.
 *
 * What the kernel offers as text under /proc is passed on as it is, in "proc"; the tests take it apart.
 * All else is asked of the kernel directly, so that it is known without /proc too.
 */
#include "probe.h"

#include "json.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void put_words(const char *name, char **words)
{
    json_key(name);
    json_array();
    for (; *words; words++)
        json_string(*words);
    json_end();
}

static void put_error(const char *name, int error)
{
    json_key(name);
    json_object();
    json_put_int("errno", error);
    json_end();
}

static void put_link(const char *name, const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof(target));

    if (n < 0) {
        put_error(name, errno);
        return;
    }
    json_key(name);
    json_bytes(target, (size_t) n);
}

static void put_cwd(void)
{
    char *cwd = getcwd(NULL, 0);

    if (cwd)
        json_put_string("cwd", cwd);
    else
        put_error("cwd", errno);
    free(cwd);
}

static void put_process(void)
{
    mode_t mask = umask(0);
    int value = 0;
    char comm[32] = "";

    umask(mask);
    json_put_int("pid", getpid());
    json_put_int("ppid", getppid());
    json_put_int("sid", getsid(0));
    json_put_int("pgid", getpgid(0));
    json_put_int("umask", mask);
    json_put_int("dumpable", prctl(PR_GET_DUMPABLE));
    prctl(PR_GET_PDEATHSIG, &value);
    json_put_int("pdeathsig", value);
    value = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &value);
    json_put_int("subreaper", value);
    prctl(PR_GET_NAME, comm);
    json_put_string("comm", comm);
    json_put_int("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json_put_int("securebits", prctl(PR_GET_SECUREBITS));
    put_link("exe", "/proc/self/exe");
}

static void put_ids(void)
{
    uid_t r, e, s;
    gid_t groups[1024];
    int n;

    json_key("uid");
    json_array();
    getresuid(&r, &e, &s);
    json_int(r);
    json_int(e);
    json_int(s);
    json_int(syscall(SYS_setfsuid, -1)); /* an id that can't be set leaves it as it is and tells it */
    json_end();
    json_key("gid");
    json_array();
    getresgid(&r, &e, &s);
    json_int(r);
    json_int(e);
    json_int(s);
    json_int(syscall(SYS_setfsgid, -1));
    json_end();
    json_key("groups");
    json_array();
    n = getgroups(1024, groups);
    for (int i = 0; i < n; i++)
        json_int(groups[i]);
    json_end();
}

static void put_hex(const char *name, uint64_t value)
{
    char digits[20];

    snprintf(digits, sizeof(digits), "%016llx", (unsigned long long) value);
    json_put_string(name, digits);
}

/* capget's arguments, version 3; a C library need not bring linux/capability.h along. */
struct cap_header {
    uint32_t version;
    int pid;
};
struct cap_data {
    uint32_t effective, permitted, inheritable;
};

static void put_capabilities(void)
{
    struct cap_header header = { .version = 0x20080522 };
    struct cap_data data[2] = { { 0, 0, 0 } };
    uint64_t bounding = 0, ambient = 0;

    syscall(SYS_capget, &header, data);
    for (unsigned long cap = 0; cap < 64; cap++) {
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            bounding |= UINT64_C(1) << cap;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
            ambient |= UINT64_C(1) << cap;
    }
    json_key("capabilities");
    json_object();
    put_hex("effective", data[0].effective | (uint64_t) data[1].effective << 32);
    put_hex("permitted", data[0].permitted | (uint64_t) data[1].permitted << 32);
    put_hex("inheritable", data[0].inheritable | (uint64_t) data[1].inheritable << 32);
    put_hex("bounding", bounding);
    put_hex("ambient", ambient);
    json_end();
}

static void put_namespaces(void)
{
    static const char *const names[] = {
        "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"
    };
    char path[64];

    json_key("namespaces");
    json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
        put_link(names[i], path);
    }
    json_end();
}

static void put_proc_files(void)
{
    static const char *const names[] = { "mountinfo",     "cgroup",         "uid_map",      "gid_map",
                                         "setgroups",     "timens_offsets", "status",       "limits",
                                         "oom_score_adj", "stat",           "attr/current", "loginuid",
                                         "cmdline" };
    char path[64];

    json_key("proc");
    json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t size = 0;
        char *text;

        snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
        text = read_whole(path, &size);
        if (text) {
            json_key(names[i]);
            json_bytes(text, size);
        } else {
            put_error(names[i], errno);
        }
        free(text);
    }
    json_end();
}

static void put_rlimits(void)
{
    static const struct {
        const char *name;
        int id;
    } limits[] = {
        { "RLIMIT_CPU", RLIMIT_CPU },           { "RLIMIT_FSIZE", RLIMIT_FSIZE },
        { "RLIMIT_DATA", RLIMIT_DATA },         { "RLIMIT_STACK", RLIMIT_STACK },
        { "RLIMIT_CORE", RLIMIT_CORE },         { "RLIMIT_RSS", RLIMIT_RSS },
        { "RLIMIT_NPROC", RLIMIT_NPROC },       { "RLIMIT_NOFILE", RLIMIT_NOFILE },
        { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },   { "RLIMIT_AS", RLIMIT_AS },
        { "RLIMIT_LOCKS", RLIMIT_LOCKS },       { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
        { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE }, { "RLIMIT_NICE", RLIMIT_NICE },
        { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },     { "RLIMIT_RTTIME", RLIMIT_RTTIME },
    };

    json_key("rlimits");
    json_object();
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        uint64_t values[2] = { 0, 0 };

        /* Always 64 bits wide, whatever the size of rlim_t. */
        syscall(SYS_prlimit64, 0, limits[i].id, NULL, values);
        json_key(limits[i].name);
        json_array();
        json_uint(values[0]);
        json_uint(values[1]);
        json_end();
    }
    json_end();
}

struct sched_attr_v0 {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void put_affinity(void)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof(cpus), &cpus);
    json_key("affinity");
    json_array();
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &cpus))
            json_uint(i);
    json_end();
}

static void put_mempolicy(void)
{
    unsigned long nodes[16] = { 0 };
    int mode = 0;
    long r = syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0);

    json_key("mempolicy");
    json_object();
    json_put_int("errno", r < 0 ? errno : 0);
    json_put_int("mode", mode);
    json_key("nodes");
    json_array();
    for (size_t i = 0; i < sizeof(nodes) * 8; i++)
        if (nodes[i / 64] >> (i % 64) & 1)
            json_uint(i);
    json_end();
    json_end();
}

static void put_scheduling(void)
{
    struct sched_attr_v0 attr = { .size = sizeof(attr) };

    json_key("scheduler");
    json_object();
    json_put_int("errno", syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 ? errno : 0);
    json_put_uint("policy", attr.policy);
    json_put_uint("flags", attr.flags);
    json_put_int("nice", attr.nice);
    json_put_uint("priority", attr.priority);
    json_put_uint("runtime", attr.runtime);
    json_put_uint("deadline", attr.deadline);
    json_put_uint("period", attr.period);
    json_end();
    json_put_int("ioprio", syscall(SYS_ioprio_get, 1, 0));
    json_put_int("personality", personality(0xffffffff));
    put_affinity();
    put_mempolicy();
}

static void put_uname(void)
{
    struct utsname u;

    if (uname(&u) < 0)
        return;
    json_put_string("hostname", u.nodename);
    json_put_string("domainname", u.domainname);
    json_put_string("machine", u.machine);
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "dir";
    case S_IFLNK: return "link";
    case S_IFCHR: return "c";
    case S_IFBLK: return "b";
    case S_IFIFO: return "p";
    case S_IFSOCK: return "socket";
    default: return "anon";
    }
}

static void put_fd(int fd)
{
    struct stat st;
    char name[16], path[64];

    snprintf(name, sizeof(name), "%d", fd);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    json_key(name);
    json_object();
    put_link("target", path);
    json_put_int("flags", fcntl(fd, F_GETFL));
    json_put_int("fd_flags", fcntl(fd, F_GETFD));
    if (fstat(fd, &st) == 0) {
        json_put_string("type", type_name(st.st_mode));
        json_put_uint("dev", st.st_dev);
        json_put_uint("ino", st.st_ino);
    }
    json_end();
}

static void put_fds(void)
{
    json_key("fds");
    json_object();
    for (int fd = 0; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            put_fd(fd);
    json_end();
}

static void put_node(int dir_fd, const char *name, const char *shown)
{
    struct stat st;
    char target[4096];

    json_key(shown);
    json_object();
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        json_put_int("errno", errno);
    } else {
        json_put_string("type", type_name(st.st_mode));
        json_put_int("mode", st.st_mode & 07777);
        json_put_int("uid", st.st_uid);
        json_put_int("gid", st.st_gid);
        if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
            json_put_uint("major", major(st.st_rdev));
            json_put_uint("minor", minor(st.st_rdev));
        }
        if (S_ISLNK(st.st_mode)) {
            ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

            json_key("target");
            json_bytes(target, n < 0 ? 0 : (size_t) n);
        }
    }
    json_end();
}

static void put_nodes_of(const char *path, const char *prefix)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char shown[512];

    while (dir && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(shown, sizeof(shown), "%s%s", prefix, entry->d_name);
        put_node(dirfd(dir), entry->d_name, shown);
    }
    if (dir)
        closedir(dir);
}

static void put_dev(void)
{
    json_key("dev");
    json_object();
    put_nodes_of("/dev", "");
    put_nodes_of("/dev/pts", "pts/");
    json_end();
}

static void put_signals(void)
{
    struct sigaction action;
    sigset_t blocked;

    json_key("signals_ignored");
    json_array();
    for (int i = 1; i <= 64; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            json_int(i);
    json_end();
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    json_key("signals_blocked");
    json_array();
    for (int i = 1; i <= 64; i++)
        if (sigismember(&blocked, i) == 1)
            json_int(i);
    json_end();
}

static void put_keyring(void)
{
    char description[512] = "";
    long id = syscall(SYS_keyctl, 0, -3, 0); /* KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING */

    json_key("keyring");
    json_object();
    json_put_int("id", id);
    if (id > 0 && syscall(SYS_keyctl, 6, id, description, sizeof(description) - 1) > 0) /* KEYCTL_DESCRIBE */
        json_put_string("description", description);
    json_end();
}

static void put_clock(const char *name, clockid_t clock)
{
    struct timespec now = { 0 };

    clock_gettime(clock, &now);
    json_key(name);
    json_int((long long) now.tv_sec * 1000000000 + now.tv_nsec);
}

static void put_tty(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct winsize size;

    json_key("tty");
    json_object();
    json_key("isatty");
    json_array();
    for (int i = 0; i < 3; i++)
        json_bool(isatty(i));
    json_end();
    json_put_bool("controlling", fd >= 0);
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
        json_put_int("rows", size.ws_row);
        json_put_int("columns", size.ws_col);
    }
    json_end();
    if (fd >= 0)
        close(fd);
}

static void put_address(const struct sockaddr *address, const struct sockaddr *mask)
{
    const void *bytes, *bits;
    size_t size;
    int prefix = 0;
    char text[INET6_ADDRSTRLEN];

    if (address->sa_family == AF_INET) {
        bytes = &((const struct sockaddr_in *) (const void *) address)->sin_addr;
        bits = mask ? &((const struct sockaddr_in *) (const void *) mask)->sin_addr : NULL;
        size = 4;
    } else {
        bytes = &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr;
        bits = mask ? &((const struct sockaddr_in6 *) (const void *) mask)->sin6_addr : NULL;
        size = 16;
    }
    for (size_t i = 0; bits && i < size; i++)
        prefix += __builtin_popcount(((const unsigned char *) bits)[i]);
    inet_ntop(address->sa_family, bytes, text, sizeof(text));
    json_object();
    json_put_string("address", text);
    json_put_int("prefix", prefix);
    json_end();
}

static void put_interfaces(void)
{
    struct if_nameindex *names = if_nameindex();
    struct ifaddrs *addresses = NULL;

    (void) getifaddrs(&addresses);
    json_key("interfaces");
    json_object();
    for (struct if_nameindex *i = names; i && i->if_index; i++) {
        unsigned flags = 0;

        json_key(i->if_name);
        json_object();
        json_put_uint("index", i->if_index);
        json_key("addresses");
        json_array();
        for (struct ifaddrs *a = addresses; a; a = a->ifa_next) {
            if (strcmp(a->ifa_name, i->if_name) != 0)
                continue;
            flags = a->ifa_flags;
            if (a->ifa_addr && (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
                put_address(a->ifa_addr, a->ifa_netmask);
        }
        json_end();
        json_put_uint("flags", flags);
        json_end();
    }
    json_end();
    if (names)
        if_freenameindex(names);
    freeifaddrs(addresses);
}

static void put_root(void)
{
    struct statvfs fs;

    json_key("root");
    json_object();
    if (statvfs("/", &fs) == 0)
        json_put_uint("flags", fs.f_flag);
    json_end();
}

void report_print(int argc, char **argv)
{
    json_object();
    json_put_string("action", "report");
    json_put_int("argc", argc);
    put_words("argv", argv);
    put_words("env", environ);
    put_fds(); /* before anything opens descriptors of its own */
    put_cwd();
    put_process();
    put_ids();
    put_capabilities();
    json_put_int("seccomp", prctl(PR_GET_SECCOMP));
    put_namespaces();
    put_proc_files();
    put_rlimits();
    put_scheduling();
    put_uname();
    put_dev();
    put_signals();
    put_keyring();
    put_clock("monotonic", CLOCK_MONOTONIC);
    put_clock("boottime", CLOCK_BOOTTIME);
    put_tty();
    put_interfaces();
    put_root();
    json_end();
}
