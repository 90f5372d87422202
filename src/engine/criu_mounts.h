/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_mounts.h - the mounts of a container that come from the host: CRIU is told of each at checkpoint, and
 * where to take it from at restore.
 *
 * Each gets a name that both times are the same for: the destination as config.json writes it, with what is
 * below it for a mount of the host that a recursive bind took along.  Where in the container it is really
 * mounted only the checkpoint needs to know.  (runc's and crun's images use the same names, where no symlink
 * is in the destination.)
 */
#ifndef OCIRT_ENGINE_CRIU_MOUNTS_H
#define OCIRT_ENGINE_CRIU_MOUNTS_H

#include "engine/criu_images.h"
#include "host/criu.h"
#include "host/mountinfo.h"
#include "plan/plan.h"

/* Refuses what CRIU would restore as something else. */
int criu_mounts_check(const struct plan *plan, struct err *err);

/* One mount of the running container that is external: key and name for CRIU. */
struct criu_mount {
    const char *point, *name;
};

/* What the container's mounts are.  The strings live in ARENA. */
struct criu_mount_map {
    struct criu_mount *v;
    size_t n;
    struct criu_submounts submounts;
};

/* Looks at the mounts of process PID.  What paths of the container lead to is found out by descriptor. */
int criu_mounts_map(const struct plan *plan, int proc_fd, pid_t pid, struct arena *arena,
                    struct criu_mount_map *ret, struct err *err);

/* At checkpoint: tells CRIU of all of the map. */
int criu_mounts_declare(const struct host_criu *criu, const struct criu_mount_map *map, struct err *err);

/* At restore: makes the mount points that the root filesystem lacks, as create does. */
int criu_mounts_make_points(const struct plan *plan, struct err *err);

/*
 * At restore: tells CRIU where each name is to be taken from.  CGROUP: the container's path in each
 * hierarchy.
 */
int criu_mounts_supply(const struct host_criu *criu, const struct plan *plan, const char *cgroup,
                       const struct criu_submounts *submounts, struct err *err);

#endif
