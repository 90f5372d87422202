/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start_test.c - a stub that waits: who may start it, what it holds meanwhile, that nobody can change or
 * trace it.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "tests/stub/driver.h"

static struct trial t;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static int listen_at(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", work_dir, name);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 8) < 0)
        die("listen");
    if (host_stub_move_fd(&fd, 0) < 0)
        die("move the listener");
    return fd;
}

static int connect_to(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *) &address, sizeof address) == 0)
        return fd;
    close(fd);
    return -errno;
}

static bool process_is(pid_t pid, const char *name, const char *state)
{
    char path[64], comm[64] = "", letter[8] = "", line[256];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "Name: %63s", comm);
        sscanf(line, "State: %7s", letter);
    }
    if (f)
        fclose(f);
    return !strcmp(comm, name) && !strcmp(letter, state);
}

/* Until the stub has its name and sleeps: it waits for a connection. */
static void await_stub(pid_t pid)
{
    for (int i = 0; i < 20000 && !process_is(pid, STUB_NAME, "S"); i++)
        usleep(500);
}

static void begin_waiting(const char *name)
{
    trial_init(&t);
    t.request.start = STUB_ACCEPT;
    t.request.start_fd = listen_at(name);
    if (!trial_begin(&t))
        die("begin");
    close(t.request.start_fd);
    await_stub(t.pid);
}

static void test_listener(void)
{
    struct msg wrong = { .type = MSG_READY };
    int fd;

    begin_waiting("listener");
    check(process_is(t.pid, STUB_NAME, "S"), "it waits under its name");
    fd = connect_to();
    close(fd);
    fd = connect_to();
    if (write(fd, &wrong, sizeof wrong) != sizeof wrong)
        die("write");
    check(read(fd, &wrong, sizeof wrong) == 0, "a connection that does not say GO is closed");
    close(fd);
    t.socket = connect_to();
    check(t.socket >= 0, "another can still be made: a killed start takes nothing along");
    trial_go(&t);
    trial_end(&t);
    check(executed(&t), "GO executes the program");
    check_shown(&t, "fds:", "0 1 2", "which has no socket");
    check_number(connect_to(), -ECONNREFUSED, "after that connections are refused");
}

static void test_no_descriptor_left(void)
{
    struct rlimit none = { .rlim_cur = 0 }, all;

    begin_waiting("limit");
    if (prlimit(t.pid, RLIMIT_NOFILE, NULL, &all) < 0)
        die("prlimit");
    none.rlim_max = all.rlim_max;
    if (prlimit(t.pid, RLIMIT_NOFILE, &none, NULL) < 0)
        die("prlimit");
    close(connect_to()); /* has its descriptor already; the next has none */
    t.socket = connect_to();
    check(t.socket >= 0, "a stub that can open no descriptor still listens");
    if (prlimit(t.pid, RLIMIT_NOFILE, &all, NULL) < 0)
        die("prlimit");
    trial_go(&t);
    trial_end(&t);
    check(executed(&t), "and accepts when it can again");
}

static void test_second_start(void)
{
    int second;

    begin_waiting("second");
    t.socket = connect_to();
    second = connect_to();
    trial_go(&t);
    trial_end(&t);
    check(executed(&t), "of two starts the first executes the program");
    check(read(second, &(struct msg){ 0 }, sizeof(struct msg)) <= 0, "the second gets no answer");
    close(second);
}

static void test_failure_is_told(void)
{
    trial_init(&t);
    t.request.start = STUB_ACCEPT;
    t.request.start_fd = listen_at("failure");
    t.path = "/no/such/program";
    if (!trial_begin(&t))
        die("begin");
    t.socket = connect_to();
    close(t.request.start_fd);
    trial_go(&t);
    trial_end(&t);
    check(failed(&t, STUB_STAGE_EXEC, 0, -ENOENT), "who started it learns that the program is missing");
}

static void test_wait(void)
{
    trial_init(&t);
    t.request.start = STUB_WAIT;
    trial_run(&t);
    check(executed(&t), "on a connected socket it waits for GO");

    trial_init(&t);
    t.request.start = STUB_WAIT;
    if (!trial_begin(&t))
        die("begin");
    shutdown(t.socket, SHUT_WR);
    trial_end(&t);
    check(WIFEXITED(t.status) && WEXITSTATUS(t.status) == 127 && !t.out[0],
          "and ends when who could say it has gone");
}

