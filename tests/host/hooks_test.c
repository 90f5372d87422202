/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hooks_test.c - what a hook gets, and what becomes of one that fails, hangs, or leaves something behind. */
#include "host/hooks.h"

#include <signal.h>

#include "host.h"

static struct err err;
static unsigned warnings;
static char last_warning[512];

static void warn(void *context, const char *text)
{
    (void) context;
    warnings++;
    (void) snprintf(last_warning, sizeof last_warning, "%s", text);
}

static char script_path[128], cwd[128];

/* A list with the shell script TEXT as its only hook. */
static struct plan_hook_list script(const char *text, unsigned timeout)
{
    static char *argv[3], *envp[3];
    static struct plan_hook hook;
    char head[8192];

    (void) snprintf(head, sizeof head, "#!/bin/sh\n%s\n", text);
    write_file(script_path, head, 0755);
    argv[0] = script_path;
    argv[1] = (char *) "one two";
    envp[0] = (char *) "HOOK=it's me";
    hook = (struct plan_hook){ .path = script_path, .argv = argv, .envp = envp, .timeout = timeout };
    return (struct plan_hook_list){ &hook, 1 };
}

static int run(const char *text, unsigned timeout, enum plan_hook_kind kind, const char *state,
               const char *out)
{
    struct plan_hook_list hooks = script(text, timeout);
    struct host_hook_context context = {
        .state = state,
        .n = strlen(state),
        .cwd = cwd,
        .stdout_path = out,
    };

    return host_hooks_run(&hooks, kind, &context, &err);
}

static void check_output(const char *want, const char *name)
{
    char *got = read_file("out");

    check_text(got, want, name);
    free(got);
    (void) unlink("out");
}

static void what_it_gets(void)
{
    char want[512];

    setenv("LD_PRELOAD_OF_OURS", "/evil.so", 1);
    check_good(run("cat", 0, PLAN_PRESTART, "{\"id\":\"x\"}", "out"), &err, "a hook runs");
    check_output("{\"id\":\"x\"}", "with the state on its standard input");
    check_good(run("tr '\\0' '\\n' </proc/$$/environ; echo \"$#$1\"", 0, PLAN_PRESTART, "{}", "out"), &err,
               "another");
    check_output("HOOK=it's me\n1one two\n", "with its own environment and arguments, and nothing of ours");
    check_good(run("pwd", 0, PLAN_PRESTART, "{}", "out"), &err, "another");
    (void) snprintf(want, sizeof want, "%s\n", cwd);
    check_output(want, "in the bundle");
    (void) dup2(1, 50);
    check_good(run("echo /proc/$$/fd/*", 0, PLAN_PRESTART, "{}", "out"), &err, "another");
    char *got = read_file("out");
    check(strstr(got, "/fd/2") && !strstr(got, "/fd/5") && !strstr(got, "/fd/4"),
          "without descriptors of ours");
    free(got);
    (void) unlink("out");
    (void) close(50);
    check_good(run("set -- $(cat /proc/self/stat); [ $5 = $$ ]", 0, PLAN_PRESTART, "{}", NULL), &err,
               "in a process group of its own");
}

static void appended(void)
{
    check_good(run("echo one", 0, PLAN_PRESTART, "{}", "out"), &err, "output goes to a file");
    check_good(run("echo two", 0, PLAN_PRESTART, "{}", "out"), &err, "again");
    check_output("one\ntwo\n", "behind what is there");
}

static void masked_signals(void)
{
    sigset_t all, old;

    (void) sigfillset(&all);
    (void) sigprocmask(SIG_BLOCK, &all, &old);
    (void) signal(SIGTERM, SIG_IGN);
    check_good(run("grep -E 'SigBlk|SigIgn' /proc/self/status | tr -d '\\t'", 0, PLAN_PRESTART, "{}", "out"),
               &err, "a hook of a runtime that blocks and ignores signals");
    (void) sigprocmask(SIG_SETMASK, &old, NULL);
    (void) signal(SIGTERM, SIG_DFL);
    check_output("SigBlk:0000000000000000\nSigIgn:0000000000000000\n", "blocks and ignores none");
}

static void much_state(void)
{
    size_t n = 1 << 20;
    char *state = malloc(n + 1), *got;

    memset(state, 'x', n);
    state[n] = '\0';
    check_good(run("exit 0", 0, PLAN_PRESTART, state, NULL), &err,
               "a hook need not read a megabyte of state");
    check_good(run("sleep 0.1; cat", 0, PLAN_PRESTART, state, "out"), &err, "but may");
    got = read_file("out");
    check(strlen(got) == n, "all of it");
    free(got);
    free(state);
    (void) unlink("out");
}

