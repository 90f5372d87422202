/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stub_test.c - what a program is that the stub executed, and how the stub says that it could not. */
#include "tests/stub/driver.h"

/* One idea a function; the trial is static for its size. */
static struct trial t;

static void test_defaults(void)
{
    trial_init(&t);
    t.argv[1] = (char *) "two words";
    t.envp[0] = (char *) "A=1";
    t.envp[1] = (char *) "B=";
    trial_run(&t);
    check(executed(&t), "the program is executed, and the socket's end of file says so");
    check_shown(&t, "CapPrm:", "0000000000000000", "no capabilities are permitted");
    check_shown(&t, "CapEff:", "0000000000000000", "no capabilities are effective");
    check_shown(&t, "CapBnd:", "0000000000000000", "the bounding set is empty");
    check_shown(&t, "CapInh:", "0000000000000000", "no capabilities are inheritable");
    check_shown(&t, "CapAmb:", "0000000000000000", "no capabilities are ambient");
    check_shown(&t, "Groups:", "", "no supplementary groups are left");
    check_shown(&t, "NoNewPrivs:", "0", "no_new_privs is not set unasked");
    check_shown(&t, "Seccomp:", "0", "no filter is loaded unasked");
    check_shown(&t, "Umask:", "0022", "the umask is set");
    check_shown(&t, "Threads:", "1", "it has one thread");
    check_shown(&t, "fds:", "0 1 2", "it has three descriptors");
    check_shown(&t, "arg:", "show", "argv[0] is the configured one");
    check(strstr(t.out, "arg: show\narg: two words\nenv: A=1\nenv: B=\n") != NULL,
          "arguments and environment are the configured ones, and nothing else");
    check_shown(&t, "dumpable:", "1", "the program is dumpable as any other");
}

static void test_user(void)
{
    uint32_t groups[] = { 7, 9, 70000 };

    trial_init(&t);
    t.process.uid = 1234;
    t.process.gid = 4321;
    t.process.groups = groups;
    t.process.n_groups = 3;
    t.process.umask = 077;
    t.process.no_new_privileges = true;
    trial_run(&t);
    check(executed(&t), "a program is executed as another user");
    check_shown(&t, "Uid:", "1234\t1234\t1234\t1234", "all four uids");
    check_shown(&t, "Gid:", "4321\t4321\t4321\t4321", "all four gids");
    check_shown(&t, "Groups:", "7 9 70000", "supplementary groups");
    check_shown(&t, "Umask:", "0077", "umask 077");
    check_shown(&t, "NoNewPrivs:", "1", "no_new_privs is set");
    check_shown(&t, "CapPrm:", "0000000000000000", "the user has no capabilities");
}

static void set_groups_5(struct trial *trial)
{
    gid_t group = 5;

    (void) trial;
    if (syscall(SYS_setgroups, 1, &group) < 0)
        _exit(98);
}

static void test_groups_kept(void)
{
    trial_init(&t);
    t.process.keep_groups = true;
    t.in_child = set_groups_5;
    trial_run(&t);
    check(executed(&t), "groups may be kept");
    check_shown(&t, "Groups:", "5", "and then they are");
}

static void test_unset_id(void)
{
    trial_init(&t);
    t.process.uid = UINT32_MAX;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_UID, 0, -EINVAL), "uid -1 is refused: to the kernel it means to stay root");
    trial_init(&t);
    t.process.gid = UINT32_MAX;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_GID, 0, -EINVAL), "gid -1 is refused");
}

enum { CHOWN = 1U << CAP_CHOWN, KILL = 1U << CAP_KILL, BIND = 1U << CAP_NET_BIND_SERVICE };

static void test_capabilities_of_root(void)
{
    trial_init(&t);
    t.process.capabilities[STUB_BOUNDING] = CHOWN | KILL | BIND;
    t.process.capabilities[STUB_PERMITTED] = CHOWN | KILL | BIND;
    t.process.capabilities[STUB_EFFECTIVE] = CHOWN | KILL | BIND;
    trial_run(&t);
    check(executed(&t), "root with three capabilities is executed");
    check_shown(&t, "CapBnd:", "0000000000000421", "bounding: three");
    check_shown(&t, "CapPrm:", "0000000000000421", "permitted: three");
    check_shown(&t, "CapEff:", "0000000000000421", "effective: three");
    check_shown(&t, "CapInh:", "0000000000000000", "inheritable stays empty (CVE-2022-24769)");
}

