/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_ids.c - namespaces and id maps of a configuration that is made from wishes.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "engine/spec.h"
#include "host/idmap.h"
#include "host/subids.h"

static int add_mapping(struct spec_job *job, struct oci_id_mappings *list, const struct plan_id_range *range)
{
    struct oci_id_mapping *mapping = arena_alloc(&job->arena, sizeof *mapping);

    if (!mapping)
        return -ENOMEM;
    mapping->container_id = range->inside;
    mapping->host_id = range->outside;
    mapping->size = range->size;
    return SPEC_APPEND(&job->arena, list, mapping);
}

static int map_ids(struct spec_job *job, struct oci_id_mappings *list, uint32_t own,
                   const struct plan_id_range *more, size_t n, struct err *err)
{
    const struct plan_id_range first = { 0, own, 1 };
    int r = add_mapping(job, list, &first);

    for (size_t i = 0; r >= 0 && i < n; i++)
        r = add_mapping(job, list, &more[i]);
    return r < 0 ? err_nomem(err) : 0;
}

/* More than the caller's own id is newuidmap's to map. */
static int find_subordinate(struct spec_job *job, struct plan_id_range *v[2], size_t n[2], struct err *err)
{
    static const char *const files[2] = { HOST_SUBUID, HOST_SUBGID };
    bool must = job->options.ids == OCIRT_IDS_SUBORDINATE;

    if (job->options.ids == OCIRT_IDS_OWN)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        int r = host_subids(files[i], geteuid(), &job->arena, &v[i], &n[i]);

        if (r < 0 && must)
            return err_set(err, ERR_ID_MAP, r, "read %s", files[i]);
    }
    if (must && !(n[0] && n[1])) {
        int r = err_set(err, ERR_ID_MAP, 0, "--ids subordinate: %s gives no ids to user %lu",
                        files[n[0] ? 1 : 0], (unsigned long) geteuid());

        err_hint(err, "root can add a line USER:START:COUNT, as usermod --add-subuids does");
        return r;
    }
    if (!must && !(n[0] && n[1] && host_idmap_program(false) && host_idmap_program(true)))
        n[0] = n[1] = 0;
    return 0;
}

static int add_namespace(struct spec_job *job, enum oci_namespace_type type)
{
    struct oci_namespace *ns = arena_alloc(&job->arena, sizeof *ns);

    if (!ns)
        return -ENOMEM;
    ns->type = type;
    return SPEC_APPEND(&job->arena, &job->spec.linux->namespaces, ns);
}

static void drop_namespace(struct spec_job *job, enum oci_namespace_type type)
{
    struct oci_linux *l = job->spec.linux;
    size_t kept = 0;

    for (size_t i = 0; i < l->namespaces.n; i++)
        if (l->namespaces.v[i]->type != type)
            l->namespaces.v[kept++] = l->namespaces.v[i];
    l->namespaces.n = kept;
}

/* Root of a user namespace may have few groups itself. */
static bool caller_knows_gid(uint32_t gid)
{
    autoclose int proc_fd = procfs_open();
    unsigned long inside, outside, size;
    char buf[8192], *save = NULL;

    if (proc_fd < 0 || procfs_read(proc_fd, "self/gid_map", buf, sizeof buf) <= 0)
        return true;
    for (char *line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (sscanf(line, "%lu %lu %lu", &inside, &outside, &size) == 3 && gid >= inside &&
            gid - inside < size)
            return true;
    return false;
}

bool spec_knows_gid(const struct spec_job *job, uint32_t gid)
{
    const struct oci_id_mappings *map = &job->spec.linux->gid_mappings;

    for (size_t i = 0; i < map->n; i++)
        if (gid >= map->v[i]->container_id && gid - map->v[i]->container_id < map->v[i]->size)
            return true;
    return map->n == 0 && caller_knows_gid(gid);
}

static bool shares_network(const struct ocirt_spec_options *o)
{
    return o->network == OCIRT_NETWORK_HOST || (o->network == OCIRT_NETWORK_DEFAULT && o->rootless);
}

int spec_ids(struct spec_job *job, struct err *err)
{
    struct oci_linux *l = job->spec.linux;
    struct plan_id_range *more[2] = { NULL, NULL };
    size_t n[2] = { 0, 0 };
    int r;

    if (shares_network(&job->options))
        drop_namespace(job, OCI_NAMESPACE_NETWORK);
    if (!job->options.rootless)
        return 0;
    l->resources = NULL; /* denying devices takes a right that a user has not */
    json_unmark(l, resources);
    r = find_subordinate(job, more, n, err);
    if (r >= 0)
        r = map_ids(job, &l->uid_mappings, geteuid(), more[0], n[0], err);
    if (r >= 0)
        r = map_ids(job, &l->gid_mappings, getegid(), more[1], n[1], err);
    if (r >= 0 && add_namespace(job, OCI_NAMESPACE_USER) < 0)
        r = err_nomem(err);
    return r;
}
