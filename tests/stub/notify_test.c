/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify_test.c - filters as the stub loads them, above all those that ask an agent.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include "tests/stub/driver.h"

static struct trial t;

/* A filter for the native architecture: the calls of a list get ACTION, others are allowed. */
static struct sock_filter filter[64];
static struct host_seccomp seccomp = { .program = filter };

static void make_filter(uint32_t action, const int *numbers)
{
    struct sock_filter *f = filter;

    *f++ = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (; *numbers >= 0; numbers++) {
        *f++ = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) *numbers, 0, 1);
        *f++ = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action);
    }
    *f++ = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    seccomp.n = (size_t) (f - filter);
    seccomp.flags = 0;
    seccomp.notify = action == SECCOMP_RET_USER_NOTIF;
}

#define FILTER(action, ...) make_filter(action, (const int[]){ __VA_ARGS__, -1 })

static void begin(bool no_new_privileges)
{
    trial_init(&t);
    t.process.no_new_privileges = no_new_privileges;
    t.request.seccomp = &seccomp;
}

static void test_plain(bool no_new_privileges)
{
    FILTER(SECCOMP_RET_ERRNO | 77, SYS_getcwd);
    begin(no_new_privileges);
    t.process.uid = NOBODY;
    trial_run(&t);
    check(executed(&t), "a filter is loaded for a user (no_new_privs %d)", no_new_privileges);
    check_shown(&t, "Seccomp:", "2", "the program has it");
    check_shown(&t, "Seccomp_filters:", "1", "once");
    check_shown(&t, "cwd:", strerror(77), "and it does as it says");
    check_shown(&t, "CapPrm:", "0000000000000000", "no capability was kept for loading it");
}

/* Everything that the stub does but execve(2) and, without no_new_privs, capset(2). */
static void test_strict(bool no_new_privileges)
{
    FILTER(SECCOMP_RET_KILL_PROCESS, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_prctl, SYS_capget,
           SYS_openat2, SYS_fchdir, SYS_umask, SYS_close_range, SYS_sendmsg, SYS_seccomp, SYS_personality);
    begin(no_new_privileges);
    t.process.uid = NOBODY;
    t.process.capabilities[STUB_BOUNDING] = 1;
    t.process.capabilities[STUB_PERMITTED] = t.process.capabilities[STUB_INHERITABLE] = 1;
    t.process.capabilities[STUB_AMBIENT] = 1;
    t.path = "/bin/true";
    trial_run(&t);
    check(executed(&t), "a filter need not allow what the stub does before (no_new_privs %d)",
          no_new_privileges);
}

static void test_unloadable(void)
{
    FILTER(SECCOMP_RET_ALLOW, SYS_getcwd);
    filter[0].code = 0xffff;
    begin(true);
    trial_run(&t);
    check(failed(&t, STUB_STAGE_SECCOMP, 0, -EINVAL), "a filter that the kernel refuses is told");
}

static void test_exec_error(void)
{
    FILTER(SECCOMP_RET_ERRNO | 77, SYS_getcwd);
    begin(true);
    t.path = "/no/such/program";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_EXEC, 0, -ENOENT), "a missing program is told through a filter");
}

/* ---- the agent ----------------------------------------------------------------------------------------- */

struct seen {
    char state[2 << 20];
    size_t size;
    int listener, descriptors, parts, answered;
};

static struct seen seen;

