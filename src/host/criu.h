/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu.h - CRIU's library, loaded when it is used, and one request to the program criu.
 *
 * libcriu forks `criu swrk` for each request and talks to it over a socket; what it is told by these calls
 * it keeps until then.  Its own header is not needed to build: that wants protobuf-c's, and the one of an
 * older version lacks functions that the library which is found may have.  Constants are those of criu.h,
 * whose ABI is libcriu.so.2's.
 */
#ifndef OCIRT_HOST_CRIU_H
#define OCIRT_HOST_CRIU_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/* clang-format off */
/* MUST(result, name, arguments): in every libcriu.so.2.  MAY: NULL where the library is too old. */
#define HOST_CRIU_FUNCTIONS(MUST, MAY)                                          \
    MUST(int, init_opts, (void **ret))                                          \
    MUST(void, free_opts, (void *opts))                                         \
    MUST(int, set_service_binary, (void *opts, const char *path))               \
    MUST(int, get_version, (void *opts))                                        \
    MUST(void, set_pid, (void *opts, int pid))                                  \
    MUST(void, set_images_dir_fd, (void *opts, int fd))                         \
    MUST(void, set_work_dir_fd, (void *opts, int fd))                           \
    MUST(int, set_parent_images, (void *opts, const char *path))                \
    MUST(void, set_track_mem, (void *opts, bool on))                            \
    MUST(void, set_leave_running, (void *opts, bool on))                        \
    MUST(void, set_ext_unix_sk, (void *opts, bool on))                          \
    MUST(void, set_tcp_established, (void *opts, bool on))                      \
    MUST(void, set_tcp_skip_in_flight, (void *opts, bool on))                   \
    MUST(void, set_tcp_close, (void *opts, bool on))                            \
    MUST(void, set_shell_job, (void *opts, bool on))                            \
    MUST(void, set_file_locks, (void *opts, bool on))                           \
    MUST(void, set_auto_dedup, (void *opts, bool on))                           \
    MUST(void, set_link_remap, (void *opts, bool on))                           \
    MUST(void, set_evasive_devices, (void *opts, bool on))                      \
    MUST(void, set_orphan_pts_master, (void *opts, bool on))                    \
    MUST(void, set_ext_sharing, (void *opts, bool on))                          \
    MUST(void, set_ext_masters, (void *opts, bool on))                          \
    MUST(void, set_log_level, (void *opts, int level))                          \
    MUST(int, set_log_file, (void *opts, const char *name))                     \
    MUST(int, set_root, (void *opts, const char *path))                         \
    MUST(void, set_manage_cgroups, (void *opts, bool on))                       \
    MUST(void, set_manage_cgroups_mode, (void *opts, int mode))                 \
    MUST(int, set_freeze_cgroup, (void *opts, const char *path))                \
    MUST(int, add_cg_root, (void *opts, const char *controller, const char *path)) \
    MUST(int, add_ext_mount, (void *opts, const char *key, const char *value))  \
    MUST(int, add_external, (void *opts, const char *key))                      \
    MUST(int, add_inherit_fd, (void *opts, int fd, const char *key))            \
    MUST(int, set_page_server_address_port, (void *opts, const char *address, int port)) \
    MUST(void, set_notify_cb, (void *opts, int (*notify)(char *action, void *what))) \
    MUST(int, feature_check, (void *opts, struct host_criu_features *features, size_t size)) \
    MUST(int, dump, (void *opts))                                               \
    MUST(int, pre_dump, (void *opts))                                           \
    MUST(int, restore_child, (void *opts))                                      \
    MAY(int, set_lsm_profile, (void *opts, const char *profile))                \
    MAY(int, set_lsm_mount_context, (void *opts, const char *context))          \
    MAY(int, set_network_lock, (void *opts, int method))                        \
    MAY(int, join_ns_add, (void *opts, const char *name, const char *path, const char *extra)) \
    MAY(void, set_skip_file_rwx_check, (void *opts, bool on))                   \
    MAY(void, set_empty_ns, (void *opts, int namespaces))                       \
    MAY(int, set_config_file, (void *opts, const char *path))
/* clang-format on */

/* Asked: set what is wanted.  Answered: what there is. */
struct host_criu_features {
    bool mem_track, lazy_pages;
};

struct host_criu {
#define DECLARE(result, name, arguments) result(*name) arguments;
    HOST_CRIU_FUNCTIONS(DECLARE, DECLARE)
#undef DECLARE
    int (*notify_pid)(void *what);         /* of the restored root process; 0 if the action has none */
    int (*get_orphan_pts_master_fd)(void); /* after "orphan-pts-master": the master, now ours */
    void *opts;                            /* the first argument of all others */
    int version;                           /* of the program: 40201 is 4.2.1 */
};

enum { HOST_CRIU_VERSION_MIN = 31500 }; /* time namespaces, cgroup v2 freezer, external pid namespaces */

/* Says early that the library will be needed: see host_library_need().  0, or negative with ERR filled. */
int host_criu_need(struct err *err);

/*
 * Loads the library, finds the program criu ($PATH, else /usr/sbin and the like), and asks its version.
 * What is missing is an error that says what to install.
 */
int host_criu_open(struct host_criu *ret, struct err *err);
void host_criu_close(struct host_criu *criu);

/* Was ocirt built with it? */
bool host_criu_is_built(void);

/* Is there a program criu?  PATH then has its name. */
bool host_criu_find(struct text *path);

#endif