/* The kB that a line of /proc/PID/smaps_rollup tells. */
static long kilobytes(pid_t pid, const char *line_begins)
{
    char path[64], line[256];
    long kb = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, line_begins, strlen(line_begins)))
            kb = strtol(line + strlen(line_begins), NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

static void list_fds(pid_t pid, char *buf, size_t size)
{
    char path[64];

    buf[0] = '\0';
    for (int fd = 0; fd < 64; fd++) {
        char target[64];
        size_t n = strlen(buf);

        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
        if (readlink(path, target, sizeof target) >= 0)
            snprintf(buf + n, size - n, "%s%d", n ? " " : "", fd);
    }
}

static void stop(void)
{
    kill(t.pid, SIGKILL);
    waitpid(t.pid, NULL, 0);
    close(t.output);
}

static void test_costs(void)
{
    char fds[256], want[64];
    long private;

    begin_waiting("costs");
    private = kilobytes(t.pid, "Private_Clean:") + kilobytes(t.pid, "Private_Dirty:");
    printf("# private %ld kB, resident %ld kB\n", private, kilobytes(t.pid, "Rss:"));
    check(private > 0 && private <= 64, "a waiting stub has at most 64 kB of its own");
    list_fds(t.pid, fds, sizeof fds);
    snprintf(want, sizeof want, "0 1 2 %d", t.request.start_fd);
    check_text(fds, want, "and nothing open but stdio and its listener");
    stop();
}

/* As another user, and as a root with fewer capabilities. */
static int try_trace(pid_t pid, bool as_root)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { .effective = 1U << CAP_KILL,
                                                    .permitted = 1U << CAP_KILL } };

        if (as_root ? syscall(SYS_capset, &header, data) : setresuid(NOBODY, NOBODY, NOBODY))
            _exit(77);
        _exit(ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? errno : 0);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void test_untouchable(void)
{
    char path[64], target[64] = "";
    int fd;

    begin_waiting("untouchable");
    snprintf(path, sizeof path, "/proc/%d/exe", t.pid);
    check(readlink(path, target, sizeof target - 1) > 0 && strstr(target, STUB_NAME) != NULL,
          "its executable is the memfd (CVE-2019-5736)");
    fd = open(path, O_RDWR | O_CLOEXEC);
    check(fd < 0, "which can't be opened for writing while it runs");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    check((fcntl(fd, F_GET_SEALS) & 0xf) == (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
          "it is sealed");
    check(try_trace(t.pid, true) == EPERM, "root with fewer capabilities may not trace it");
    check(try_trace(t.pid, false) == EPERM, "nor may another user");
    stop();
    check(pwrite(fd, "x", 1, 0) < 0, "nobody can write to it afterwards");
    check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED, "nor map it writable");
    check(ftruncate(fd, 0) < 0, "nor cut it");
    close(fd);
}

static void write_noexec(const char *value)
{
    int fd = open("/proc/sys/vm/memfd_noexec", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, value, 1) != 1)
        printf("# vm.memfd_noexec is not set: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
}

/*
 * Runs FUNCTION as the first process of a pid namespace, with /proc of it.  Its result, or 77 if that can't
 * be had.
 */
static int in_pid_namespace(int (*function)(void))
{
    int status;
    pid_t outer;

    fflush(stdout);
    outer = fork();
    if (outer == 0) {
        pid_t inner = unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 ? -1 : fork();

        if (inner == 0) {
            int r = mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                            mount("proc", "/proc", "proc", 0, NULL) < 0
                        ? 77
                        : function();

            fflush(stdout);
            _exit(r);
        }
        _exit(inner > 0 && waitpid(inner, &status, 0) == inner && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                                    : 77);
    }
    waitpid(outer, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The sysctl belongs to a pid namespace and can only be raised: this runs in one of its own. */
static int without_memfd(void)
{
    write_noexec("2");
    if (memfd_create("x", MFD_CLOEXEC | 0x10) >= 0 || errno != EACCES)
        return 77;
    trial_init(&t);
    trial_run(&t);
    return executed(&t) ? 0 : 1;
}

static void test_memfd_noexec(void)
{
    int status = in_pid_namespace(without_memfd);

    if (status == 77)
        check(true,
              "vm.memfd_noexec=2 # skip the kernel has no such sysctl, or no pid namespace can be made");
    else
        check(status == 0, "where vm.memfd_noexec is 2 a file on a private tmpfs does the same");
}

/* To the kernel the first process of a pid namespace is immune to signals that it does not handle. */
static void enter_pid_namespace(struct trial *trial)
{
    pid_t inner;
    int status;

    (void) trial;
    if (unshare(CLONE_NEWPID) < 0 || (inner = fork()) < 0)
        _exit(98);
    if (inner == 0)
        return;
    waitpid(inner, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void test_signal(int signal)
{
    char path[64], line[64] = "";
    FILE *f;
    pid_t init;

    trial_init(&t);
    t.request.start = STUB_ACCEPT;
    snprintf(path, sizeof path, "signal-%d", signal);
    t.request.start_fd = listen_at(path);
    t.in_child = enter_pid_namespace;
    if (!trial_begin(&t))
        die("begin");
    close(t.request.start_fd);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", t.pid, t.pid);
    for (int i = 0; i < 20000 && !line[0]; i++) {
        f = fopen(path, "re");
        if (f && !fgets(line, sizeof line, f))
            usleep(500);
        if (f)
            fclose(f);
    }
    init = (pid_t) strtol(line, NULL, 10);
    /* else the kernel was built without CONFIG_PROC_CHILDREN, or it did not begin */
    if (init > 1) {
        await_stub(init);
        kill(init, signal);
    } else {
        kill(t.pid, SIGKILL);
    }
    waitpid(t.pid, &t.status, 0);
    close(t.output);
    check(WIFEXITED(t.status) && WEXITSTATUS(t.status) == 128 + signal,
          "signal %d ends it as the first process", signal);
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
    test_listener();
    test_no_descriptor_left();
    test_second_start();
    test_failure_is_told();
    test_wait();
    test_costs();
    test_untouchable();
    test_memfd_noexec();
    test_signal(SIGTERM);
    test_signal(SIGINT);
    remove_program();
    return tap_done();
}
