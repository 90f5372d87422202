/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_test.c - configurations and the plans, or the errors, that they become.
 *
 *     NAME.json and NAME.plan           what is planned, on a v2 host, by root
 *     NAME.json and NAME.FACTS.plan     the same where FACTS hold: words joined by "+", see below
 *     bad/NAME.json and bad/NAME.err    how it is refused; bad/NAME.FACTS.err
 *
 * A .plan file that begins with "# only WORD..." has only the lines that begin with one of the words.
 * plan_test --update writes the expected files anew; plan_test FILE... looks at these alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "plan/mount_words.h"
#include "plan/plan.h"

/* ---- the host ------------------------------------------------------------------------------------------ */

static const struct plan_hierarchy v1[] = {
    { "cpu,cpuacct", "cpu,cpuacct" }, { "memory", "memory" },   { "pids", "pids" },
    { "devices", "devices" },         { "freezer", "freezer" }, { "systemd", "none,name=systemd" },
};
static const struct plan_hierarchy hybrid[] = {
    { "cpu,cpuacct", "cpu,cpuacct" },   { "memory", "memory" }, { "devices", "devices" },
    { "systemd", "none,name=systemd" }, { "unified", "" },
};

static char *lines[] = { "run.oci.hooks.",           "run.oci.pidfd_receiver",  "run.oci.seccomp.receiver",
                         "run.oci.seccomp_bpf_data", "run.oci.delegate-cgroup", "org.criu.config" };
static const struct json_strings consents = { .v = lines, .n = sizeof lines / sizeof *lines };

struct host {
    struct plan_facts facts;
    struct plan_options options;
    bool collect;
};

static void set_layout(struct host *host, enum plan_cgroup_layout layout, const struct plan_hierarchy *v,
                       size_t n)
{
    host->facts.cgroup_layout = layout;
    host->facts.hierarchies = v;
    host->facts.n_hierarchies = n;
}

static bool apply_fact(struct host *host, const char *word)
{
    if (!strcmp(word, "v1"))
        set_layout(host, PLAN_CGROUP_V1, v1, sizeof v1 / sizeof *v1);
    else if (!strcmp(word, "hybrid"))
        set_layout(host, PLAN_CGROUP_HYBRID, hybrid, sizeof hybrid / sizeof *hybrid);
    else if (!strcmp(word, "nocgroup"))
        set_layout(host, PLAN_CGROUP_NONE, NULL, 0);
    else if (!strcmp(word, "rootless"))
        host->facts.euid = host->facts.egid = 1000, host->facts.rootless = true;
    else if (!strcmp(word, "nested"))
        host->facts.in_user_namespace = true;
    else if (!strcmp(word, "oldcaps"))
        host->facts.last_capability = 37;
    else if (!strcmp(word, "systemd"))
        host->options.manager = PLAN_MANAGER_SYSTEMD;
    else if (!strcmp(word, "nomanager"))
        host->options.manager = PLAN_MANAGER_DISABLED;
    else if (!strcmp(word, "nopivot"))
        host->options.no_pivot = true;
    else if (!strcmp(word, "nokeyring"))
        host->options.no_new_keyring = true;
    else if (!strcmp(word, "notify"))
        host->options.notify_socket = "/run/systemd/notify";
    else if (!strcmp(word, "abstract"))
        host->options.notify_socket = "@notify";
    else if (!strcmp(word, "listen"))
        host->options.listen_fds = 2, host->options.preserve_fds = 3;
    else if (!strcmp(word, "receiver"))
        host->options.seccomp_receiver = "/run/receiver.sock";
    else if (!strcmp(word, "consent"))
        host->options.consents.allowed = consents;
    else if (!strcmp(word, "nofile"))
        host->options.consents.fault = "/etc/ocirt/annotations is not believed, it is no regular file";
    else if (!strcmp(word, "collect"))
        host->collect = true;
    else
        return false;
    return true;
}

