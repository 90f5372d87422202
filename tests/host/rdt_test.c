/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rdt_test.c - resctrl groups, on a directory tree that plays resctrl.
 *
 * What the kernel does there by itself, our own mkdirat and unlinkat do: a new group has its files, and
 * goes with them.
 */
#include "host/rdt.h"

#include <stdarg.h>
#include <sys/syscall.h>

#include "host.h"
#include "host/rdt_schemata.h"

static struct err err;
static int root_fd = -1;

static void put_file(int dir_fd, const char *name, const char *text)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    (void) !write(fd, text, strlen(text));
    (void) close(fd);
}

/* In place of libc's: the kernel fills a new group. */
int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    int group_fd;

    if (syscall(SYS_mkdirat, dir_fd, path, mode) < 0)
        return -1;
    group_fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_file(group_fd, "tasks", "");
    put_file(group_fd, "schemata", "");
    (void) syscall(SYS_mkdirat, group_fd, "mon_groups", 0755);
    (void) close(group_fd);
    return 0;
}

/* In place of libc's: and empties it. */
int unlinkat(int dir_fd, const char *path, int flags)
{
    int group_fd = flags & AT_REMOVEDIR ? openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (group_fd >= 0) {
        (void) syscall(SYS_unlinkat, group_fd, "tasks", 0);
        (void) syscall(SYS_unlinkat, group_fd, "schemata", 0);
        (void) syscall(SYS_unlinkat, group_fd, "mon_groups", AT_REMOVEDIR);
        (void) close(group_fd);
    }
    return (int) syscall(SYS_unlinkat, dir_fd, path, flags);
}

static void check_file(const char *path, const char *want, const char *name)
{
    char *text = read_file(path);

    check_text(text, want, name);
    free(text);
}

static struct arena arena;

/* linux.intelRdt of a configuration; TEXT has ' for ". */
static struct oci_intel_rdt *config(const char *text)
{
    struct oci_spec *spec = arena_alloc(&arena, sizeof *spec);
    char *json = arena_printf(&arena, "{'ociVersion':'1.3.0','linux':{'intelRdt':{%s}}}", text);
    struct json_error error;

    for (char *c = json; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    if (json_read(&oci_spec_type, spec, "config.json", json, strlen(json), &arena, &error) < 0) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    return spec->linux->intel_rdt;
}

static int plan(const struct oci_intel_rdt *rdt, struct host_state_rdt *ret)
{
    return host_rdt_plan(root_fd, rdt, "web1", &arena, ret, &err);
}

static void own_group(void)
{
    const struct oci_intel_rdt *rdt =
        config("'l3CacheSchema':'L3:0=f','memBwSchema':'MB:0=20','schemata':['L2:0=3'],"
               "'enableMonitoring':true");
    struct host_state_rdt groups;

    check_good(plan(rdt, &groups), &err, "without closID");
    check_text(groups.group, "web1", "the group has the container's id");
    check(groups.made && !groups.keep, "is made, and removed at the end");
    check(access("web1", F_OK) < 0, "nothing is made yet");
    check_good(host_rdt_make(root_fd, rdt, &groups, &err), &err, "it is made");
    /* Each write of a real schemata file stands for itself; in a plain file the next is written over it. */
    check_file("web1/schemata", "L2:0=3\n\n", "the last line was written last");
    check(access("web1/mon_groups/web1/tasks", F_OK) == 0, "with a monitoring group");
    check_good(host_rdt_join(root_fd, &groups, 4711, &err), &err, "a process joins");
    check_file("web1/tasks", "4711\n", "the group");
    check_file("web1/mon_groups/web1/tasks", "4711\n", "and the monitoring group");
    check_good(host_rdt_update(root_fd, &groups, "L3:0=7777777", NULL, &err), &err, "it is updated");
    check_file("web1/schemata", "L3:0=7777777\n", "with a new schema");
    check_error(host_rdt_update(root_fd, &groups, NULL, "L3:0=1", &err), &err, "must begin with \"MB:\"",
                "of the right kind");
    check_error(host_rdt_update(root_fd, &groups, "L3:0=1\nMB:0=1", NULL, &err), &err, "newlines",
                "and one line");
    check_good(host_rdt_remove(root_fd, &groups, false, &err), &err, "it is removed");
    check(access("web1", F_OK) < 0, "and gone");
    check_good(host_rdt_remove(root_fd, &groups, false, &err), &err, "twice is fine");
}

static void configured_group(void)
{
    const struct oci_intel_rdt *none = config("'closID':'shared'");
    const struct oci_intel_rdt *with = config("'closID':'shared','l3CacheSchema':'L3:1=f0;0=0xFF'");
    const struct oci_intel_rdt *other = config("'closID':'shared','l3CacheSchema':'L3:0=f'");
    struct host_state_rdt groups;

    check_error(plan(none, &groups), &err, "intelRdt.closID: without a schema, group shared must exist",
                "no schema, no group");
    check_good(plan(with, &groups), &err, "with a schema");
    check(groups.made && groups.keep, "the group is made, and kept");
    check_good(host_rdt_make(root_fd, with, &groups, &err), &err, "made");
    check_good(host_rdt_remove(root_fd, &groups, false, &err), &err, "deleted");
    check(access("shared", F_OK) == 0, "it stays");
    check_good(host_rdt_remove(root_fd, &groups, true, &err), &err, "rolled back");
    check(access("shared", F_OK) < 0, "it does not");

    check_number(mkdirat(root_fd, "shared", 0755), 0, "a group that exists");
    write_file("shared/schemata", "    MB:0=100;1=100\n    L3:0=000ff;1=000f0\n", 0644);
    check_good(plan(none, &groups), &err, "is used without a schema");
    check(!groups.made && groups.keep, "as it is");
    check_good(host_rdt_make(root_fd, none, &groups, &err), &err, "nothing is made");
    check_good(plan(with, &groups), &err, "with a schema");
    check_good(host_rdt_make(root_fd, with, &groups, &err), &err, "that it has");
    check_file("shared/schemata", "    MB:0=100;1=100\n    L3:0=000ff;1=000f0\n", "which is not written");
    check_error(host_rdt_make(root_fd, other, &groups, &err), &err,
                "group shared exists, and its schemata differ from \"L3:0=f\"", "but not with another");
    check_good(host_rdt_remove(root_fd, &groups, true, &err), &err, "rolled back");
    check(access("shared", F_OK) == 0, "what was there stays");
}

static void root_group(void)
{
    const struct oci_intel_rdt *rdt = config("'closID':'/','enableMonitoring':true");
    struct host_state_rdt groups;

    check_good(plan(rdt, &groups), &err, "the root");
    check_text(groups.group, "", "is a group");
    check(!groups.made, "that is never made");
    check_good(host_rdt_make(root_fd, rdt, &groups, &err), &err, "but may have");
    check(access("mon_groups/web1", F_OK) == 0, "a monitoring group");
    check_error(host_rdt_make(root_fd, rdt, &groups, &err), &err,
                "make the monitoring group web1: File exists", "of our own");
    check_good(host_rdt_join(root_fd, &groups, 1, &err), &err, "and processes");
    check_file("tasks", "1\n", "in its tasks");
    check_good(host_rdt_remove(root_fd, &groups, false, &err), &err, "removed");
    check(access("mon_groups/web1", F_OK) < 0 && access("tasks", F_OK) == 0, "is the monitoring group alone");
}

static void refusals(void)
{
    static const char *const names[] = { "..", "a/b", "info", "mon_groups" };
    struct oci_intel_rdt *rdt = config("'closID':'x','l3CacheSchema':'L3:0=f'");
    struct host_state_rdt groups;
    int fd = -1;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rdt->clos_id = (char *) names[i];
        check_error(plan(rdt, &groups), &err, "can't be the name of a resctrl group", names[i]);
    }
    rdt->clos_id = NULL;
    check_number(mkdirat(root_fd, "web1", 0755), 0, "a group with the container's id");
    check_error(plan(rdt, &groups), &err, "make the resctrl group web1: File exists",
                "is not taken for our own");
    check_number(unlinkat(root_fd, "web1", AT_REMOVEDIR), 0, "without it");

