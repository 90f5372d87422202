/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * msg.h - the one message that runtime, init and stub exchange, on SOCK_SEQPACKET.
 *
 * The receiver of MSG_FAILED turns (stage, item, err) into the sentence: it
 * shares the plan with the sender.  Text after the struct, to the end of the
 * packet, is the kernel's own words (fsopen's log) or a path; it is shown as data.
 */
#ifndef OCIRT_BASE_MSG_H
#define OCIRT_BASE_MSG_H

#include <stdint.h>

enum msg_type {
    MSG_GO = 1, /* runtime: go on.  item: init's pid as the runtime sees it */
    MSG_HOOKS,  /* init: run prestart and createRuntime now, then GO */
    MSG_READY,  /* init: all is done up to the stub; may carry the terminal (SCM_RIGHTS) */
    MSG_FAILED, /* init, stub: stage, item, err (negative errno) say what */
    MSG_EXEC,   /* stub: execve(2) comes next; then the end of the socket means that it worked */
    MSG_BORN,   /* stub: the sender, whose pid the kernel tells, is the program's process */
};

struct msg {
    uint32_t type, stage, item;
    int32_t err;
};

enum { MSG_TEXT_MAX = 1024 }; /* of text behind a struct msg */

#endif
