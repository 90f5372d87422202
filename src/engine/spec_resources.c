/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_resources.c - the limits of a configuration that is made from wishes.
 */
#include "engine/spec.h"

enum { CPU_PERIOD = 100000 }; /* microseconds: the kernel's own */

static struct oci_resources *resources(struct spec_job *job)
{
    struct oci_linux *l = job->spec.linux;

    if (!l->resources)
        l->resources = arena_alloc(&job->arena, sizeof *l->resources);
    return l->resources;
}

static int limit_memory(struct spec_job *job, int64_t bytes)
{
    struct oci_resources *to = resources(job);

    if (!to)
        return -ENOMEM;
    to->memory = arena_alloc(&job->arena, sizeof *to->memory);
    if (!to->memory)
        return -ENOMEM;
    to->memory->limit = bytes;
    return 0;
}

static int limit_cpu(struct spec_job *job, unsigned milli_cpus)
{
    struct oci_resources *to = resources(job);

    if (!to)
        return -ENOMEM;
    to->cpu = arena_alloc(&job->arena, sizeof *to->cpu);
    if (!to->cpu)
        return -ENOMEM;
    to->cpu->period = CPU_PERIOD;
    to->cpu->quota = (int64_t) milli_cpus * (CPU_PERIOD / 1000);
    return 0;
}

static int limit_pids(struct spec_job *job, unsigned pids)
{
    struct oci_resources *to = resources(job);

    if (!to)
        return -ENOMEM;
    to->pids = arena_alloc(&job->arena, sizeof *to->pids);
    if (!to->pids)
        return -ENOMEM;
    to->pids->limit = pids;
    return 0;
}

int spec_resources(struct spec_job *job, struct err *err)
{
    const struct ocirt_spec_options *o = &job->options;
    int r = 0;

    if (o->memory < 0)
        return err_set(err, ERR_USAGE, 0, "--memory %lld: a limit is more than nothing",
                       (long long) o->memory);
    if (o->memory)
        r = limit_memory(job, o->memory);
    if (r >= 0 && o->milli_cpus)
        r = limit_cpu(job, o->milli_cpus);
    if (r >= 0 && o->pids)
        r = limit_pids(job, o->pids);
    return r < 0 ? err_nomem(err) : 0;
}
