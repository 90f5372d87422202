/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run.h - what the stub's files share.
 *
 * A stage returns 0 or a negative errno; it notes in `item` which of several
 * things it is at.  Nothing is kept outside of one struct stub on the first
 * stack page: a waiting stub has no data segment at all.
 */
#ifndef OCIRT_STUB_RUN_H
#define OCIRT_STUB_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/msg.h"
#include "stub/stub.h"

struct stub {
    const struct stub_config *config;
    const char *path, *pid; /* argv[0], argv[1] */
    char **argv, **envp;    /* of the program */
    int connection;         /* to whom started us; -1: nobody yet */
    int closed;             /* how closing the descriptors went, until there is someone to tell */
    bool cwd_denied;        /* to us; the user may be allowed to enter */
    char pid_text[12];      /* what `pid` points to once MSG_GO has told another */
    uint32_t item;
    size_t text_size; /* of the text for MSG_FAILED */
    char text[MSG_TEXT_MAX];
};

static inline const void *stub_data(const struct stub *s, struct stub_span span)
{
    return (const char *) s->config + span.offset;
}

/*
 * The end of an array, to walk it by. Nothing is divided in the stub, nor are 64 bits shifted by a variable:
 * 32-bit machines have library functions for that.
 */
static inline const void *stub_end(const struct stub *s, struct stub_span span)
{
    return (const char *) s->config + span.offset + span.size;
}

static inline bool stub_bit(uint64_t set, unsigned i)
{
    return ((i < 32 ? (uint32_t) set : (uint32_t) (set >> 32)) >> (i & 31) & 1) != 0;
}

/* Writes NUMBER in front of END, which is given back as it moved. */
static inline char *stub_decimal(uint32_t number, char *end)
{
    do {
        uint32_t tenth = (uint32_t) ((uint64_t) number * 0xcccccccdU >> 35); /* exact for 32 bits */

        *--end = (char) ('0' + (number - tenth * 10));
        number = tenth;
    } while (number);
    return end;
}

static inline bool stub_has(const struct stub *s, enum stub_flag flag)
{
    return (s->config->flags & (uint32_t) flag) != 0;
}

/* Of a container that is created in a pid namespace of others: what waits for start is born already. */
static inline bool stub_waits_when_born(const struct stub *s)
{
    return stub_has(s, STUB_BIRTH) && s->config->start == STUB_ACCEPT;
}

/* Without no_new_privs only CAP_SYS_ADMIN may load a filter: the capabilities have to stay until then. */
static inline bool stub_filter_needs_capability(const struct stub *s)
{
    return stub_has(s, STUB_SECCOMP) && !stub_has(s, STUB_NO_NEW_PRIVS);
}

/* stages.c: every stage up to execve(2); ends the process. */
_Noreturn void stages_run(struct stub *s);

/* talk.c */
void talk_wait(struct stub *s); /* ends the process if nobody can ever say GO */
/* MSG_EXEC: what follows ends in the program, in MSG_FAILED, or in our death */
int talk_announce(struct stub *s);
int talk_born(struct stub *s); /* MSG_BORN, and the wait for GO if there is to be one */
_Noreturn void talk_fail(struct stub *s, enum stub_stage stage, int err);

/* signals.c: until execve(2), those that end a process end this one too. */
void signals_obey(void);

/* descriptors.c */
int descriptors_close(const struct stub *s);
int descriptors_closed(struct stub *s);

int hooks_run(struct stub *s);

/* confine.c */
int confine_label(struct stub *s);
int confine_no_new_privs(struct stub *s);
int confine_seccomp_first(struct stub *s);
int confine_seccomp(struct stub *s);

/* cwd.c */
int cwd_enter(struct stub *s);
int cwd_enter_as_user(struct stub *s);

/* limits.c */
int limits_affinity(struct stub *s);
int limits_scheduler(struct stub *s);
int limits_lower_priority(struct stub *s); /* this and the next two: for notify.c */
bool limits_helper_must_yield(const struct stub *s);
void limits_yield(void);
int limits_io_priority(struct stub *s);
int limits_personality(struct stub *s);
int limits_umask(struct stub *s);
int limits_rlimits(struct stub *s);
int limits_processes(struct stub *s); /* of the process that is born */

/* identity.c */
int identity_bounding(struct stub *s);
int identity_groups(struct stub *s);
int identity_gid(struct stub *s);
int identity_uid(struct stub *s);

/* capabilities.c */
int capabilities_set(struct stub *s);
int capabilities_drop_first(struct stub *s);
int capabilities_drop(struct stub *s);

/* birth.c: ends this process, and goes on in a child */
int birth_give(struct stub *s);

/* notify.c: loads the filter and sends its listener */
int notify_load(struct stub *s, const void *program);

/* exec.c */
int exec_program(struct stub *s);

#endif
