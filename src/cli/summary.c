/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * summary.c - how a container ended and what it used, for a person.
 */
#include "cli/summary.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/signal_text.h"
#include "cli/colour.h"

static void add_seconds(struct cli_out *out, uint64_t microseconds)
{
    cli_out_add(out, "%" PRIu64 ".%03" PRIu64 " s", microseconds / 1000000, microseconds / 1000 % 1000);
}

/* Three digits are enough to compare: "1.5 GiB". */
static void add_bytes(struct cli_out *out, uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    uint64_t rest = 0;
    size_t unit = 0;

    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++) {
        rest = bytes % 1024;
        bytes /= 1024;
    }
    if (unit == 0)
        cli_out_add(out, "%" PRIu64 " B", bytes);
    else
        cli_out_add(out, "%" PRIu64 ".%" PRIu64 " %s", bytes, rest * 10 / 1024, units[unit]);
}

static void add_end(struct cli_out *out, int status, const struct ocirt_usage *usage)
{
    bool colour = cli_colour_wanted(STDERR_FILENO);

    cli_out_add(out, "%sexit status %d%s", cli_colour(colour, status ? CLI_RED : CLI_GREEN), status,
                cli_colour(colour, CLI_PLAIN));
    if (usage->signal)
        cli_out_add(out, ", killed by signal %d (%s)", usage->signal, signal_text(usage->signal));
    if (usage->signal == SIGSYS)
        cli_out_word(out, ": a system call that the seccomp filter forbids");
    if (usage->oom_kills)
        cli_out_add(out, "; out of memory: the kernel killed %" PRIu64 " process%s", usage->oom_kills,
                    usage->oom_kills == 1 ? "" : "es");
}

static void add_usage(struct cli_out *out, const struct ocirt_usage *usage)
{
    cli_out_word(out, "time         ");
    add_seconds(out, usage->wall);
    cli_out_word(out, "\nprocessor    ");
    add_seconds(out, usage->user + usage->system);
    cli_out_word(out, " (user ");
    add_seconds(out, usage->user);
    cli_out_word(out, ", system ");
    add_seconds(out, usage->system);
    cli_out_add(out, ")%s\nmemory       ",
                usage->cpu_of_cgroup ? "" : ", of the processes that were waited for");
    add_bytes(out, usage->memory);
    cli_out_add(out, " at most%s\ndisk         read ",
                usage->memory_of_cgroup ? "" : ", of the largest process");
    add_bytes(out, usage->read);
    cli_out_word(out, ", written ");
    add_bytes(out, usage->written);
    cli_out_add(out, "%s\n", usage->io_of_cgroup ? "" : ", of the processes that were waited for");
}

void cli_summary(const char *id, int status, const struct ocirt_usage *usage)
{
    autoout struct cli_out out = { 0 };

    cli_out_add(&out, "container    %s: ", id);
    add_end(&out, status, usage);
    cli_out_word(&out, "\n");
    add_usage(&out, usage);
    (void) cli_out_send(&out, STDERR_FILENO); /* nobody is there to be told that nobody can be told */
}
