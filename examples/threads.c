/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads.c - threads ROOT TIMES BUNDLE...: a thread for each bundle makes containers of it, one after the
 * other, all with one context.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"

struct worker {
    pthread_t thread;
    struct ocirt *ocirt;
    const char *bundle;
    size_t number;
    unsigned long times;
    bool failed;
};

/* From create to delete.  What fails is told; the container is deleted in any case. */
static bool one_life(struct worker *w, const char *id)
{
    const struct ocirt_create_options options = { .size = sizeof options, .bundle = w->bundle };
    struct ocirt_error *error = NULL;
    char *state = NULL;
    int status = -1, r;

    r = ocirt_create(w->ocirt, id, &options, &error);
    if (r < 0)
        return example_failed(error), false;
    r = ocirt_state(w->ocirt, id, &state, &error);
    if (r >= 0)
        r = ocirt_start(w->ocirt, id, &error);
    if (r >= 0)
        r = ocirt_wait(w->ocirt, id, &status, &error);
    if (r < 0)
        (void) example_failed(error);
    else if (status != 0 || !strstr(state, "\"created\""))
        fprintf(stderr, "%s: status %d, state before %s\n", id, status, state);
    free(state);
    error = NULL;
    if (ocirt_delete(w->ocirt, id, true, &error) < 0)
        return example_failed(error), false;
    return r >= 0 && status == 0;
}

static void *work(void *data)
{
    struct worker *w = data;
    char id[64];

    for (unsigned long i = 0; i < w->times && !w->failed; i++) {
        (void) snprintf(id, sizeof id, "thread%zu-%lu", w->number, i);
        w->failed = !one_life(w, id);
    }
    return NULL;
}

static int run(struct worker *workers, size_t n)
{
    size_t started = 0;
    bool failed = false;

    while (started < n && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    for (size_t i = 0; i < started; i++) {
        (void) pthread_join(workers[i].thread, NULL);
        failed = failed || workers[i].failed;
    }
    return started < n || failed;
}

int main(int argc, char **argv)
{
    struct worker *workers;
    struct ocirt *ocirt;
    int status = 1;

    if (argc < 4)
        return fprintf(stderr, "usage: threads ROOT TIMES BUNDLE...\n"), 2;
    ocirt = example_context(argv[1]);
    workers = calloc((size_t) argc, sizeof *workers);
    for (int i = 3; workers && i < argc; i++)
        workers[i - 3] = (struct worker){
            .ocirt = ocirt, .bundle = argv[i], .number = (size_t) i - 3, .times = strtoul(argv[2], NULL, 10)
        };
    if (ocirt && workers)
        status = run(workers, (size_t) argc - 3);
    free(workers);
    ocirt_free(ocirt);
    return status;
}
