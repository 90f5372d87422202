/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_block_io.c - linux.resources.blockIO for both layouts.
 *
 * Weights have two homes: BFQ's own file, 1 to 1000 as in the configuration,
 * or (v2) that of the io.cost controller, 1 to 10000.  Which of them exists
 * depends on the kernel's modules, so the second is the first one's fallback.
 */
#include "plan/cgroup_resources.h"

#include <inttypes.h>

static bool device_is_valid(struct cgroup_build *b, const struct oci_block_device *d)
{
    /* dev_t of the kernel: 12 and 20 bits */
    if (d->major < 0 || d->major > 0xfff) {
        CGROUP_BAD(b, d, major, ERR_CONFIG_VALUE, "%" PRId64 " is out of range, which is 0 to 4095",
                   d->major);
        return false;
    }
    if (d->minor < 0 || d->minor > 0xfffff) {
        CGROUP_BAD(b, d, minor, ERR_CONFIG_VALUE, "%" PRId64 " is out of range, which is 0 to 1048575",
                   d->minor);
        return false;
    }
    return true;
}

static bool weight_is_valid(struct cgroup_build *b, const struct json_node *node, size_t member,
                            uint16_t weight)
{
    if (weight >= 10 && weight <= 1000)
        return true;
    cgroup_build_failed(b, err_at(b->err, node, member, ERR_CONFIG_VALUE, 0,
                                  "%u is out of range, which is 10 to 1000", weight));
    return false;
}

/* CFQ was the only scheduler with leaf weights; Linux 5.0 removed it. */
static void no_leaf_weight(struct cgroup_build *b, const struct json_node *node, size_t member,
                           uint16_t leaf_weight)
{
    if (leaf_weight)
        cgroup_build_failed(b, err_at(b->err, node, member, ERR_UNSUPPORTED, 0,
                                      "leaf weights went with the CFQ scheduler in Linux 5.0"));
}

#define WEIGHT_IS_VALID(b, o) weight_is_valid(b, &(o)->node, offsetof(__typeof__(*(o)), weight), (o)->weight)
#define NO_LEAF_WEIGHT(b, o) \
    no_leaf_weight(b, &(o)->node, offsetof(__typeof__(*(o)), leaf_weight), (o)->leaf_weight)

static void weight(struct cgroup_build *b, const struct oci_block_io *io, bool v2)
{
    struct plan_cgroup_write *w;

    NO_LEAF_WEIGHT(b, io);
    if (!CGROUP_SET(io, weight) || !WEIGHT_IS_VALID(b, io))
        return;
    w = CGROUP_ADD(b, io, weight, v2 ? "io" : "blkio", v2 ? "io.bfq.weight" : "blkio.bfq.weight", "%u",
                   io->weight);
    w->fallback = v2 ? "io.weight" : "blkio.weight";
    if (v2)
        w->fallback_value = arena_printf(b->arena, "%" PRIu64, plan_cgroup_io_weight(io->weight));
}

static void device_weight(struct cgroup_build *b, const struct oci_block_device *d, bool v2)
{
    struct plan_cgroup_write *w;

    if (!json_has(d, weight) && !json_has(d, leaf_weight))
        CGROUP_BAD(b, d, node, ERR_CONFIG_MISSING, "neither weight nor leafWeight is given");
    NO_LEAF_WEIGHT(b, d);
    if (!CGROUP_SET(d, weight) || !device_is_valid(b, d) || !WEIGHT_IS_VALID(b, d))
        return;
    w = CGROUP_ADD(b, d, weight, v2 ? "io" : "blkio", v2 ? "io.bfq.weight" : "blkio.bfq.weight_device",
                   "%" PRId64 ":%" PRId64 " %u", d->major, d->minor, d->weight);
    w->fallback = v2 ? "io.weight" : "blkio.weight_device";
    if (v2)
        w->fallback_value = arena_printf(b->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
                                         plan_cgroup_io_weight(d->weight));
}

/* A rate of 0 lifts the limit, as it always did on v1; v2 has a word for it. */
static void throttle(struct cgroup_build *b, const struct oci_block_devices *list, const char *v2_key,
                     const char *v1_file)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct oci_block_device *d = list->v[i];

        if (!device_is_valid(b, d))
            continue;
        if (!json_has(d, rate))
            CGROUP_BAD(b, d, node, ERR_CONFIG_MISSING, "the required property \"rate\" is missing");
        else if (!v2_key)
            CGROUP_ADD(b, d, rate, "blkio", v1_file, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
                       d->rate);
        else if (d->rate == 0)
            CGROUP_ADD(b, d, rate, "io", "io.max", "%" PRId64 ":%" PRId64 " %s=max", d->major, d->minor,
                       v2_key);
        else
            CGROUP_ADD(b, d, rate, "io", "io.max", "%" PRId64 ":%" PRId64 " %s=%" PRIu64, d->major, d->minor,
                       v2_key, d->rate);
    }
}

void plan_cgroup_block_io(struct cgroup_build *b, bool v2)
{
    const struct oci_block_io *io = b->resources->block_io;

    weight(b, io, v2);
    for (size_t i = 0; i < io->weight_device.n; i++)
        device_weight(b, io->weight_device.v[i], v2);
    throttle(b, &io->read_bps, v2 ? "rbps" : NULL, "blkio.throttle.read_bps_device");
    throttle(b, &io->write_bps, v2 ? "wbps" : NULL, "blkio.throttle.write_bps_device");
    throttle(b, &io->read_iops, v2 ? "riops" : NULL, "blkio.throttle.read_iops_device");
    throttle(b, &io->write_iops, v2 ? "wiops" : NULL, "blkio.throttle.write_iops_device");
}
