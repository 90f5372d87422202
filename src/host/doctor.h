/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.h - gather the facts about this host that plan/doctor.h judges.
 *
 * Nothing is changed: files are read, and what must be tried is tried by a child that ends at once.
 */
#ifndef OCIRT_HOST_DOCTOR_H
#define OCIRT_HOST_DOCTOR_H

#include "plan/doctor.h"
#include "plan/plan.h"

/*
 * Fills FACTS (doctor_facts_new()).  HOST: what is known of the host already; PROC_FD: the private procfs;
 * STATE_ROOT: as it was given to the library, NULL if not.  What can't be found out counts as missing.  0 or
 * -ENOMEM.
 */
int host_doctor_facts(const struct plan_facts *host, int proc_fd, const char *state_root, struct arena *arena,
                      struct doctor_facts *facts);

/* ---- its parts, in files of their own ------------------------------------------------------------------ */

struct host_doctor {
    const struct plan_facts *host;
    int proc_fd;
    const char *state_root;
    struct arena *arena;
    struct doctor_facts *facts;
    bool failed; /* out of memory */
};

void host_doctor_systemd(struct host_doctor *d);
void host_doctor_kernel(struct host_doctor *d);
void host_doctor_cgroup(struct host_doctor *d); /* after systemd */
void host_doctor_caller(struct host_doctor *d);

/* A copy of S in the arena; NULL if it is NULL, or out of memory. */
char *host_doctor_keep(struct host_doctor *d, const char *s);

/* The number in the file /proc/sys/NAME; -1 if there is none. */
int64_t host_doctor_sysctl(struct host_doctor *d, const char *name);

/* The text of a file, without the line break at its end; NULL if it can't be read. */
char *host_doctor_text(struct host_doctor *d, int dir_fd, const char *path);

/* Adds the words of TEXT, which is changed, to LIST; SEPARATORS stand between them. */
void host_doctor_words(struct host_doctor *d, char *text, const char *separators, struct json_strings *list);

/* Is the running kernel that version, or newer? */
bool host_doctor_at_least(const struct host_doctor *d, unsigned major, unsigned minor);

#endif
