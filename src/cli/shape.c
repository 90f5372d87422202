/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shape.c - the options that say what a container shall be.
 */
#include "cli/shape.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/value.h"

/* clang-format off */
const struct cli_option cli_shape_options[] = {
    { CLI_INTO(struct cli_shape, spec.rootfs), 0, "rootfs", "DIR", "the root filesystem" },
    { CLI_INTO(struct cli_shape, read_only), 0, "ro", NULL, "the root filesystem is read-only, as it is by "
                                                            "default" },
    { CLI_INTO(struct cli_shape, read_only), 0, "readonly", NULL, NULL },
    { CLI_INTO(struct cli_shape, writable), 0, "rw", NULL, "the root filesystem can be written" },
    { CLI_INTO(struct cli_shape, spec.overlay), 0, "overlay", NULL,
      "it can be written, to memory: what is written is forgotten at the end" },
    { CLI_INTO(struct cli_shape, spec.volumes), 'v', "volume", "SOURCE:DESTINATION[:OPTION,...]",
      "mount a file or directory of the host, perhaps with ro; may be given again" },
    { CLI_INTO(struct cli_shape, spec.tmpfs), 0, "tmpfs", "DESTINATION[:OPTION,...]",
      "mount an empty directory in memory, perhaps with size=64m; may be given again" },
    { CLI_INTO(struct cli_shape, spec.env), 'e', "env", "NAME[=VALUE]",
      "set an environment variable, or hand the caller's on; may be given again" },
    { CLI_INTO(struct cli_shape, spec.cwd), 'w', "cwd", "DIR", "the program's working directory (default: "
                                                               "/)" },
    { CLI_INTO(struct cli_shape, spec.user), 'u', "user", "USER[:GROUP]",
      "run as this user and group, names are those of the root filesystem (default: 0)" },
    { CLI_INTO(struct cli_shape, spec.hostname), 0, "hostname", "NAME", "the container's name for itself" },
    { CLI_INTO(struct cli_shape, spec.caps), 'c', "cap", "CAPABILITY",
      "give one more capability; may be given again" },
    { CLI_INTO(struct cli_shape, terminal), 0, "terminal", "true|false", "the program has a terminal" },
    { CLI_INTO(struct cli_shape, network), 0, "net", "none|host",
      "a network of its own with nothing but a loopback device, or the host's" },
    { CLI_INTO(struct cli_shape, ids), 0, "ids", "own|subordinate",
      "users and groups of a rootless container: root alone, or those of /etc/subuid and /etc/subgid as "
      "well" },
    { CLI_INTO(struct cli_shape, seccomp), 0, "seccomp", "default|none", "the filter of system calls" },
    { CLI_INTO(struct cli_shape, memory), 0, "memory", "BYTES", "at most this much memory: 512m, 2g" },
    { CLI_INTO(struct cli_shape, cpus), 0, "cpus", "N", "at most the time of this many processors: 0.5, 2" },
    { CLI_INTO(struct cli_shape, spec.pids), 0, "pids", "N", "at most this many processes and threads" },
    CLI_END,
};
/* clang-format on */

static int refuse(struct cli *cli, const char *option, const char *value, const char *wanted)
{
    cli_log_usage(&cli->log, NULL, "%s: invalid %s: %s (%s)", cli->command->name, option,
                  *value ? value : "\"\"", wanted);
    return -EINVAL;
}

static int take_numbers(struct cli *cli, struct cli_shape *shape)
{
    if (shape->memory && (cli_value_size(shape->memory, &shape->spec.memory) < 0 || shape->spec.memory <= 0))
        return refuse(cli, "memory", shape->memory, "a size like 512m is wanted");
    if (shape->cpus && cli_value_thousandths(shape->cpus, &shape->spec.milli_cpus) < 0)
        return refuse(cli, "cpus", shape->cpus, "a number like 0.5 or 2 is wanted");
    /* The kernel refuses a quota below a millisecond. */
    if (shape->cpus && shape->spec.milli_cpus < 10)
        return refuse(cli, "cpus", shape->cpus, "0.01 is the least");
    return 0;
}

/* The caller's variable of that name, as "NAME=VALUE"; NULL if there is none. */
static char *variable(const char *name)
{
    size_t n = strlen(name);

    for (char **v = environ; v && *v; v++)
        if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
            return *v;
    return NULL;
}

/* A name alone hands on what the caller has.  The list is ours (option.h), its words are not. */
static void take_environment(struct ocirt_spec_options *spec)
{
    char **list = (char **) (uintptr_t) spec->env;
    size_t kept = 0;

    for (size_t i = 0; list && list[i]; i++) {
        char *word = !*list[i] || strchr(list[i], '=') ? list[i] : variable(list[i]);

        if (word)
            list[kept++] = word;
    }
    if (list)
        list[kept] = NULL;
}

int cli_shape_finish(struct cli *cli, struct cli_shape *shape, char **args)
{
    struct ocirt_spec_options *spec = &shape->spec;

    if (shape->read_only + shape->writable + spec->overlay > 1) {
        cli_log_usage(&cli->log, NULL, "%s: --ro, --rw and --overlay exclude each other", cli->command->name);
        return -EINVAL;
    }
    if (shape->writable)
        spec->writable = true;
    if (shape->terminal)
        spec->no_terminal = *shape->terminal == 'f';
    if (shape->network)
        spec->network = *shape->network == 'h' ? OCIRT_NETWORK_HOST : OCIRT_NETWORK_NONE;
    if (shape->ids)
        spec->ids = *shape->ids == 's' ? OCIRT_IDS_SUBORDINATE : OCIRT_IDS_OWN;
    if (shape->seccomp)
        spec->seccomp = *shape->seccomp == 'd';
    if (args[0])
        spec->args = args;
    take_environment(spec);
    return take_numbers(cli, shape);
}
