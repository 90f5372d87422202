/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_origin.c - which option of `ocirt run --rootfs` gave a property its value.
 *
 * The configuration was made, so its lines tell nobody anything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/spec.h"
#include "plan/annotations.h"

#define BELOW(property, part) (!strncmp((property), (part), sizeof(part) - 1))

static size_t count(char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static char *of_option(const char *option, const char *value)
{
    char *text;

    return asprintf(&text, "--%s %s", option, value) < 0 ? NULL : text;
}

/* Behind our own come those of --tmpfs, those of --volume, and perhaps /tmp, as spec_mounts() adds them. */
static char *of_mount(const struct bundle *made, size_t index)
{
    const struct ocirt_spec_options *o = &made->wishes;

    if (index < made->own_mounts)
        return strdup("");
    index -= made->own_mounts;
    if (index < count(o->tmpfs))
        return of_option("tmpfs", o->tmpfs[index]);
    index -= count(o->tmpfs);
    return index < count(o->volumes) ? of_option("volume", o->volumes[index]) : strdup("");
}

/* As a person writes it: 512m. */
static char *of_memory(int64_t bytes)
{
    static const char units[] = { 'k', 'm', 'g', 't' };
    size_t unit = 0;
    char *text;
    int r;

    while (unit < sizeof units && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    r = unit ? asprintf(&text, "--memory %" PRId64 "%c", bytes, units[unit - 1])
             : asprintf(&text, "--memory %" PRId64, bytes);
    return r < 0 ? NULL : text;
}

/* 0.5, 2 */
static char *of_cpus(unsigned milli_cpus)
{
    char digits[32];

    (void) snprintf(digits, sizeof digits, "%u.%03u", milli_cpus / 1000, milli_cpus % 1000);
    for (size_t n = strlen(digits); n && (digits[n - 1] == '0' || digits[n - 1] == '.'); n--) {
        bool dot = digits[n - 1] == '.';

        digits[n - 1] = '\0';
        if (dot)
            break;
    }
    return of_option("cpus", digits);
}

static char *of_pids(unsigned pids)
{
    char *text;

    return asprintf(&text, "--pids %u", pids) < 0 ? NULL : text;
}

/* The capability or the variable itself is part of the sentence. */
static const struct {
    const char *part, *said;
} fixed[] = {
    { "process.args", "" },
    { "process.env", "--env" },
    { "process.capabilities", "--cap" },
    { "process.terminal", "--terminal" },
    { "annotations[\"" PLAN_ANNOTATION_ROOT_OVERLAY "\"]", "--overlay" },
    { "root.readonly", "--ro" },
    { "linux.seccomp", "--seccomp" },
    { "linux.uidMappings", "--ids" },
    { "linux.gidMappings", "--ids" },
};

char *spec_origin(const void *context, const char *property)
{
    const struct bundle *made = context;
    const struct ocirt_spec_options *o = &made->wishes;

    if (BELOW(property, "mounts["))
        return of_mount(made, (size_t) strtoull(property + sizeof "mounts[" - 1, NULL, 10));
    if (BELOW(property, "root.path"))
        return of_option("rootfs", o->rootfs ? o->rootfs : "rootfs");
    if (BELOW(property, "process.cwd") && o->cwd)
        return of_option("cwd", o->cwd);
    if (BELOW(property, "process.user") && o->user)
        return of_option("user", o->user);
    if (BELOW(property, "hostname") && o->hostname)
        return of_option("hostname", o->hostname);
    if (BELOW(property, "linux.resources.memory") && o->memory)
        return of_memory(o->memory);
    if (BELOW(property, "linux.resources.cpu") && o->milli_cpus)
        return of_cpus(o->milli_cpus);
    if (BELOW(property, "linux.resources.pids") && o->pids)
        return of_pids(o->pids);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!strncmp(property, fixed[i].part, strlen(fixed[i].part)))
            return strdup(fixed[i].said);
    return NULL;
}
