/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* idmap_test.c - the maps of user namespaces, as the kernel shows them afterwards. */
#include "host/idmap.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/procfs.h"
#include "base/sys.h"
#include "host.h"
#include "host/namespace.h"

static struct err err;
static int proc_fd = -1;

/* A process in a new user namespace that waits to be killed. */
static pid_t new_process(void)
{
    struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
    pid_t pid = sys_clone3(&args);

    if (pid == 0)
        for (;;)
            (void) pause();
    return pid;
}

static void end_process(pid_t pid)
{
    if (pid <= 0)
        return;
    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, NULL, 0);
}

/* The file of process PID with single spaces; for free(3). */
static char *proc_text(pid_t pid, const char *file)
{
    char path[64], *text, *out;

    (void) snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, file);
    text = read_file(path);
    out = text;
    for (char *in = text; *in; in++)
        if (*in != ' ' || (out > text && out[-1] != ' ' && out[-1] != '\n'))
            *out++ = *in;
    *out = '\0';
    return text;
}

static void check_map(pid_t pid, const char *file, const char *want)
{
    char *text = proc_text(pid, file);

    check_text(text, want, file);
    free(text);
}

static void privileged(void)
{
    struct plan_id_range uids[] = { { 0, 100000, 1000 }, { 1000, 1000, 1 } },
                         gids[] = { { 0, 200000, 65536 } };
    struct plan_id_map map = { uids, gids, 2, 1, -1 }, none = { 0 };
    pid_t pid = new_process();

    check_good(host_idmap_write(proc_fd, pid, &map, true, &err), &err, "maps are written");
    check_map(pid, "uid_map", "0 100000 1000\n1000 1000 1\n");
    check_map(pid, "gid_map", "0 200000 65536\n");
    check_map(pid, "setgroups", "allow\n");
    check_error(host_idmap_write(proc_fd, pid, &map, true, &err), &err,
                "linux.gidMappings: write the map of 1 range:", "only once");
    end_process(pid);
    pid = new_process();
    uids[1].inside = 5;
    check_error(host_idmap_write(proc_fd, pid, &map, true, &err), &err,
                "linux.uidMappings: write the map of 2 ranges: ", "not if they overlap");
    check_error(host_idmap_write(proc_fd, pid, &none, true, &err), &err, "needs linux.uidMappings",
                "none is an error");
    end_process(pid);
}

/* As an ordinary user. */
static void unprivileged(void)
{
    struct plan_id_range uid = { 0, geteuid(), 1 }, gid = { 0, getegid(), 1 };
    struct plan_id_map map = { &uid, &gid, 1, 1, -1 };
    pid_t pid = new_process();
    char want[64];

    if (pid < 0) {
        skip("maps of an ordinary user", "who may not make user namespaces here");
        return;
    }
    check_good(host_idmap_write(proc_fd, pid, &map, false, &err), &err, "an ordinary user maps the own id");
    (void) snprintf(want, sizeof want, "0 %u 1\n", uid.outside);
    check_map(pid, "uid_map", want);
    check_map(pid, "setgroups", "deny\n");
    end_process(pid);

    pid = new_process();
    uid.size = 10;
    gid.size = 10;
    (void) host_idmap_write(proc_fd, pid, &map, false, &err);
    check(err_is_set(&err) && strstr(err.text, "newgidmap"), "more needs newgidmap: %s",
          err.text ? err.text : "");
    check(err.hint && (strstr(err.hint, "/etc/subgid") || strstr(err.hint, "install")),
          "and what for is told");
    err_done(&err);
    end_process(pid);
}

/* Databases of our own over those of the machine, seen by us alone.  False: not possible. */
static bool cover_databases(void)
{
    static const char *const files[][2] = {
        { "/etc/passwd", "root:x:0:0::/:/bin/sh\ntester:x:12345:12345::/:/bin/sh\n" },
        { "/etc/subuid", "tester:300000:100\n" },
        { "/etc/subgid", "tester:400000:100\n" },
    };

    if (access("/usr/bin/newuidmap", X_OK) < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file("database", files[i][1], 0644);
        if (mount("database", files[i][0], NULL, MS_BIND, NULL) < 0)
            return false;
        (void) unlink("database");
    }
    return true;
}

