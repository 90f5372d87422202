/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub_image.h - makes the sealed program that becomes the container's process.
 *
 * The stub's ELF image and, behind it, all that it must do go into one sealed
 * memfd; stub/stub.h says how.  Whoever executes it passes
 *
 *     execveat(fd, "", { path, pid, args..., NULL }, environment, AT_EMPTY_PATH)
 *
 * path: the program, resolved in the container; pid: its own as the runtime
 * sees it, in decimal; args: process.args.  In that process start_fd, proc_fd,
 * notify_fd and the hook_ fds must be open, without FD_CLOEXEC, under the
 * numbers given here; everything else from 3 + preserve_fds on must be closed
 * or FD_CLOEXEC.  The signal mask must be empty and the dispositions default.
 */
#ifndef OCIRT_HOST_STUB_IMAGE_H
#define OCIRT_HOST_STUB_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "host/seccomp.h"
#include "plan/plan.h"
#include "stub/stub.h"

struct host_stub_request {
    const struct plan_process *process;
    enum stub_start start;
    int start_fd;          /* SOCK_SEQPACKET: listening for STUB_ACCEPT, else connected */
    unsigned preserve_fds; /* 3 .. 3 + preserve_fds - 1 stay open in the program */

    int gate_fd;                        /* to the runtime, with `birth` and STUB_ACCEPT, else -1 */
    int proc_fd;                        /* root of the private procfs: for LSM labels, else -1 */
    int notify_fd;                      /* connected to listenerPath if seccomp->notify, else -1 */
    const struct host_seccomp *seccomp; /* NULL: none */
    /*
     * The container process state as JSON, in three parts: the pid as the runtime sees it goes between
     * (it is told twice: config-linux.md "The Container Process State").
     */
    const char *notify_state[3];

    const struct plan_hook_list *hooks; /* startContainer; NULL: none */
    const char *hook_state[2];          /* state as JSON, before and after the pid as the container sees it */
    int hook_stdout_fd, hook_stderr_fd; /* -1: the end of it goes into the error message */

    bool user_namespace;   /* the process will be in another one, with all capabilities */
    bool setgroups_denied; /* that namespace denies setgroups(2) */
    bool has_personality;
    uint32_t personality;

    uint32_t birth; /* STUB_BIRTH and the flags that go with it, or 0 */
};

/*
 * Moves the descriptor *FD to a number above those that the program keeps, if it is not there already;
 * FD_CLOEXEC is set on the new one. The fds of a request must be such. 0 or -errno.
 */
int host_stub_move_fd(int *fd, unsigned preserve_fds);

/*
 * Makes the program. The caller owns *RET_FD, which is O_CLOEXEC. Capabilities that can't be granted are
 * left out with a warning (config.md "Linux Process"). 0, or a negative errno with ERR filled.
 */
int host_stub_image_create(const struct host_stub_request *request, int *ret_fd, struct err *err);

#endif
