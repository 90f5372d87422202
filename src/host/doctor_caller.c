/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_caller.c - what the caller of the library may do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/doctor.h"
#include "host/idmap.h"
#include "host/subids.h"
#include "plan/capability_name.h"

static void look_at_capabilities(struct host_doctor *d)
{
    struct json_strings *lacking = &d->facts->caller->lacking;
    cap_t caps = cap_get_proc();

    lacking->v = arena_array(d->arena, (size_t) d->host->last_capability + 1, sizeof *lacking->v);
    d->failed |= !caps || !lacking->v;
    for (int i = 0; !d->failed && i <= d->host->last_capability; i++) {
        cap_flag_value_t value = CAP_CLEAR;
        char *name;

        if (cap_get_flag(caps, i, CAP_EFFECTIVE, &value) < 0 || value == CAP_SET)
            continue;
        name = plan_capability_name(i);
        lacking->v[lacking->n] = name ? arena_strdup(d->arena, name) : NULL;
        if (lacking->v[lacking->n])
            lacking->n++;
        (void) cap_free(name);
    }
    (void) cap_free(caps);
}

/* It belongs to root and has the set-user-id bit, or it has file capabilities. */
static bool has_rights(const char *path)
{
    autoclose int fd = path ? sys_openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0) : -ENOENT;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    return (st.st_uid == 0 && st.st_mode & S_ISUID) || fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static uint64_t count_ids(struct host_doctor *d, const char *file)
{
    struct plan_id_range *v;
    size_t n = 0;
    uint64_t sum = 0;

    if (host_subids(file, geteuid(), d->arena, &v, &n) < 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i].size;
    return sum;
}

static uint64_t hard_limit(int resource)
{
    uint64_t limit[2];

    return sys_prlimit(0, resource, NULL, limit) < 0 ? UINT64_MAX : limit[1];
}

void host_doctor_caller(struct host_doctor *d)
{
    struct doctor_caller *c = d->facts->caller;

    c->uid = geteuid();
    c->in_user_namespace = d->host->in_user_namespace;
    look_at_capabilities(d);
    c->subuids = count_ids(d, HOST_SUBUID);
    c->subgids = count_ids(d, HOST_SUBGID);
    c->newuidmap = (char *) (uintptr_t) host_idmap_program(false);
    c->newgidmap = (char *) (uintptr_t) host_idmap_program(true);
    c->uidmap_works = has_rights(c->newuidmap);
    c->gidmap_works = has_rights(c->newgidmap);
    c->open_files = hard_limit(RLIMIT_NOFILE);
    c->processes = hard_limit(RLIMIT_NPROC);
}
