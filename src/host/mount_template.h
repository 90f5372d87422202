/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_template.h - a mount namespace with next to nothing in it, from which containers copy theirs.
 *
 * A new mount namespace copies every mount of the one that the process is in; on a host with thousands of
 * mounts that takes most of a container's start.  So init enters this one first.  It is kept by a bind mount
 * on /run/ocirt/.mounts, made by the first container that is created after boot, and holds one empty
 * read-only tmpfs.
 */
#ifndef OCIRT_HOST_MOUNT_TEMPLATE_H
#define OCIRT_HOST_MOUNT_TEMPLATE_H

/*
 * Opens the template, made if it is missing.  An fd for setns(2), or -errno: then containers copy the host's
 * namespace, which is slower and otherwise the same.
 */
int host_mount_template_open(void);

#endif
