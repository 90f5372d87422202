/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * path.h - reach a file inside a container's root, by descriptor.
 *
 * The only way in: openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS,
 * so that neither "..", an absolute symlink nor /proc/self/fd leads out, even
 * while the container renames things (CVE-2021-30465, CVE-2024-45310).  No
 * allocation, no stdio: init's child uses it.  All return an fd, 0 or -errno.
 */
#ifndef OCIRT_BASE_PATH_H
#define OCIRT_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens PATH below ROOT_FD with O_* FLAGS (no O_CREAT). */
int path_open(int root_fd, const char *path, int flags);

/* The same, but the last component must not be a symlink. */
int path_open_nofollow(int root_fd, const char *path, int flags);

/* Opens the directory PATH (O_PATH), making what is missing with MODE, one component at a time. */
int path_make_dir(int root_fd, const char *path, mode_t mode);

/* Opens the file PATH (O_PATH), made empty with MODE if it is missing, its directories with 0755. */
int path_make_file(int root_fd, const char *path, mode_t mode);

/*
 * Opens the directory that holds PATH's last component, making what is missing, and points *RET_NAME to that
 * component within PATH.  -EINVAL if it is "", "." or "..".  With trailing slashes in PATH, *RET_LENGTH tells
 * where the name ends.
 */
int path_make_parent(int root_fd, const char *path, mode_t mode, const char **ret_name, size_t *ret_length);

/*
 * path_make_parent with directories of mode 0755, and the name as a string of its own.  -ENAMETOOLONG if it
 * has more bytes than a file name may have.
 */
enum { PATH_NAME_SIZE = 256 }; /* NAME_MAX and the NUL */
int path_make_parent_of(int root_fd, const char *path, char ret_name[static PATH_NAME_SIZE]);

/* Do the two descriptors name the same file (device and inode)? */
bool path_same_file(int a_fd, int b_fd);

#endif