static void test_ambient(bool no_new_privileges)
{
    trial_init(&t);
    t.process.uid = NOBODY;
    t.process.gid = NOBODY;
    t.process.no_new_privileges = no_new_privileges;
    t.process.capabilities[STUB_BOUNDING] = CHOWN | KILL | BIND;
    t.process.capabilities[STUB_PERMITTED] = KILL | BIND;
    t.process.capabilities[STUB_EFFECTIVE] = BIND;
    t.process.capabilities[STUB_INHERITABLE] = CHOWN | BIND;
    t.process.capabilities[STUB_AMBIENT] = BIND;
    trial_run(&t);
    check(executed(&t), "a user with ambient capabilities is executed (no_new_privs %d)", no_new_privileges);
    check_shown(&t, "CapBnd:", "0000000000000421", "bounding: three");
    check_shown(&t, "CapPrm:", "0000000000000400", "permitted: the ambient one");
    check_shown(&t, "CapEff:", "0000000000000400", "effective: the ambient one");
    check_shown(&t, "CapInh:", "0000000000000401", "inheritable: as configured");
    check_shown(&t, "CapAmb:", "0000000000000400", "ambient: as configured");
}

static void test_left_out(void)
{
    trial_init(&t);
    t.process.capabilities[STUB_BOUNDING] = CHOWN | UINT64_C(1) << 62;
    t.process.capabilities[STUB_PERMITTED] = CHOWN;
    t.process.capabilities[STUB_AMBIENT] = CHOWN;
    trial_run(&t);
    check(executed(&t), "capabilities that can't be had are left out");
    check(strstr(t.warnings, "CAP_CHOWN is left out: it is not both permitted and inheritable") != NULL,
          "with a warning for an ambient one that is not inheritable");
    check(strstr(t.warnings, "bounding set") != NULL, "and one for what the runtime does not have");
    check_shown(&t, "CapAmb:", "0000000000000000", "no ambient capability");
}

static void test_descriptors(void)
{
    struct err err = { 0 };
    int fd = -1;

    for (int i = 3; i < 40; i++)
        if (i != 7)
            dup2(0, i); /* inherited, not close-on-exec, as a careless caller leaves them */
    trial_init(&t);
    t.request.preserve_fds = 10;
    trial_run(&t);
    check(executed(&t), "descriptors are preserved");
    check_shown(&t, "fds:", "0 1 2 3 4 5 6 8 9 10 11 12", "3 to 12 if they are open, and no others");
    trial_init(&t);
    trial_run(&t);
    check_shown(&t, "fds:", "0 1 2", "none without --preserve-fds");
    for (int i = 3; i < 40; i++)
        close(i);
    trial_init(&t);
    t.request.process = &t.process;
    t.request.start_fd = 5;
    t.request.preserve_fds = 3;
    check(host_stub_image_create(&t.request, &fd, &err) == -EINVAL && fd == -1,
          "a start_fd among the preserved ones is refused");
    err_done(&err);
}

static void test_cwd(void)
{
    char path[128];

    trial_init(&t);
    t.process.cwd = work_dir;
    trial_run(&t);
    check_shown(&t, "cwd:", work_dir, "the working directory");

    trial_init(&t);
    t.process.cwd = "/no/such/place";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_CWD, 0, -ENOENT), "a missing working directory is told");

    trial_init(&t);
    t.process.cwd = program;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_CWD, 0, -ENOTDIR), "and one that is a file");

    trial_init(&t);
    t.process.cwd = "/proc/self/root/tmp";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_CWD, 0, -ELOOP), "magic links are not followed");

    snprintf(path, sizeof path, "%s/link", work_dir);
    if (symlink("/proc/self/fd/0", path) < 0)
        die("symlink");
    trial_init(&t);
    t.process.cwd = path;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_CWD, 0, -ELOOP), "nor behind a symlink (CVE-2024-21626)");

    snprintf(path, sizeof path, "%s/private", work_dir);
    mkdir(path, 0700);
    trial_init(&t);
    t.process.uid = NOBODY;
    t.process.cwd = path;
    trial_run(&t);
    check(executed(&t), "root enters what the user could not, as with other runtimes");
}

/* Drops CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, as on a file system that squashes root. */
static void squash(struct trial *trial)
{
    (void) trial;
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
}

