/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device_bpf.h - device rules as a BPF program on a cgroup2 directory.
 *
 * The kernel runs the program at each open(2) and mknod(2) of a device by a process of the cgroup.
 */
#ifndef OCIRT_HOST_DEVICE_BPF_H
#define OCIRT_HOST_DEVICE_BPF_H

#include <stddef.h>

#include "base/err.h"
#include "plan/cgroup.h"

struct bpf_insn; /* linux/bpf.h */

/* Compiles RULES; pure.  *RET is malloc'd.  0 or -ENOMEM. */
int host_device_bpf_compile(const struct plan_device_rules *rules, struct bpf_insn **ret, size_t *ret_n);

/* Makes RULES those of the new cgroup CGROUP_FD.  If they allow everything, nothing is attached. */
int host_device_bpf_attach(int cgroup_fd, const struct plan_device_rules *rules, struct err *err);

/* The same for a cgroup that may have rules from us, which are replaced at once; those of others stay. */
int host_device_bpf_replace(int cgroup_fd, const struct plan_device_rules *rules, struct err *err);

/* Takes our rules from a cgroup that stays.  0 or -errno. */
int host_device_bpf_detach(int cgroup_fd);

#endif