/* FACTS is "v1+rootless"; empty for the ordinary host. */
static bool set_facts(struct host *host, const char *facts)
{
    *host = (struct host){
        .facts = { .cgroup_layout = PLAN_CGROUP_V2, .last_capability = 40 },
        .options = { .id = "web1", .bundle = "/bundle", .consents.file = "/etc/ocirt/annotations" },
    };
    while (*facts) {
        size_t n = strcspn(facts, "+");
        char word[32];

        (void) snprintf(word, sizeof word, "%.*s", (int) n, facts);
        if (!apply_fact(host, word))
            return false;
        facts += n + (facts[n] == '+');
    }
    return true;
}

/* ---- one case ------------------------------------------------------------------------------------------ */

static void note_warning(void *context, const char *text)
{
    text_add(context, "warning %s\n", text);
}

static void print_errors(const struct err *err, struct text *out)
{
    for (; err; err = err->next) {
        text_add(out, "%s %s\n", err_code_name(err->code), err->text ? err->text : "?");
        if (err->hint)
            text_add(out, "hint: %s\n", err->hint);
    }
}

/* The plan of TEXT, or why there is none, with the warnings in front. */
static void compile(const struct host *host, const char *name, const char *text, size_t len, struct text *out)
{
    struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error json_error = { 0 };
    struct err_source source = { .name = name, .text = text };
    struct err err = { .source = &source, .warn = note_warning, .context = out, .collect = host->collect };
    struct plan *plan = NULL;

    if (json_read(&oci_spec_type, &spec, name, text, len, &arena, &json_error) < 0)
        text_add(out, "unreadable: %s\n", json_error.text);
    else if (plan_compile(&spec, &host->options, &host->facts, &plan, &err) < 0)
        print_errors(&err, out);
    else
        (void) plan_print(plan, out);
    plan_free(plan);
    err_done(&err);
    arena_free(&arena);
}

static bool is_listed(const char *only, const char *end, const char *word, size_t n)
{
    for (const char *s = only; s < end; s += strcspn(s, " \n")) {
        s += strspn(s, " ");
        if (strcspn(s, " \n") == n && !strncmp(s, word, n))
            return true;
    }
    return !strncmp(word, "E_", 2) || !strncmp(word, "unreadable:", n); /* never to be overlooked */
}

/* Keeps the lines that begin with a word of ONLY, "# only mount bind\n". */
static void select_lines(const char *only, const char *all, struct text *out)
{
    size_t end = strcspn(only, "\n");

    text_put(out, only, end);
    text_put(out, "\n", 1);
    for (const char *line = all; *line;) {
        size_t n = strcspn(line, "\n");

        if (is_listed(only, only + end, line, strcspn(line, " \n"))) {
            text_put(out, line, n);
            text_put(out, "\n", 1);
        }
        line += n + (line[n] == '\n');
    }
}

/* ---- files --------------------------------------------------------------------------------------------- */

static char *slurp(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "re");
    autotext struct text text = { 0 };
    char buf[4096];
    size_t n;

    if (!f)
        return NULL;
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        text_put(&text, buf, n);
    (void) fclose(f);
    text_put(&text, "", 0);
    *ret_len = text.n;
    return take_ptr(&text.s);
}

static bool save(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    if (!f)
        return false;
    (void) fputs(text, f);
    return fclose(f) == 0;
}

static void show(const char *title, const char *text)
{
    printf("# %s:\n", title);
    while (*text) {
        size_t n = strcspn(text, "\n");

        printf("#   %.*s\n", (int) n, text);
        text += n + (text[n] == '\n');
    }
}

static int test_number, failures;

static void report(bool ok, const char *name)
{
    failures += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", ++test_number, name);
}

static bool is_refused(const char *text)
{
    while (!strncmp(text, "warning ", 8))
        text += strcspn(text, "\n") + 1;
    return !strncmp(text, "E_", 2);
}