static void test_cwd_of_user(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/of-user", work_dir);
    if (mkdir(path, 0700) < 0 || chown(path, NOBODY, NOBODY) < 0)
        die("mkdir");
    trial_init(&t);
    t.process.uid = t.process.gid = NOBODY;
    t.process.cwd = path;
    t.in_child = squash;
    trial_run(&t);
    check(executed(&t), "where root may not enter the user is tried");
    check_shown(&t, "cwd:", path, "and gets there");

    trial_init(&t);
    t.process.uid = t.process.gid = 1;
    t.process.cwd = path;
    t.in_child = squash;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_CWD, 0, -EACCES), "where neither may enter it is told");
}

static void test_limits(void)
{
    struct plan_rlimit limits[] = {
        { .resource = RLIMIT_CORE, .soft = 0, .hard = 0 },
        { .resource = RLIMIT_NOFILE, .soft = 100, .hard = 100 },
    };

    trial_init(&t);
    t.process.rlimits = limits;
    t.process.n_rlimits = 2;
    t.process.has_io_priority = true;
    t.process.io_priority = 2 << 13 | 6;
    t.request.has_personality = true;
    t.request.personality = 8; /* PER_LINUX32 */
    trial_run(&t);
    check(executed(&t), "limits are set");
    check_shown(&t, "nofile:", "100 100", "RLIMIT_NOFILE");
    check_shown(&t, "ioprio:", "4006", "I/O priority");
    check_shown(&t, "personality:", "8", "personality");

    trial_init(&t);
    limits[1].soft = limits[1].hard = 3;
    t.process.rlimits = limits;
    t.process.n_rlimits = 2;
    t.process.cwd = "/tmp";
    t.path = "/no/such/program";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_EXEC, 0, -ENOENT), "limits that leave the stub no descriptor do not stop it");

    trial_init(&t);
    limits[1].resource = 99;
    t.process.rlimits = limits;
    t.process.n_rlimits = 2;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_RLIMIT, 1, -EINVAL), "the limit that can't be set is named");
}

static void test_scheduling(void)
{
    unsigned long cpus[16] = { 1 };
    const struct stub_scheduler scheduler = { .size = sizeof scheduler, .policy = SCHED_BATCH, .nice = 3 };

    trial_init(&t);
    t.process.final_affinity = cpus;
    t.process.affinity_words = 16;
    t.process.has_scheduler = true;
    t.process.scheduler = scheduler;
    trial_run(&t);
    check_shown(&t, "policy:", "3 0", "the scheduling policy");
    check_shown(&t, "Cpus_allowed_list:", "0", "the CPU affinity");

    trial_init(&t);
    t.process.has_scheduler = true;
    t.process.scheduler = (struct stub_scheduler){ .size = sizeof t.process.scheduler, .policy = 77 };
    trial_run(&t);
    check(failed(&t, STUB_STAGE_SCHEDULER, 0, -EINVAL), "a policy that the kernel does not know is told");
}

static void test_exec_errors(void)
{
    char path[128];
    FILE *f;

    trial_init(&t);
    t.path = "/no/such/program";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_EXEC, 0, -ENOENT), "a missing program is told");

    trial_init(&t);
    t.path = "/tmp";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_EXEC, 0, -EACCES), "a directory is told");

    snprintf(path, sizeof path, "%s/script", work_dir);
    f = fopen(path, "we");
    fprintf(f, "#!%s show\n", program);
    fclose(f);
    chmod(path, 0755);
    trial_init(&t);
    t.path = path;
    trial_run(&t);
    check(executed(&t), "a script is executed");
    check_shown(&t, "Name:", "script", "under its own name");
    check(strstr(t.out, "/script\n") != NULL, "and its interpreter gets its path");
}

int main(int argc, char **argv, char **envp)
{
    if (argc && !strcmp(argv[0], "show"))
        return show(argc, argv, envp);
    if (argc > 1 && !strcmp(argv[1], "show"))
        return show(argc, argv, envp);
    if (geteuid() != 0) {
        printf("1..0 # skip this needs root\n");
        return 0;
    }
    for (int fd = 3; fd < 40; fd++)
        close(fd);
    copy_program();
    test_defaults();
    test_user();
    test_groups_kept();
    test_unset_id();
    test_capabilities_of_root();
    test_ambient(false);
    test_ambient(true);
    test_left_out();
    test_descriptors();
    test_cwd();
    test_cwd_of_user();
    test_limits();
    test_scheduling();
    test_exec_errors();
    remove_program();
    return tap_done();
}
