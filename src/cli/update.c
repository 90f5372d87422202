/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * update.c - ocirt update: change the resources of a running container.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/value.h"

/*
 * Options whose values are members of linux.resources, those of one object together: C name, option,
 * placeholder, help; object, member, kind.  intelRdt is an object of linux itself in config.json; here it
 * stands among the resources.
 */
/* clang-format off */
#define FIELDS(X) \
    X(blkio_weight, "blkio-weight", "N", "weight of its block I/O: 10 to 1000", \
      "blockIO", "weight", INTEGER) \
    X(cpu_period, "cpu-period", "US", "period of the CPU quota, in microseconds", \
      "cpu", "period", INTEGER) \
    X(cpu_quota, "cpu-quota", "US", "CPU time in each period, in microseconds; -1: no limit", \
      "cpu", "quota", INTEGER) \
    X(cpu_burst, "cpu-burst", "US", "CPU time that may be saved up, in microseconds", \
      "cpu", "burst", INTEGER) \
    X(cpu_share, "cpu-share", "N", "its share of the CPU against other cgroups", \
      "cpu", "shares", INTEGER) \
    X(cpu_rt_period, "cpu-rt-period", "US", "period of realtime scheduling, in microseconds", \
      "cpu", "realtimePeriod", INTEGER) \
    X(cpu_rt_runtime, "cpu-rt-runtime", "US", "realtime CPU time in each period, in microseconds", \
      "cpu", "realtimeRuntime", INTEGER) \
    X(cpu_idle, "cpu-idle", "N", "1: run only when nothing else wants to; 0: as usual", \
      "cpu", "idle", INTEGER) \
    X(cpuset_cpus, "cpuset-cpus", "LIST", "CPUs to use, like 0-3,7", \
      "cpu", "cpus", STRING) \
    X(cpuset_mems, "cpuset-mems", "LIST", "memory nodes to use, like 0,1", \
      "cpu", "mems", STRING) \
    X(memory, "memory", "BYTES", "limit of memory, like 512m; -1: none", \
      "memory", "limit", SIZE) \
    X(memory_reservation, "memory-reservation", "BYTES", "memory to keep when it becomes scarce", \
      "memory", "reservation", SIZE) \
    X(memory_swap, "memory-swap", "BYTES", "limit of memory and swap together; -1: none", \
      "memory", "swap", SIZE) \
    X(kernel_memory, "kernel-memory", "BYTES", NULL, "memory", "kernel", SIZE) \
    X(kernel_memory_tcp, "kernel-memory-tcp", "BYTES", NULL, "memory", "kernelTCP", SIZE) \
    X(pids_limit, "pids-limit", "N", "most processes and threads; -1: no limit", \
      "pids", "limit", INTEGER) \
    X(l3_cache_schema, "l3-cache-schema", "TEXT", "L3 cache of Intel RDT, like L3:0=7f", \
      "intelRdt", "l3CacheSchema", STRING) \
    X(mem_bw_schema, "mem-bw-schema", "TEXT", "memory bandwidth of Intel RDT, like MB:0=20", \
      "intelRdt", "memBwSchema", STRING)

struct update_values {
    const char *resources;
#define X(name, option, placeholder, help, object, member, kind) const char *name;
    FIELDS(X)
#undef X
};

static const struct cli_option options[] = {
    { CLI_INTO(struct update_values, resources), 'r', "resources", "FILE",
      "take all of it from a JSON file, as linux.resources; - is standard input" },
#define X(name, option, placeholder, help, object, member, kind) \
    { CLI_INTO(struct update_values, name), 0, option, placeholder, help },
    FIELDS(X)
#undef X
    CLI_END,
};

enum kind { INTEGER, SIZE, STRING };

static const struct field {
    const char *option;
    size_t offset;
    const char *object, *member;
    enum kind kind;
} fields[] = {
#define X(name, option, placeholder, help, object, member, kind) \
    { option, offsetof(struct update_values, name), object, member, kind },
    FIELDS(X)
#undef X
};
/* clang-format on */

static const char *value_of(const struct update_values *given, const struct field *field)
{
    return *(const char *const *) (const void *) ((const char *) given + field->offset);
}

static int add_value(struct cli *cli, struct cli_out *json, const struct field *field, const char *value)
{
    int64_t number;

    if (field->kind == STRING) {
        cli_out_json(json, value);
        return 0;
    }
    int r = field->kind == SIZE ? cli_value_size(value, &number) : cli_value_integer(value, &number);
    if (r < 0) {
        cli_log_usage(&cli->log, NULL, "update: invalid %s: %s (%s)", field->option, value,
                      r == -ERANGE          ? "it is too large"
                      : field->kind == SIZE ? "a size like 512m is wanted"
                                            : "a whole number is wanted");
        return r;
    }
    cli_out_add(json, "%" PRId64, number);
    return 0;
}

/* {"cpu":{"shares":512},"pids":{"limit":10}} */
static int add_resources(struct cli *cli, struct cli_out *json, const struct update_values *given)
{
    const char *open = NULL; /* the object that is being written */

    cli_out_word(json, "{");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct field *field = &fields[i];
        const char *value = value_of(given, field);

        if (!value)
            continue;
        if (!open || strcmp(open, field->object) != 0)
            cli_out_add(json, "%s\"%s\":{", open ? "}," : "", field->object);
        else
            cli_out_word(json, ",");
        open = field->object;
        cli_out_add(json, "\"%s\":", field->member);
        int r = add_value(cli, json, field, value);
        if (r < 0)
            return r;
    }
    cli_out_word(json, open ? "}}" : "}");
    if (json->failed)
        cli_log_failure(&cli->log, ENOMEM, "update");
    return json->failed ? -ENOMEM : 0;
}

/* runc ignores the others then; whoever gave both means both. */
static int refuse_both(struct cli *cli, const struct update_values *given)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (value_of(given, &fields[i])) {
            cli_log_usage(&cli->log, NULL, "update: --resources does not go with --%s", fields[i].option);
            return -EINVAL;
        }
    }
    return 0;
}

static int update(struct cli *cli, void *values, char **args)
{
    const struct update_values *given = values;
    autoout struct cli_out json = { 0 };
    struct ocirt_error *error = NULL;
    int r;

    if (given->resources)
        r = refuse_both(cli, given) < 0 ? -EINVAL : cli_read(cli, given->resources, &json);
    else
        r = add_resources(cli, &json, given);
    if (r < 0)
        return 1;
    r = ocirt_update(cli->ocirt, args[0], json.s, &error);
    return cli_result(cli, r, error);
}

const struct cli_command cli_update = {
    .name = "update",
    .arguments = "ID",
    .summary = "Change the resources of a running container",
    .tables = { options },
    .size = sizeof(struct update_values),
    .min = 1,
    .max = 1,
    .run = update,
};