static void by_the_programs(bool possible)
{
    struct plan_id_range uids[] = { { 0, 12345, 1 }, { 1, 300000, 100 } },
                         gids[] = { { 0, 12345, 1 }, { 1, 400000, 100 } };
    struct plan_id_map map = { uids, gids, 2, 2, -1 };
    pid_t pid;

    if (!possible) {
        skip("newuidmap and newgidmap map more", "needs root, package uidmap, and /etc/subuid");
        return;
    }
    pid = new_process();
    check_good(host_idmap_write(proc_fd, pid, &map, false, &err), &err, "newuidmap and newgidmap map more");
    check_map(pid, "uid_map", "0 12345 1\n1 300000 100\n");
    check_map(pid, "gid_map", "0 12345 1\n1 400000 100\n");
    end_process(pid);
    pid = new_process();
    gids[1].size = 101;
    (void) host_idmap_write(proc_fd, pid, &map, false, &err);
    check(err_is_set(&err) &&
              strstr(err.text, "linux.gidMappings: /usr/bin/newgidmap exited with status 1: newgidmap: "),
          "but not more than allowed: %s", err.text ? err.text : "");
    check(err.hint && strstr(err.hint, "/etc/subgid must have a line USER:START:COUNT for user 12345"),
          "and what is missing");
    err_done(&err);
    end_process(pid);
}

static void namespaces(void)
{
    struct plan_id_range uids[] = { { 0, 100000, 1000 } }, gids[] = { { 0, 200000, 1000 } };
    struct plan_id_map map = { uids, gids, 1, 1, -1 }, same = map, other = map;
    struct plan_id_range wide = { 0, 100000, 1001 };
    struct plan_mount mounts[] = { { .id_map = &map }, { 0 }, { .id_map = &same }, { .id_map = &other } };
    struct plan plan = { .mounts = mounts, .n_mounts = 4 };
    int status;
    pid_t pid;

    other.uid = &wide;
    check(host_idmap_equal(&map, &same) && !host_idmap_equal(&map, &other), "maps are compared");
    check_good(host_idmap_open_mounts(proc_fd, &plan, &err), &err, "user namespaces for the mounts");
    check(map.userns_fd >= 0 && same.userns_fd >= 0 && other.userns_fd >= 0, "each mount has one");
    check(map.userns_fd != same.userns_fd && host_namespace_same(map.userns_fd, same.userns_fd),
          "the same for equal maps");
    check(!host_namespace_same(map.userns_fd, other.userns_fd), "another for others");
    check(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD, "and no process is left");
    pid = fork();
    if (pid == 0) {
        char *text = NULL;

        if (setns(map.userns_fd, CLONE_NEWUSER) == 0)
            text = proc_text(getpid(), "uid_map");
        _exit(text && strstr(text, " 1000\n") ? 0 : 1);
    }
    (void) waitpid(pid, &status, 0);
    check(status == 0, "they can be entered, and have the map");
    (void) close(map.userns_fd), (void) close(same.userns_fd), (void) close(other.userns_fd);
    uids[0].outside = UINT32_MAX - 10;
    check(host_userns_create(proc_fd, &map) < 0, "an impossible map is an error");
}

static void namespace_files(void)
{
    int own = host_namespace_open(proc_fd, 0, "net"), same = host_namespace_open(proc_fd, getpid(), "net");
    int other = host_namespace_open(proc_fd, getpid(), "uts");

    check(own >= 0 && host_namespace_same(own, same), "our network namespace");
    check(!host_namespace_same(own, other) && !host_namespace_same(own, -1), "is no other");
    check_number(host_namespace_open(proc_fd, getpid(), "nonsense"), -ENOENT,
                 "there is no namespace of nonsense");
    (void) close(own), (void) close(same), (void) close(other);
}

int main(void)
{
    bool databases;

    enter_test_directory();
    proc_fd = procfs_open();
    namespace_files();
    if (geteuid() != 0) {
        unprivileged();
        by_the_programs(false);
        return tap_done();
    }
    privileged();
    namespaces();
    databases = cover_databases();
    remove_test_directory();
    if (setresgid(12345, 12345, 12345) < 0 || setresuid(12345, 12345, 12345) < 0) {
        skip("maps of an ordinary user", "root may not become one here");
        return tap_done();
    }
    (void) prctl(PR_SET_DUMPABLE, 1); /* else /proc/PID belongs to root, as for a set-user-id program */
    (void) close(proc_fd);
    proc_fd = procfs_open();
    unprivileged();
    by_the_programs(databases);
    return tap_done();
}