    /* A schemata file that can't be written to stands for one that refuses the line. */
    check_good(plan(rdt, &groups), &err, "a group");
    groups.group = (char *) "link";
    groups.made = false;
    check(symlink("shared", "link") == 0, "a symlink");
    check_error(host_rdt_make(root_fd, rdt, &groups, &err), &err, "Too many levels", "is not followed");
    if (access("/sys/fs/resctrl/schemata", F_OK) < 0)
        check_error(host_rdt_open(&fd, &err), &err, "no resctrl filesystem is mounted", "none here");
}

static const char *difference(const char *have, const char *a, const char *b)
{
    const char *v[] = { a, b };
    struct host_rdt_lines lines = { v, b ? 2 : 1 };

    return host_rdt_first_difference(have, &lines);
}

static void schemata(void)
{
    const char *have = "    MB:0=100;1= 90\n    L3:0=007ff;1=000f0\nL3CODE:0=1\n";

    check(!difference(have, "L3:0=7ff", NULL), "leading zeros");
    check(!difference(have, " L3 : 1 = 0xF0 ; 0=7FF", NULL), "order, blanks, 0x, capitals");
    check(!difference(have, "L3:0=7ff\n", NULL), "a newline");
    check(difference(have, "L3:0=7fe", NULL) != NULL, "another value");
    check(difference(have, "L3:2=1", NULL) != NULL, "another domain");
    check(difference(have, "L2:0=7ff", NULL) != NULL, "another resource");
    check(!difference(have, "L3CODE:0=1", NULL), "a longer name of a resource");
    check(!difference(have, "L3:0=1", "L3:0=7ff"), "a later line wins");
    check_text(difference(have, "MB:1=90", "L3:0=1"), "L3:0=1", "the line that differs is told");
    check(difference("", "L3:0=1", NULL) != NULL, "nothing");
}

int main(void)
{
    enter_test_directory();
    root_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_file(root_fd, "tasks", "");
    put_file(root_fd, "schemata", "L3:0=fffff\n");
    (void) syscall(SYS_mkdirat, root_fd, "mon_groups", 0755);
    own_group();
    configured_group();
    root_group();
    refusals();
    schemata();
    return tap_done();
}