/* EXPECTED is DIRECTORY/NAME.plan, NAME.FACTS.plan, or .err. */
static void run_case(const char *directory, const char *expected, bool update)
{
    const char *dot = strchr(expected, '.'), *end = strrchr(expected, '.');
    autofree char *path = NULL, *json_path = NULL, *facts = NULL, *want = NULL, *json = NULL;
    autotext struct text all = { 0 }, part = { 0 };
    const char *got;
    struct host host;
    size_t json_len = 0, len = 0;

    if (asprintf(&path, "%s/%s", directory, expected) < 0 ||
        asprintf(&json_path, "%s/%.*s.json", directory, (int) (dot - expected), expected) < 0 ||
        asprintf(&facts, "%.*s", (int) (dot == end ? 0 : end - dot - 1), dot + 1) < 0)
        abort();
    json = slurp(json_path, &json_len);
    want = slurp(path, &len);
    if (!json || !set_facts(&host, facts)) {
        printf("# %s: %s\n", expected, json ? "unknown facts" : "no such .json");
        report(false, expected);
        return;
    }
    compile(&host, "config.json", json, json_len, &all);
    got = text_string(&all);
    if (want && !strncmp(want, "# only ", 7)) {
        select_lines(want, got, &part);
        got = text_string(&part);
    }
    if (!strcmp(directory, "bad") && !is_refused(got)) {
        printf("# %s is not refused\n", expected);
        report(false, expected);
    } else if (update && (!want || strcmp(want, got)))
        report(save(path, got), expected);
    else if (want && !strcmp(want, got))
        report(true, expected);
    else {
        show("expected", want ? want : "(no file)");
        show("got", got);
        report(false, expected);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && !strcmp(s + n - m, end);
}

/* Every .json has at least one expected file: one that has none yet fails, or is given one. */
static void run_directory(const char *directory, const char *suffix, bool update)
{
    char *names[2048];
    size_t n = 0;
    DIR *d = opendir(directory);

    if (!d) {
        report(false, directory);
        return;
    }
    for (struct dirent *e; (e = readdir(d)) && n < sizeof names / sizeof *names;)
        if (ends_with(e->d_name, suffix) || ends_with(e->d_name, ".json"))
            names[n++] = strdup(e->d_name);
    (void) closedir(d);
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 0; i < n; i++) {
        size_t stem = strcspn(names[i], ".");
        autofree char *plain = NULL;

        if (ends_with(names[i], suffix)) {
            run_case(directory, names[i], update);
        } else if ((i == 0 || strncmp(names[i - 1], names[i], stem + 1)) &&
                   (i + 1 == n || strncmp(names[i + 1], names[i], stem + 1))) {
            if (asprintf(&plain, "%.*s%s", (int) stem, names[i], suffix) < 0)
                abort();
            run_case(directory, plain, update);
        }
    }
    for (size_t i = 0; i < n; i++)
        free(names[i]);
}

/* The binary search for words needs them in order. */
static void test_words(void)
{
    bool ok = true;

    for (size_t i = 0; plan_mount_word_at(i); i++) {
        const char *word = plan_mount_word_at(i);

        ok &= i == 0 || strcmp(plan_mount_word_at(i - 1), word) < 0;
        ok &= plan_mount_word_find(word, strlen(word)) != NULL;
        ok &= plan_mount_word_find(word, strlen(word) - 1) == NULL || strlen(word) < 4;
    }
    report(ok, "every mount option word is found");
}

/* Where the runner says the tests are; else we are started from the top of the sources. */
static const char *data_directory(void)
{
    const char *tests = getenv("OCIRT_TESTS");
    static char path[4096];

    (void) snprintf(path, sizeof path, "%s/plan", tests ? tests : "tests");
    return path;
}

int main(int argc, char **argv)
{
    bool update = argc > 1 && !strcmp(argv[1], "--update");

    if (chdir(data_directory()) < 0) {
        printf("Bail out! %s: %s\n", data_directory(), strerror(errno));
        return 1;
    }
    for (int i = 1 + update; i < argc; i++)
        run_case(strncmp(argv[i], "bad/", 4) ? "." : "bad",
                 strncmp(argv[i], "bad/", 4) ? argv[i] : argv[i] + 4, update);
    if (argc == 1 + update) {
        test_words();
        run_directory(".", ".plan", update);
        run_directory("bad", ".err", update);
    }
    printf("1..%d\n", test_number);
    return failures != 0;
}