static void failures(void)
{
    check_error(run("echo first >&2; printf 'no \\033such card\\n\\n' >&2; exit 3", 0, PLAN_CREATE_RUNTIME,
                    "{}", NULL),
                &err, "exited with status 3: no  such card", "a failure tells its status and last words");
    run("exit 3", 0, PLAN_CREATE_RUNTIME, "{}", NULL);
    check(err.text && !strncmp(err.text, "hooks.createRuntime[0]: ", 24), "and which hook it was");
    err_done(&err);
    check_error(run("kill -USR1 $$", 0, PLAN_PRESTART, "{}", NULL), &err, "killed by signal 10",
                "a signal is told");
    check_error(run("exit 200", 0, PLAN_PRESTART, "{}", NULL), &err, "exited with status 200",
                "200 is no signal");
    check_error(run("head -c 3000000 /dev/zero | tr '\\0' x >&2; printf '\\nend\\n' >&2; exit 1", 0,
                    PLAN_PRESTART, "{}", NULL),
                &err, "status 1: end", "megabytes of words are read, the last ones kept");

    struct plan_hook_list hooks = script("", 0);
    struct host_hook_context context = { .state = "{}", .n = 2, .cwd = "/nonexistent" };
    hooks.v->path = "/nonexistent/hook";
    check_error(host_hooks_run(&hooks, PLAN_PRESTART, &context, &err), &err,
                "/nonexistent/hook could not be executed: No such file or directory", "a missing program");
    hooks.v->path = script_path;
    check_good(host_hooks_run(&hooks, PLAN_PRESTART, &context, &err), &err,
               "a missing working directory is /");
}

static void time_limits(void)
{
    char *got;
    long sleeper;

    check_error(run("sleep 1000 & echo $! >pid; wait", 1, PLAN_PRESTART, "{}", NULL), &err,
                "past its timeout of 1 second", "a hook that hangs is ended");
    got = read_file("pid");
    sleeper = strtol(got, NULL, 10);
    free(got);
    for (int i = 0; i < 200 && sleeper > 0 && kill((pid_t) sleeper, 0) == 0; i++) {
        char path[64], *stat;

        (void) snprintf(path, sizeof path, "/proc/%ld/stat", sleeper);
        stat = read_file(path);
        bool zombie = strstr(stat, ") Z ");
        free(stat);
        if (zombie)
            sleeper = 0;
        (void) usleep(10000);
    }
    check(sleeper == 0 || (sleeper > 0 && kill((pid_t) sleeper, 0) < 0), "and so are its children");
    check_good(run("sleep 1000 >/dev/null & echo $! >pid", 30, PLAN_PRESTART, "{}", NULL), &err,
               "one that leaves something behind that keeps its stderr open is not waited for");
    got = read_file("pid");
    sleeper = strtol(got, NULL, 10);
    free(got);
    check(sleeper > 0 && kill((pid_t) sleeper, SIGKILL) == 0, "and what it left lives");
}

static void lists(void)
{
    static char *argv[] = { (char *) "sh", (char *) "-c", NULL, NULL },
                *second[] = { (char *) "sh", (char *) "-c", NULL, NULL };
    static char *none[] = { NULL };
    struct plan_hook hooks[] = {
        { .path = "/bin/sh", .argv = argv, .envp = none },
        { .path = "/bin/sh", .argv = second, .envp = none },
    };
    struct plan_hook_list list = { hooks, 2 };
    struct host_hook_context context = { .state = "{}", .n = 2, .cwd = cwd, .stdout_path = "out" };

    argv[2] = (char *) "echo 1; exit 1";
    second[2] = (char *) "echo 2";
    check_error(host_hooks_run(&list, PLAN_POSTSTART, &context, &err), &err,
                "hooks.poststart[0]: ", "the first fails");
    check_output("1\n", "and the second is not run");
    err.warn = warn;
    check_good(host_hooks_run(&list, PLAN_POSTSTOP, &context, &err), &err, "of poststop");
    check_output("1\n2\n", "all are run");
    check(warnings == 1 && strstr(last_warning, "hooks.poststop[0]: /bin/sh exited with status 1"),
          "with a warning");
    err.warn = NULL;
}

static void states(void)
{
    struct json_pair pairs[] = { { (char *) "pid", (char *) "\"pid\":1" } };
    struct host_state state = {
        .id = (char *) "web1",
        .oci_version = (char *) "1.3.0",
        .bundle = (char *) "/b",
        .annotations = { pairs, 1 },
        .pid = 42,
    };
    struct host_hook_state parts = { 0 };
    autotext struct text text = { 0 };
    struct plan_hook_list hooks;

    check_good(host_hook_state_make(&state, OCI_STATUS_CREATING, &parts, &err), &err,
               "the state of a container");
    host_hook_state_text(&parts, 4711, &text);
    check_text(
        text_string(&text),
        "{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"/b\","
        "\"annotations\":{\"pid\":\"\\\"pid\\\":1\"}}",
        "with the pid that is wanted");
    host_hook_state_done(&parts);

    state.bundle = cwd;
    hooks = script("cat", 0);
    check_good(host_hooks_run_for(&state, &hooks, PLAN_POSTSTOP, OCI_STATUS_STOPPED, "out", NULL, &err), &err,
               "poststop");
    char *got = read_file("out");
    check(strstr(got, "\"status\":\"stopped\",\"pid\":0,") != NULL,
          "of a container that is stopped has no pid");
    free(got);
}

int main(void)
{
    enter_test_directory();
    (void) snprintf(script_path, sizeof script_path, "%s/hook", test_directory);
    (void) snprintf(cwd, sizeof cwd, "%s", test_directory);
    what_it_gets();
    appended();
    masked_signals();
    much_state();
    failures();
    time_limits();
    lists();
    states();
    return tap_done();
}
