/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cycles.c - one process that uses libocirt for the whole life of many containers, as an engine would.
 *
 *     cycles ROOT BUNDLE CYCLES THREADS
 *
 * Each thread creates, starts, executes in, looks at, kills, awaits and deletes CYCLES / THREADS containers,
 * one after the other, by one shared struct ocirt.  BUNDLE's config.json has "@ID@" in its cgroupsPath, which
 * becomes the id.
 *
 * After the first tenth, which fills caches and heap, and again at the end it looks at itself: the
 * descriptors, the children and the pages of memory must be as many.  The result is one line of JSON; the
 * exit status is 1 if a call failed, with its error on standard error.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libocirt.h"

struct usage {
    unsigned long descriptors, children, kib;
};

static struct ocirt *ocirt;
static const char *bundle;
static char *config;
static unsigned long cycles, threads;
static atomic_ulong failures;
static pthread_barrier_t barrier;
static struct usage before, after;

static void say(const char *what, const char *id, struct ocirt_error *error)
{
    failures++;
    fprintf(stderr, "%s %s: %s\n", what, id, error ? ocirt_error_text(error) : "not as expected");
    ocirt_error_free(error);
}

/* ---- what this process holds --------------------------------------------------------------------------- */

static unsigned long entries(const char *path)
{
    DIR *dir = opendir(path);
    unsigned long n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* A line "NAME: VALUE" or a list of words. */
static char *slurp(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;

    if (!file || getdelim(&text, &room, '\0', file) < 0)
        text = calloc(1, 1);
    if (file)
        fclose(file);
    return text;
}

static unsigned long resident(void)
{
    char *text = slurp("/proc/self/status"), *line = strstr(text, "RssAnon:");
    unsigned long kib = line ? strtoul(line + strlen("RssAnon:"), NULL, 10) : 0;

    free(text);
    return kib;
}

/* Children belong to the thread that made them; all threads are looked at. */
static unsigned long children(void)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry;
    unsigned long n = 0;

    while (dir && (entry = readdir(dir))) {
        char path[300], *text;

        snprintf(path, sizeof path, "/proc/self/task/%s/children", entry->d_name);
        text = slurp(path);
        for (const char *word = strtok(text, " "); word; word = strtok(NULL, " "))
            n++;
        free(text);
    }
    if (dir)
        closedir(dir);
    return n;
}

static struct usage look(void)
{
    return (struct usage){ entries("/proc/self/fd"), children(), resident() };
}

/* ---- a container's life -------------------------------------------------------------------------------- */

/* The configuration with the id in it; for free(3). */
static char *config_of(const char *id)
{
    const char *place = strstr(config, "@ID@");
    char *text = NULL;

    if (!place || asprintf(&text, "%.*s%s%s", (int) (place - config), config, id, place + 4) < 0)
        abort();
    return text;
}

static bool step(const char *what, const char *id, int r, struct ocirt_error **error)
{
    if (r >= 0)
        return true;
    say(what, id, *error);
    *error = NULL;
    return false;
}

static int is_it(void *context, const struct ocirt_container *container)
{
    return strcmp(container->id, context) == 0 && container->status == OCIRT_RUNNING;
}

static bool use(const char *id)
{
    char *const words[] = { (char *) "/probe", (char *) "-o", (char *) "/dev/null", NULL };
    struct ocirt_exec_options options = { .size = sizeof options, .args = words };
    struct ocirt_error *error = NULL;
    char *json = NULL;
    int status = -1;

    if (!step("exec", id, ocirt_exec(ocirt, id, &options, &status, &error), &error))
        return false;
    if (status != 0)
        say("the status of exec in", id, NULL);
    if (!step("state", id, ocirt_state(ocirt, id, &json, &error), &error))
        return false;
    if (!strstr(json, "\"running\""))
        say("the state of", id, NULL);
    free(json);
    if (ocirt_list(ocirt, is_it, (char *) id, &error) != 1)
        say("the list without", id, error);
    return true;
}

static void live(const char *id)
{
    char *text = config_of(id);
    struct ocirt_create_options options = { .size = sizeof options, .bundle = bundle, .config_text = text };
    struct ocirt_error *error = NULL;
    int status = -1;
    bool good = step("create", id, ocirt_create(ocirt, id, &options, &error), &error) &&
                step("start", id, ocirt_start(ocirt, id, &error), &error) && use(id) &&
                step("kill", id, ocirt_kill(ocirt, id, SIGKILL, false, &error), &error) &&
                step("wait for", id, ocirt_wait(ocirt, id, &status, &error), &error);

    if (good && status != 128 + SIGKILL)
        say("the exit status of", id, NULL);
    (void) step("delete", id, ocirt_delete(ocirt, id, !good, &error), &error);
    free(text);
}

static void *work(void *number)
{
    unsigned long me = (unsigned long) (size_t) number, n = cycles / threads, warm = (n + 9) / 10;

    for (unsigned long i = 0; i < n; i++) {
        char id[64];

        snprintf(id, sizeof id, "cycle-%lu-%lu", me, i);
        live(id);
        if (i + 1 == warm) {
            pthread_barrier_wait(&barrier);
            if (me == 0)
                before = look();
            pthread_barrier_wait(&barrier);
        }
    }
    pthread_barrier_wait(&barrier);
    if (me == 0)
        after = look();
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(int argc, char **argv)
{
    struct ocirt_options options = { .size = sizeof options };
    struct ocirt_error *error = NULL;
    pthread_t others[64];
    char *path;

    if (argc != 5) {
        fprintf(stderr, "usage: cycles ROOT BUNDLE CYCLES THREADS\n");
        return 2;
    }
    options.root = argv[1];
    bundle = argv[2];
    cycles = strtoul(argv[3], NULL, 10);
    threads = strtoul(argv[4], NULL, 10);
    if (threads < 1 || threads > 64 || cycles < threads || asprintf(&path, "%s/config.json", bundle) < 0)
        return 2;
    config = slurp(path);
    free(path);
    if (ocirt_new(&options, &ocirt, &error) < 0) {
        say("new", options.root, error);
        return 1;
    }
    pthread_barrier_init(&barrier, NULL, (unsigned) threads);
    for (size_t i = 1; i < threads; i++)
        if (pthread_create(&others[i], NULL, work, (void *) i) != 0)
            abort();
    work(NULL);
    for (size_t i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
    printf(
        "{\"descriptors\": [%lu, %lu], \"children\": [%lu, %lu], \"kib\": [%lu, %lu], \"failures\": %lu}\n",
        before.descriptors, after.descriptors, before.children, after.children, before.kib, after.kib,
        (unsigned long) failures);
    ocirt_free(ocirt);
    free(config);
    return failures ? 1 : 0;
}
