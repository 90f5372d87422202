/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_descriptors.h - standard input, output and error of a container that is stored, and the namespaces
 * that it has from elsewhere: what comes from outside is not stored but given again at restore.
 */
#ifndef OCIRT_ENGINE_CRIU_DESCRIPTORS_H
#define OCIRT_ENGINE_CRIU_DESCRIPTORS_H

#include "engine/criu_request.h"
#include "host/mountinfo.h"

/*
 * Looks at descriptors 0 to 2 of process PID, which PIDFD is, tells CRIU which are files or terminals of the
 * host, and writes descriptors.json.  A terminal of the host is an error without the option shell_job.
 */
int criu_descriptors_save(struct criu_request *q, int proc_fd, int pidfd, pid_t pid, struct err *err);

/* Gives CRIU the caller's descriptors 0 to 2 for what descriptors.json says came from outside. */
int criu_descriptors_supply(struct criu_request *q, struct err *err);

/* What a namespace that is joined can't be stored and made again with, is an error. */
int criu_namespaces_check(const struct plan *plan, struct err *err);

/* At checkpoint: the network and pid namespaces that are joined stay outside. */
int criu_namespaces_declare(struct criu_request *q, const struct plan *plan, struct err *err);

/* At restore: those that are joined, by what is opened or named now. */
int criu_namespaces_supply(struct criu_request *q, const struct plan *plan, struct err *err);

#endif
