/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * denial.h - what around this process makes the kernel refuse a call: a seccomp filter, a missing capability,
 * a security module, mounts over /proc.
 *
 * To be looked at after a failure only.  Init and stub have the runtime's filter and label, so what is true
 * here was true for them.
 */
#ifndef OCIRT_HOST_DENIAL_H
#define OCIRT_HOST_DENIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "host/mountinfo.h"

/* Calls that one step makes: which of them a filter refuses is tried. */
enum host_denial_calls {
    HOST_DENIAL_NO_CALLS,
    HOST_DENIAL_MOUNT, /* the new mount API, mount(2) */
    HOST_DENIAL_NAMES, /* sethostname(2), setdomainname(2) */
    HOST_DENIAL_MKNOD,
    HOST_DENIAL_KEYRING,
    HOST_DENIAL_GROUPS,
    HOST_DENIAL_PIVOT,
    HOST_DENIAL_NAMESPACES, /* clone3(2), unshare(2), setns(2) */
    HOST_DENIAL_PATHS,      /* openat2(2) */
    HOST_DENIAL_CAPABILITIES,
    HOST_DENIAL_SECCOMP,
    HOST_DENIAL_SCHEDULER,
    HOST_DENIAL_IO_PRIORITY,
    HOST_DENIAL_MEMORY_POLICY,
    HOST_DENIAL_PERSONALITY,
};

struct host_denial {
    bool filtered;         /* a seccomp filter is in force */
    const char *call;      /* what it refuses whatever the arguments: "fsopen"; NULL: none, or not known */
    uint64_t capabilities; /* effective ones, in the user namespace of the runtime */
    char *module; /* "AppArmor" or "SELinux", if it confines this process; malloc'd, NULL if none does */
    char *label;  /* its profile or domain; malloc'd */
};

/* Never fails: what can't be found out counts as no hindrance. */
void host_denial_look(enum host_denial_calls calls, struct host_denial *ret);
void host_denial_done(struct host_denial *denial);

#define autodenial __attribute__((cleanup(host_denial_done)))

/*
 * What is mounted below POINT, an absolute path, and hides something: "/proc/kcore, /proc/keys and 5 more",
 * appended to TEXT.  Returns how many there are; -1 if there are none, nor is anything mounted on POINT.
 */
int host_denial_covered(const struct host_mounts *mounts, const char *point, struct text *text);

/* The same of the mounts that this process sees. */
int host_denial_look_below(const char *point, struct text *text);

/* Was chroot(2) called?  False also if that can't be found out: who may not setns(2) does not learn it. */
bool host_denial_in_chroot(void);

/* ---- its parts, which judge a text --------------------------------------------------------------------- */

/* /proc/self/status: filtered and capabilities. */
void host_denial_status(const char *text, struct host_denial *denial);

/* /proc/self/attr/apparmor/current and attr/current, without a line break at the end; NULL: no such file. */
void host_denial_label(const char *apparmor, const char *other, struct host_denial *denial);

#endif
