/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lsm_test.c - labels: the program has the one that was asked for, or is not executed. */
#include <sys/mount.h>

#include "tests/stub/driver.h"

#define PROFILE "ocirt-stub-test"

static struct trial t;

static bool has_apparmor(void)
{
    FILE *f = fopen("/sys/module/apparmor/parameters/enabled", "re");
    int c = f ? fgetc(f) : EOF;

    if (f)
        fclose(f);
    return c == 'Y' && access("/sys/kernel/security/apparmor/profiles", R_OK) == 0;
}

/* ACTION: -r to load the profile, -R to remove it. */
static bool parser(const char *action)
{
    char command[256];

    snprintf(command, sizeof command,
             "printf 'profile " PROFILE " flags=(attach_disconnected) { file, signal, capability, unix, }' | "
             "apparmor_parser -K %s >/dev/null 2>&1",
             action);
    return system(command) == 0;
}

static void begin(const char *profile)
{
    int fd = procfs_open();

    if (fd < 0)
        die("open a procfs");
    trial_init(&t);
    t.process.apparmor = profile;
    t.request.proc_fd = fd;
}

static void run(void)
{
    trial_run(&t);
    close(t.request.proc_fd);
}

static void test_label(bool no_new_privileges, uint32_t uid)
{
    begin(PROFILE);
    t.process.no_new_privileges = no_new_privileges;
    t.process.uid = t.process.gid = uid;
    run();
    check(executed(&t), "a program is confined (no_new_privs %d, uid %u)", no_new_privileges, uid);
    check_shown(&t, "label:", PROFILE " (enforce)", "by its profile");
    check_shown(&t, "fds:", "0 1 2", "and does not get the procfs");
}

static void test_missing_profile(void)
{
    begin("ocirt-no-such-profile");
    run();
    check(failed(&t, STUB_STAGE_LSM, 0, -ENOENT), "a profile that is not loaded is told");
}

/* What a container could do to its /proc: CVE-2019-16884, CVE-2025-52881. */
static void redirect(struct trial *trial)
{
    static const char *const files[] = { "attr/apparmor/exec", "attr/exec" };
    char path[64];

    (void) trial;
    if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        _exit(98);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", getpid(), files[i]);
        if (mount("/proc/self/comm", path, NULL, MS_BIND, NULL) < 0)
            _exit(98);
    }
}

static void test_redirected(void)
{
    begin(PROFILE);
    t.in_child = redirect;
    run();
    check(executed(&t), "mounts over the files of /proc");
    check_shown(&t, "label:", PROFILE " (enforce)", "do not take the label away");
}

static void test_hooks_are_free(void)
{
    static char *argv[] = { (char *) "sh", (char *) "-c", NULL, NULL }, *envp[] = { NULL };
    struct plan_hook hook = { .path = "/bin/sh", .argv = argv, .envp = envp };
    const struct plan_hook_list list = { &hook, 1 };
    char command[128], path[64], label[64] = "";
    FILE *f;

    snprintf(path, sizeof path, "%s/label", work_dir);
    snprintf(command, sizeof command, "cat /proc/self/attr/current > %s", path);
    argv[2] = command;
    begin(PROFILE);
    t.request.hooks = &list;
    run();
    check(executed(&t), "a hook before a confined program");
    f = fopen(path, "re");
    if (f && fgets(label, sizeof label, f))
        label[strcspn(label, "\n")] = '\0';
    if (f)
        fclose(f);
    check(label[0] && !strstr(label, PROFILE), "is not confined by its profile: %s", label);
}

/* The kernel has the file, but nobody who knows what the label means. */
static void test_without_lsm(void)
{
    begin(PROFILE);
    run();
    check(t.message.type == MSG_FAILED && t.message.stage == STUB_STAGE_LSM && t.message.err < 0 && !t.out[0],
          "without AppArmor a program that should be confined is not executed");
}

int main(int argc, char **argv, char **envp)
{
    if (argc && !strcmp(argv[0], "show"))
        return show(argc, argv, envp);
    if (geteuid() != 0) {
        printf("1..0 # skip this needs root\n");
        return 0;
    }
    for (int fd = 3; fd < 40; fd++)
        close(fd);
    copy_program();
    if (!has_apparmor()) {
        test_without_lsm();
        check(true, "the rest # skip this kernel has no AppArmor in force");
    } else if (!parser("-r")) {
        check(true, "labels # skip apparmor_parser is not installed or can't load a profile");
    } else {
        test_label(false, 0);
        test_label(true, 0);
        test_label(true, NOBODY);
        test_missing_profile();
        test_redirected();
        test_hooks_are_free();
        (void) parser("-R");
    }
    remove_program();
    return tap_done();
}
