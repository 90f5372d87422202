/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* denial_test.c - what the files of /proc say of a refusal, and the words for it. */
#include "host/denial.h"

#include <errno.h>
#include <linux/capability.h>

#include "engine/explain_denial.h"
#include "host.h"

#define BIT(capability) ((uint64_t) 1 << (capability))

static void status(void)
{
    struct host_denial d = { 0 };

    host_denial_status("Name:\tocirt\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\n"
                       "Seccomp_filters:\t1\n",
                       &d);
    check(d.filtered, "mode 2 is a filter");
    check(d.capabilities == 0xa80425fb, "effective capabilities");
    host_denial_status("Name:\tSeccomp:\t2\nCapEff:\t0000000000000000\nSeccomp:\t0\n", &d);
    check(!d.filtered, "a process that is called like the line");
    check(d.capabilities == 0, "none at all");
    host_denial_status("CapEff:\t000001ffffffffff\nSeccomp:\t1\n", &d);
    check(!d.filtered, "mode 1 is none");
    host_denial_status("Name:\tx\n", &d);
    check(!d.filtered && d.capabilities == UINT64_MAX, "a kernel without these lines hinders nobody");
}

static void label(const char *apparmor, const char *other, const char *module, const char *name)
{
    struct host_denial d = { 0 };
    const char *text = apparmor ? apparmor : other ? other : "no file";

    host_denial_label(apparmor, other, &d);
    check_text(d.module ? d.module : "none", module, text);
    check_text(d.label ? d.label : "none", name, text);
    host_denial_done(&d);
}

static void labels(void)
{
    label("docker-default (enforce)", "docker-default (enforce)", "AppArmor", "docker-default");
    label(NULL, "a profile (with) words (enforce)", "AppArmor", "a profile (with) words");
    label("x (kill)", NULL, "AppArmor", "x");
    label("x (complain)", NULL, "none", "none");
    label("crun (unconfined)", NULL, "none", "none");
    label("unconfined", "unconfined", "none", "none");
    label(" (enforce)", NULL, "none", "none");
    label("", "", "none", "none");
    label(NULL, NULL, "none", "none");
    label(NULL, "system_u:system_r:container_t:s0:c1,c2", "SELinux",
          "system_u:system_r:container_t:s0:c1,c2");
    label(NULL, "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", "none", "none");
    label(NULL, "system_u:system_r:spc_t:s0", "none", "none");
    label("unconfined", "system_u:system_r:container_t:s0", "none", "none");
}

static void covered(const char *lines, const char *point, int n, const char *wanted)
{
    autoarena struct arena arena = { 0 };
    autotext struct text text = { 0 };
    struct host_mounts mounts = { 0 };

    check(host_mountinfo_parse(arena_strdup(&arena, lines), &arena, &mounts) == 0, "mounts are read");
    check_number(host_denial_covered(&mounts, point, &text), n, wanted);
    check_text(text_string(&text), wanted, point);
}

static void mounts(void)
{
#define ROOT "1 0 0:1 / / rw - ext4 x rw\n"
#define PROC "2 1 0:2 / /proc rw - proc proc rw\n"
    covered(ROOT, "/proc", -1, "");
    covered(ROOT PROC, "/proc", 0, "");
    covered(ROOT PROC "3 2 0:3 / /proc/sys/fs/binfmt_misc rw - autofs x rw\n", "/proc", 0, "");
    covered(ROOT PROC "3 2 0:3 / /proc/acpi ro - tmpfs x rw\n", "/proc", 1, "/proc/acpi");
    covered(ROOT PROC "3 2 0:3 / /proc/acpi ro - tmpfs x rw\n4 2 0:4 /null /proc/kcore rw - tmpfs x rw\n"
                      "5 2 0:2 /sys /proc/sys ro - proc x rw\n6 2 0:2 /bus /proc/bus ro - proc x rw\n",
            "/proc", 4, "/proc/acpi, /proc/kcore and 2 more");
    covered(ROOT "3 1 0:3 / /processes rw - tmpfs x rw\n", "/proc", -1, "");
    covered(ROOT
            "3 1 0:3 / /sys rw - sysfs x rw\n4 3 0:4 / /sys/fs/cgroup rw - cgroup2 x rw\n"
            "5 4 0:5 / /sys/fs/cgroup/memory rw - cgroup x rw\n6 3 0:6 / /sys/firmware ro - tmpfs x rw\n",
            "/sys", 1, "/sys/firmware");
}

/* "certain" or "perhaps", and the hint. */
static void said(int number, struct denial denial, struct host_denial found, const char *wanted)
{
    struct err err = { 0 };
    const char *how = "nothing";

    (void) err_set(&err, ERR_MOUNT, number, "mount");
    if (explain_denial_say(&err, &denial, &found, true))
        how = "certain";
    else if (explain_denial_say(&err, &denial, &found, false))
        how = "perhaps";
    check(!strncmp(how, wanted, 7), "errno %d: %s, expected %s", number, how, wanted);
    check(!wanted[7] || (err.hint && strstr(err.hint, wanted + 8)), "errno %d: \"%s\" has \"%s\"", number,
          err.hint ? err.hint : "", wanted + 7);
    err_done(&err);
}

static void words(void)
{
    char module[] = "AppArmor", name[] = "docker-default";
    const struct denial mount = { HOST_DENIAL_MOUNT, CAP_SYS_ADMIN, false };
    const struct denial inside = { HOST_DENIAL_MOUNT, CAP_SYS_ADMIN, true };
    const struct host_denial nothing = { .capabilities = UINT64_MAX };
    const struct host_denial weak = { .capabilities = ~BIT(CAP_SYS_ADMIN) };
    const struct host_denial filter = { .filtered = true, .capabilities = UINT64_MAX };
    const struct host_denial refused = { .filtered = true, .call = "fsopen", .capabilities = UINT64_MAX };
    const struct host_denial label = { .capabilities = UINT64_MAX, .module = module, .label = name };

    said(EPERM, mount, nothing, "nothing");
    said(EPERM, mount, weak, "certain CAP_SYS_ADMIN");
    said(EPERM, inside, weak, "nothing");
    said(EPERM, mount, refused, "certain fsopen(2)");
    said(ENOSYS, inside, refused, "certain fsopen(2)");
    said(EPERM, mount, filter, "perhaps seccomp filter");
    said(EACCES, mount, label, "certain AppArmor (docker-default), which forbids it");
    said(EACCES, inside, label, "perhaps AppArmor (docker-default), which may forbid it");
    said(EPERM, inside, label, "perhaps which may forbid it");
    said(ENOSYS, inside, label, "nothing");
}

int main(void)
{
    status();
    labels();
    mounts();
    words();
    return tap_done();
}
