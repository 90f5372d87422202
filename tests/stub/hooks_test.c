/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hooks_test.c - startContainer hooks as the stub runs them. */
#include "tests/stub/driver.h"

static struct trial t;
static struct plan_hook hooks[4];
static struct plan_hook_list list = { .v = hooks };
static char *arguments[4][4], *no_environment[] = { NULL };

static void begin(void)
{
    trial_init(&t);
    memset(hooks, 0, sizeof hooks);
    list.n = 0;
    t.request.hooks = &list;
    t.request.hook_state[0] = "{\"pid\":";
    t.request.hook_state[1] = ",\"status\":\"created\"}";
}

/* A hook that is a line of shell. */
static struct plan_hook *add(const char *line)
{
    char **argv = arguments[list.n];
    struct plan_hook *hook = &hooks[list.n++];

    argv[0] = (char *) "sh";
    argv[1] = (char *) "-c";
    argv[2] = (char *) line;
    argv[3] = NULL;
    *hook = (struct plan_hook){ .path = "/bin/sh", .argv = argv, .envp = no_environment };
    return hook;
}

/* What the hooks wrote to a file of that name. */
static const char *written(const char *name)
{
    static char buf[8192];
    char path[128];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", work_dir, name);
    f = fopen(path, "re");
    if (!f)
        return "(no file)";
    n = fread(buf, 1, sizeof buf - 1, f);
    buf[n] = '\0';
    fclose(f);
    return buf;
}

static char *line(const char *format)
{
    char *text;

    if (asprintf(&text, format, work_dir, work_dir, work_dir) < 0)
        die("asprintf");
    return text;
}

static void test_state(void)
{
    char want[128];
    autofree char *cat = line("cat > %s/state");

    begin();
    add(cat);
    trial_run(&t);
    check(executed(&t), "a hook runs, then the program");
    snprintf(want, sizeof want, "{\"pid\":%d,\"status\":\"created\"}", t.pid);
    check_text(written("state"), want, "the hook reads the state, with the pid as it is in the container");
}

static void test_order(void)
{
    autofree char *one = line("echo one >> %s/order"), *two = line("echo two >> %s/order");

    begin();
    add(one);
    add(two);
    trial_run(&t);
    check(executed(&t), "two hooks");
    check_text(written("order"), "one\ntwo\n", "run in order");
}

static void test_surroundings(void)
{
    static char *environment[] = { (char *) "ONLY=this", NULL };
    autofree char *tell = line("{ tr '\\0' '\\n' < /proc/self/environ; pwd; grep CapEff /proc/self/status; "
                               "ls /proc/self/fd | tr '\\n' ' '; } > %s/told");
    autofree char *tell_empty = line("tr '\\0' '\\n' < /proc/self/environ > %s/empty");

    begin();
    add(tell)->envp = environment;
    add(tell_empty);
    t.envp[0] = (char *) "OF=the program";
    t.request.preserve_fds = 4;
    dup2(0, 4);
    trial_run(&t);
    close(4);
    check(executed(&t), "a hook that looks around");
    check(strstr(written("told"), "ONLY=this\n") == written("told"), "has its own environment");
    check(strstr(written("told"), "the program") == NULL, "and not the program's");
    check(strstr(written("told"), "\n/\n") != NULL, "its directory is /");
    check(strstr(written("told"), "CapEff:\t0000000000000000") == NULL, "it has root's capabilities");
    check(strstr(written("told"), "0 1 2 3 ") != NULL && strstr(written("told"), "4") == NULL,
          "and no descriptor of ours");
    check_text(strstr(written("empty"), "OF="), NULL, "no environment is no environment");
}

static void test_failures(void)
{
    begin();
    add("exit 0");
    add("echo to stdout; echo the reason >&2; exit 3");
    trial_run(&t);
    check(failed(&t, STUB_STAGE_HOOK, 1, STUB_HOOK_EXITED(3)),
          "exit status and index of the hook that failed");
    check_text(t.text, "to stdout\nthe reason\n", "and what it said");

    begin();
    add("kill -9 $$");
    trial_run(&t);
    check(failed(&t, STUB_STAGE_HOOK, 0, STUB_HOOK_SIGNALED(9)), "a hook that was killed");

    begin();
    add("")->path = "/no/such/hook";
    trial_run(&t);
    check(failed(&t, STUB_STAGE_HOOK, 0, -ENOENT), "a hook that is missing");

    begin();
    add("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done; exit 1");
    trial_run(&t);
    check(strlen(t.text) == MSG_TEXT_MAX && strstr(t.text, "line 999\n") != NULL,
          "of much that it says the end is told");
}

/* A zombie, which nobody has waited for yet, does not. */
static bool runs(pid_t pid)
{
    char path[64], state = 'Z';
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    if (f)
        fclose(f);
    return state != 'Z' && state != 'X';
}

static void test_timeout(void)
{
    autofree char *child = line("sleep 1000 & echo $! > %s/child; wait");
    pid_t pid;

    begin();
    add(child)->timeout = 1;
    trial_run(&t);
    check(failed(&t, STUB_STAGE_HOOK, 0, STUB_HOOK_TIMED_OUT), "a hook that takes too long is ended");
    pid = (pid_t) strtol(written("child"), NULL, 10);
    for (int i = 0; i < 2000 && pid > 0 && runs(pid); i++)
        usleep(1000);
    check(pid > 0 && !runs(pid), "with its children");

    begin();
    add("exit 0")->timeout = 1000;
    trial_run(&t);
    check(executed(&t), "a hook that is quick enough is not");
}

static void test_large_state(void)
{
    size_t size = 1 << 20;
    autofree char *large = malloc(size + 1);
    autofree char *count = line("wc -c > %s/count");

    memset(large, 'x', size);
    large[size] = '\0';
    begin();
    t.request.hook_state[1] = large;
    t.request.hook_state[0] = "";
    add(count);
    add("exit 0");
    add("exec <&-; sleep 0.1");
    trial_run(&t);
    check(executed(&t), "a hook need not read its state");
    check(strtoul(written("count"), NULL, 10) > size, "one that does gets all of it");
}

/* The hook leaves something running that holds its stdout. */
static void test_left_running(void)
{
    autofree char *leave = line("sleep 1000 & echo $! > %s/left");
    pid_t pid;

    begin();
    add(leave);
    trial_run(&t);
    check(executed(&t), "what a hook leaves running does not hold it up");
    pid = (pid_t) strtol(written("left"), NULL, 10);
    if (pid > 0)
        kill(pid, SIGKILL);
}

static void test_output_fds(void)
{
    char path[128];

    begin();
    snprintf(path, sizeof path, "%s/output", work_dir);
    t.request.hook_stdout_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    add("echo hello; echo reason >&2; exit 1");
    trial_run(&t);
    close(t.request.hook_stdout_fd);
    check_text(written("output"), "hello\n", "stdout goes to its file");
    check_text(t.text, "reason\n", "stderr into the message");
    begin();
    add("exit 0");
    t.request.hook_stdout_fd = open(path, O_WRONLY | O_CLOEXEC);
    trial_run(&t);
    close(t.request.hook_stdout_fd);
    check_shown(&t, "fds:", "0 1 2", "the program does not get the file");
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
    test_state();
    test_order();
    test_surroundings();
    test_failures();
    test_timeout();
    test_large_state();
    test_left_running();
    test_output_fds();
    remove_program();
    return tap_done();
}
