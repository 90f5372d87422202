/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * update.c - ocirt update: change the resources of a running container.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/value.h"

struct update_values {
    const char *resources;
    const char *blkio_weight;
    const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period, *cpu_rt_runtime, *cpu_idle;
    const char *cpuset_cpus, *cpuset_mems;
    const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
    const char *pids_limit;
    const char *l3_cache_schema, *mem_bw_schema;
};

enum kind { INTEGER, SIZE, STRING };

/*
 * Where an option's value goes in linux.resources.  Members of one object stand together.  intelRdt is an object
 * of linux itself in config.json; here it stands among the resources.
 */
struct field {
    const char *option;
    size_t offset;
    const char *object, *member;
    enum kind kind;
};

/* clang-format off */
static const struct field fields[] = {
#define FIELD(member, option, object, name, kind) \
    { option, offsetof(struct update_values, member), object, name, kind }
    FIELD(blkio_weight, "blkio-weight", "blockIO", "weight", INTEGER),
    FIELD(cpu_period, "cpu-period", "cpu", "period", INTEGER),
    FIELD(cpu_quota, "cpu-quota", "cpu", "quota", INTEGER),
    FIELD(cpu_burst, "cpu-burst", "cpu", "burst", INTEGER),
    FIELD(cpu_share, "cpu-share", "cpu", "shares", INTEGER),
    FIELD(cpu_rt_period, "cpu-rt-period", "cpu", "realtimePeriod", INTEGER),
    FIELD(cpu_rt_runtime, "cpu-rt-runtime", "cpu", "realtimeRuntime", INTEGER),
    FIELD(cpu_idle, "cpu-idle", "cpu", "idle", INTEGER),
    FIELD(cpuset_cpus, "cpuset-cpus", "cpu", "cpus", STRING),
    FIELD(cpuset_mems, "cpuset-mems", "cpu", "mems", STRING),
    FIELD(memory, "memory", "memory", "limit", SIZE),
    FIELD(memory_reservation, "memory-reservation", "memory", "reservation", SIZE),
    FIELD(memory_swap, "memory-swap", "memory", "swap", SIZE),
    FIELD(kernel_memory, "kernel-memory", "memory", "kernel", SIZE),
    FIELD(kernel_memory_tcp, "kernel-memory-tcp", "memory", "kernelTCP", SIZE),
    FIELD(pids_limit, "pids-limit", "pids", "limit", INTEGER),
    FIELD(l3_cache_schema, "l3-cache-schema", "intelRdt", "l3CacheSchema", STRING),
    FIELD(mem_bw_schema, "mem-bw-schema", "intelRdt", "memBwSchema", STRING),
#undef FIELD
};

static const struct cli_option options[] = {
#define INTO(member) CLI_INTO(struct update_values, member), 0
    { CLI_INTO(struct update_values, resources), 'r', "resources", "FILE",
      "take all of it from a JSON file, as linux.resources; - is standard input" },
    { INTO(blkio_weight), "blkio-weight", "N", "weight of its block I/O: 10 to 1000" },
    { INTO(cpu_period), "cpu-period", "US", "period of the CPU quota, in microseconds" },
    { INTO(cpu_quota), "cpu-quota", "US", "CPU time in each period, in microseconds; -1: no limit" },
    { INTO(cpu_burst), "cpu-burst", "US", "CPU time that may be saved up, in microseconds" },
    { INTO(cpu_share), "cpu-share", "N", "its share of the CPU against other cgroups" },
    { INTO(cpu_rt_period), "cpu-rt-period", "US", "period of realtime scheduling, in microseconds" },
    { INTO(cpu_rt_runtime), "cpu-rt-runtime", "US", "realtime CPU time in each period, in microseconds" },
    { INTO(cpu_idle), "cpu-idle", "N", "1: run only when nothing else wants to; 0: as usual" },
    { INTO(cpuset_cpus), "cpuset-cpus", "LIST", "CPUs to use, like 0-3,7" },
    { INTO(cpuset_mems), "cpuset-mems", "LIST", "memory nodes to use, like 0,1" },
    { INTO(memory), "memory", "BYTES", "limit of memory, like 512m; -1: none" },
    { INTO(memory_reservation), "memory-reservation", "BYTES", "memory to keep when it becomes scarce" },
    { INTO(memory_swap), "memory-swap", "BYTES", "limit of memory and swap together; -1: none" },
    { INTO(kernel_memory), "kernel-memory", "BYTES", NULL },
    { INTO(kernel_memory_tcp), "kernel-memory-tcp", "BYTES", NULL },
    { INTO(pids_limit), "pids-limit", "N", "most processes and threads; -1: no limit" },
    { INTO(l3_cache_schema), "l3-cache-schema", "TEXT", "L3 cache of Intel RDT, like L3:0=7f" },
    { INTO(mem_bw_schema), "mem-bw-schema", "TEXT", "memory bandwidth of Intel RDT, like MB:0=20" },
#undef INTO
    CLI_END,
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
