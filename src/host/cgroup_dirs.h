/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_dirs.h - the hierarchies' directories and their files.  For host/cgroup*.c only.
 *
 * Functions without a struct err return -errno and are silent.
 */
#ifndef OCIRT_HOST_CGROUP_DIRS_H
#define OCIRT_HOST_CGROUP_DIRS_H

#include "base/text.h"
#include "host/cgroup.h"
#include "plan/cgroup.h"

/* ---- directories --------------------------------------------------------------------------------------- */

/* Opens the roots of the hierarchies of FACTS: fills dirs. */
int host_cgroup_dirs_open(struct host_cgroup *cg, const struct plan_facts *facts, struct err *err);

/* The hierarchy with CONTROLLER, or cgroup2's; NULL if there is none. */
struct host_cgroup_dir *host_cgroup_dir_of(const struct host_cgroup *cg, const char *controller);
struct host_cgroup_dir *host_cgroup_dir_v2(const struct host_cgroup *cg);

/* Opens cg->path in each hierarchy; what does not exist stays -1.  Sets dir_fd and process_fd. */
int host_cgroup_dirs_find(struct host_cgroup *cg, struct err *err);

/* Sets dir_fd and process_fd from dirs and subgroup, which must exist. */
int host_cgroup_dirs_done(struct host_cgroup *cg, struct err *err);

/*
 * Opens the parent of PATH below ROOT_FD, making what is missing.  EACH is called for every directory from
 * the root to the parent, with its descriptor, before the next is opened or made.  *RET_NAME points into
 * PATH; *RET_MADE (NULL: not asked for) counts what was missing.
 */
typedef int host_cgroup_each(void *context, int fd, const char *path, size_t length);
int host_cgroup_parent(int root_fd, const char *path, host_cgroup_each *each, void *context,
                       const char **ret_name, unsigned *ret_made);

/*
 * Makes PATH in DIR and opens it as dir->fd, with EACH as above.  dir->made becomes 0 if it was there, and
 * grows by what was missing above it.  A cgroup above that another container made, and takes away at this
 * moment, is made again.  0 or -errno.
 */
int host_cgroup_dir_make(struct host_cgroup_dir *dir, const char *path, host_cgroup_each *each,
                         void *context);

/* Opens PATH ("/a/b") below ROOT_FD. */
int host_cgroup_open_below(int root_fd, const char *path);

/* How many of PATH's last components do not exist in DIR?  0 or -errno. */
int host_cgroup_missing(const struct host_cgroup_dir *dir, const char *path, unsigned *ret);

/* made of each dir as text, and back. */
int host_cgroup_made_print(struct host_cgroup *cg);
void host_cgroup_made_parse(struct host_cgroup *cg, const char *made);

/* "/sys/fs/cgroup/memory/a/b/FILE" for messages; FILE may be NULL.  The text belongs to the caller. */
struct text host_cgroup_shown(const struct host_cgroup *cg, const struct host_cgroup_dir *dir,
                              const char *file);

/* Calls EACH for every directory in FD (not recursively) with its name; stops at a result that is not 0. */
int host_cgroup_children(int fd, int (*each)(void *context, int fd, const char *name), void *context);

/* Removes the parents that create made, as far as they are not in use. */
void host_cgroup_remove_parents(struct host_cgroup *cg);

/* err_at for the property behind write W, or err_set if it is ours. */
#define CGROUP_FAIL(err, w, number, ...) \
    ((w)->node ? err_at(err, (w)->node, (w)->member, ERR_CGROUP, number, __VA_ARGS__) \
               : err_set(err, ERR_CGROUP, number, __VA_ARGS__))

/* Writes the limits where they belong. */
int host_cgroup_write_all(const struct host_cgroup *cg, const struct plan_cgroup_writes *writes,
                          struct err *err);

/* ---- v2 ------------------------------------------------------------------------------------------------ */

/*
 * Makes the cgroup in DIR with the controllers enabled that WRITES need, and those for statistics; ALL:
 * whatever there is.
 */
int host_cgroup_v2_make(struct host_cgroup *cg, struct host_cgroup_dir *dir,
                        const struct plan_cgroup_writes *writes, bool all, struct err *err);

/* Enables what WRITES need for the cgroup that exists; ALL: and whatever else there is. */
int host_cgroup_v2_enable(const struct host_cgroup *cg, const struct plan_cgroup_writes *writes, bool all,
                          struct err *err);

/* ---- v1 ------------------------------------------------------------------------------------------------ */

int host_cgroup_v1_make(struct host_cgroup *cg, struct host_cgroup_dir *dir, struct err *err);
int host_cgroup_v1_freeze(const struct host_cgroup *cg, bool frozen, struct err *err);
int host_cgroup_v1_update_devices(const struct host_cgroup *cg, const struct plan_device_rules *rules,
                                  struct err *err);

/* ---- files --------------------------------------------------------------------------------------------- */

/* One write(2) of VALUE.  *RET_MISSING tells whether it was the file that could not be opened. */
int host_cgroup_write(int dir_fd, const char *file, const char *value);
int host_cgroup_write_or_missing(int dir_fd, const char *file, const char *value, bool *ret_missing);

/* Reads up to SIZE - 1 bytes from the start, NUL-terminates.  Bytes, or -errno. */
ssize_t host_cgroup_read(int dir_fd, const char *file, char *buf, size_t size);

/* All of it, appended to TEXT. */
int host_cgroup_slurp(int dir_fd, const char *file, struct text *text);

/* A file of one number; "max" is UINT64_MAX. */
int host_cgroup_read_number(int dir_fd, const char *file, uint64_t *ret);

/* The number in the line "KEY number" of TEXT.  false if there is none. */
bool host_cgroup_key(const char *text, const char *key, uint64_t *ret);

/* Is WORD one of the words of TEXT, separated by blanks? */
bool host_cgroup_has_word(const char *text, const char *word);

/* ---- waiting ------------------------------------------------------------------------------------------- */

/* Monotonic milliseconds. */
int64_t host_cgroup_now(void);

/*
 * Waits until KEY of cgroup.events in DIR_FD is VALUE, or it is TIME (of host_cgroup_now()).  0, -ETIMEDOUT,
 * or -ENODEV if the cgroup is gone.
 */
int host_cgroup_await(int dir_fd, const char *key, uint64_t value, int64_t time);

/*
 * Waits for a while, longer each time *STEP (ms; begin with 1); -ETIMEDOUT if it is TIME.  Where nothing
 * tells of a change.
 */
int host_cgroup_pause(int *step, int64_t time);

#endif
