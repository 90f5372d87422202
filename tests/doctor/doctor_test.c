/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_test.c - facts of hosts, and what is found from them.
 *
 *     NAME.json and NAME.findings     facts, and the findings
 *
 * What a file of facts leaves out (kernel, namespaces, ...) is as in base.json; and its findings are those
 * that differ from base.findings.  doctor_test --update writes the findings anew.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "plan/doctor.h"

static bool update;

static char *read_file(int dir_fd, const char *name, struct arena *arena, size_t *ret_n)
{
    autoclose int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    char *text = NULL;

    if (fd < 0 || json_slurp(fd, arena, &text, ret_n) < 0)
        return NULL;
    return text;
}

static bool read_facts(int dir_fd, const char *name, struct doctor_facts *facts, struct arena *arena)
{
    struct json_error why = { 0 };
    size_t n = 0;
    char *text = read_file(dir_fd, name, arena, &n);

    if (!text || json_read(&doctor_facts_type, facts, name, text, n, arena, &why) < 0) {
        printf("# %s: %s\n", name, why.text ? why.text : "can't be read");
        return false;
    }
    return true;
}

static char *line_of(const struct doctor_finding *f, struct arena *arena)
{
    return arena_printf(arena, "%s%s %s: %s%s%s%s%s%s%s\n", json_word(&doctor_verdicts, f->verdict),
                        f->needed ? "!" : "", f->area, f->name, f->found ? ": " : "",
                        f->found ? f->found : "", f->costs ? "\n    cost: " : "", f->costs ? f->costs : "",
                        f->remedy ? "\n    cure: " : "", f->remedy ? f->remedy : "");
}

/* All findings; those whose lines are in BASE (may be NULL) left out. */
static void print(const struct doctor_report *report, const char *base, struct text *out, struct arena *arena)
{
    text_add(out, "able %s\n", report->able ? "yes" : "no");
    for (size_t i = 0; i < report->findings.n; i++) {
        char *line = line_of(report->findings.v[i], arena);

        if (!base || !strstr(base, line))
            text_add(out, "%s", line);
    }
}

static bool compare(int dir_fd, const char *name, const struct text *got, struct arena *arena)
{
    size_t n = 0;
    char *want = read_file(dir_fd, name, arena, &n);

    if (want && strcmp(want, text_string(got)) == 0)
        return true;
    if (update) {
        autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

        return fd >= 0 && write(fd, got->s, got->n) == (ssize_t) got->n;
    }
    printf("# %s should be:\n", name);
    for (char *save = NULL, *line = strtok_r(got->s, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        printf("# %s\n", line);
    return false;
}

static void complete(struct doctor_facts *facts, const struct doctor_facts *base)
{
    facts->kernel = facts->kernel ? facts->kernel : base->kernel;
    facts->namespaces = facts->namespaces ? facts->namespaces : base->namespaces;
    facts->cgroup = facts->cgroup ? facts->cgroup : base->cgroup;
    facts->systemd = facts->systemd ? facts->systemd : base->systemd;
    facts->caller = facts->caller ? facts->caller : base->caller;
    facts->host = facts->host ? facts->host : base->host;
}

static bool judge(int dir_fd, const char *name, const char *base, char **ret_text)
{
    autoarena struct arena arena = { 0 };
    struct doctor_facts base_facts = { 0 };
    autotext struct text got = { 0 };
    struct doctor_report report = { 0 };
    struct doctor_facts facts = { 0 };
    char *stem = arena_strndup(&arena, name, strlen(name) - strlen(".json"));

    if (!read_facts(dir_fd, "base.json", &base_facts, &arena) || !read_facts(dir_fd, name, &facts, &arena))
        return false;
    complete(&facts, &base_facts);
    if (doctor_judge(&facts, &arena, &report) < 0)
        return false;
    print(&report, base, &got, &arena);
    if (ret_text)
        *ret_text = strdup(got.s);
    return compare(dir_fd, arena_printf(&arena, "%s.findings", stem), &got, &arena);
}

static int is_facts(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0 && strcmp(entry->d_name, "base.json") != 0;
}

int main(int argc, char **argv)
{
    const char *tests = getenv("OCIRT_TESTS");
    autofree char *path = NULL;
    autofree char *base = NULL;
    struct dirent **entries;
    int number = 1, failed = 0;

    update = argc > 1 && strcmp(argv[1], "--update") == 0;
    if (asprintf(&path, "%s/doctor", tests ? tests : "tests") < 0)
        return 1;
    autoclose int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int n = dir_fd < 0 ? -1 : scandirat(dir_fd, ".", &entries, is_facts, alphasort);
    if (n < 0) {
        printf("Bail out! %s can't be read\n", path);
        return 1;
    }
    printf("1..%d\n", n + 1);
    bool good = judge(dir_fd, "base.json", NULL, &base);
    failed += !good;
    printf("%sok 1 - base.json\n", good ? "" : "not ");
    for (int i = 0; i < n; i++) {
        good = judge(dir_fd, entries[i]->d_name, base, NULL);
        failed += !good;
        printf("%sok %d - %s\n", good ? "" : "not ", ++number, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return failed != 0;
}