static void receive(int fd)
{
    static char part[65536];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec iov = { part, sizeof part };
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

    if (n <= 0)
        return;
    if (header && header->cmsg_type == SCM_RIGHTS) {
        memcpy(&seen.listener, CMSG_DATA(header), sizeof seen.listener);
        seen.descriptors += (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    }
    if (seen.size + (size_t) n < sizeof seen.state) {
        memcpy(seen.state + seen.size, part, (size_t) n);
        seen.size += (size_t) n;
    }
    seen.parts++;
}

/* Answers what is asked until nobody has the filter any more. */
static void answer(int listener, uint32_t flags, int error)
{
    for (;;) {
        struct seccomp_notif asked = { 0 };
        struct seccomp_notif_resp response = { .flags = flags, .error = -error };
        struct pollfd poll_fd = { .fd = listener, .events = POLLIN };

        if (poll(&poll_fd, 1, 10000) <= 0 || !(poll_fd.revents & POLLIN) ||
            ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
            return;
        response.id = asked.id;
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
        seen.answered++;
    }
}

static size_t expected_size;
static uint32_t answer_flags;
static int answer_error;

/* In a real agent's place: reads all of the state, then answers. */
static void agent(struct trial *trial)
{
    while (seen.size < expected_size) {
        size_t before = seen.size;

        receive(trial->extra_fd);
        if (seen.size == before)
            break;
    }
    close(trial->extra_fd);
    if (seen.listener >= 0) {
        answer(seen.listener, answer_flags, answer_error);
        close(seen.listener);
    }
}

static void begin_notify(bool no_new_privileges)
{
    int pair[2];

    begin(no_new_privileges);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        die("socketpair");
    t.request.notify_fd = pair[1];
    t.request.notify_state[0] = "{\"pid\":";
    t.request.notify_state[1] = ",\"state\":{\"pid\":";
    t.request.notify_state[2] = "}}";
    t.extra_fd = pair[0];
    t.meanwhile = agent;
    memset(&seen, 0, sizeof seen);
    seen.listener = -1;
    expected_size = 30;
    answer_flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    answer_error = 0;
}

static bool run_with_agent(void)
{
    if (!trial_begin(&t))
        return false;
    close(t.request.notify_fd);
    trial_go(&t);
    trial_end(&t);
    return true;
}

static void test_notify(bool no_new_privileges)
{
    char want[128];

    FILTER(SECCOMP_RET_USER_NOTIF, SYS_getcwd);
    begin_notify(no_new_privileges);
    answer_flags = 0;
    answer_error = 77;
    /* the pid's digits are more than one: agent() ends at the listener's end at the latest */
    expected_size = 31;
    run_with_agent();
    check(executed(&t), "a filter that asks (no_new_privs %d)", no_new_privileges);
    check_shown(&t, "cwd:", strerror(77), "gets its answers from the agent");
    check_number(seen.descriptors, 1, "which got one descriptor");
    snprintf(want, sizeof want, "{\"pid\":%d,\"state\":{\"pid\":%d}}", t.pid, t.pid);
    check_text(seen.state, want, "and the state, with the pid");
    check_shown(&t, "fds:", "0 1 2", "the program does not have the listener");
    check_shown(&t, "Threads:", "1", "nor the thread");
    check_shown(&t, "Seccomp_filters:", "1", "one filter");
}

/*
 * Whatever the stub could do after loading asks the agent: were the listener sent under the filter, both
 * would wait.
 */
static void test_everything_asks(bool no_new_privileges)
{
    FILTER(SECCOMP_RET_USER_NOTIF, SYS_sendmsg, SYS_sendto, SYS_write, SYS_close, SYS_capset, SYS_futex,
           SYS_ppoll, SYS_nanosleep, SYS_exit, SYS_execve);
    begin_notify(no_new_privileges);
    run_with_agent();
    check(executed(&t), "the calls that a sender would make may ask (no_new_privs %d)", no_new_privileges);
    check(seen.answered >= 2, "and execve(2) too: %d answers", seen.answered);
}

static void test_large_state(void)
{
    size_t size = 1 << 20;
    autofree char *large = malloc(size + 1);

    memset(large, 'x', size);
    large[size] = '\0';
    FILTER(SECCOMP_RET_USER_NOTIF, SYS_getcwd);
    begin_notify(true);
    t.request.notify_state[1] = large;
    expected_size = size + 10;
    run_with_agent();
    check(executed(&t), "a state that needs several messages");
    check(seen.parts > 1 && seen.descriptors == 1 && seen.size > size, "comes with one descriptor: %d parts",
          seen.parts);
}

static void test_no_agent(void)
{
    FILTER(SECCOMP_RET_USER_NOTIF, SYS_getcwd);
    begin_notify(true);
    close(t.extra_fd);
    t.meanwhile = NULL;
    run_with_agent();
    check(failed(&t, STUB_STAGE_NOTIFY, 1, -EPIPE), "where the agent has gone the program is not executed");
}

/* On one CPU, with a real-time priority: the spinning process must not keep the sender from running. */
static void test_real_time(int priority)
{
    static unsigned long cpus[16] = { 1 };
    int policy;

    FILTER(SECCOMP_RET_USER_NOTIF, SYS_getcwd);
    begin_notify(true);
    t.process.final_affinity = cpus;
    t.process.affinity_words = 16;
    t.process.has_scheduler = true;
    t.process.scheduler = (struct stub_scheduler){
        .size = sizeof t.process.scheduler,
        .policy = SCHED_FIFO,
        .priority = (uint32_t) priority,
    };
    run_with_agent();
    if (t.message.type == MSG_FAILED && t.message.stage == STUB_STAGE_SCHEDULER) {
        check(true, "real-time # skip no real-time scheduling here: %s", strerror(-t.message.err));
        return;
    }
    check(executed(&t), "a real-time process on one CPU sends its listener");
    policy = atoi(shown(&t, "policy:") + 2);
    check_number(policy, priority, "and has the priority that was asked for");
}

/* Without real-time throttling a process of the highest priority that spins has its CPU for itself. */
static bool is_throttled(void)
{
    FILE *f = fopen("/proc/sys/kernel/sched_rt_runtime_us", "re");
    long runtime = -1;

    if (f && fscanf(f, "%ld", &runtime) != 1)
        runtime = -1;
    if (f)
        fclose(f);
    return runtime > 0;
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
    test_plain(true);
    test_plain(false);
    test_strict(true);
    test_strict(false);
    test_unloadable();
    test_exec_error();
    test_notify(true);
    test_notify(false);
    test_everything_asks(true);
    test_everything_asks(false);
    test_large_state();
    test_no_agent();
    test_real_time(10);
    if (is_throttled())
        test_real_time(99);
    remove_program();
    return tap_done();
}
