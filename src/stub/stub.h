/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub.h - what the sealed stub is told.
 *
 * The runtime writes the stub's ELF image and, behind it, one struct
 * stub_config with the data it points to into a sealed memfd; a program header
 * of the image maps that part, read-only, at STUB_CONFIG_ADDRESS.  The stub is
 * executed with
 *
 *     argv[0]  the program's path, resolved in the container
 *     argv[1]  its own pid as the runtime sees it, in decimal
 *     argv[2]... the container process's argv
 *     envp     the container process's environment
 *
 * Offsets are from the start of the struct; a span of size 0 is absent.
 * Strings are NUL-terminated, their size counts the NUL.
 *
 * The peer on start_fd sends MSG_GO.  With STUB_BIRTH, MSG_BORN comes from the
 * process that will be the program.  The answer is MSG_EXEC when only the
 * filter, if there is one, and execve(2) are left, and then end of file: the
 * program was executed.  With STUB_ACCEPT a process that is born waits on start_fd
 * after its birth, and what comes before is told on gate_fd.  MSG_FAILED, at any time, names the stage that
 * failed; the stub ends with status 127.  End of file without MSG_EXEC: it was killed.
 */
#ifndef OCIRT_STUB_H
#define OCIRT_STUB_H

#include <stdint.h>

#define STUB_CONFIG_ADDRESS 0x10000000UL
#define STUB_MAGIC          0x6f636933U  /* "oci3": changes when this layout does */
#define STUB_NAME           "ocirt-init" /* of the process and of the memfd */

enum stub_start {
    /* start_fd listens: accept connections until one says MSG_GO; then it is closed */
    STUB_ACCEPT,
    STUB_WAIT, /* start_fd is connected: wait for MSG_GO */
    STUB_NOW,  /* start_fd is connected: go at once */
};

enum stub_flag {
    STUB_NO_NEW_PRIVS = 1 << 0,
    STUB_KEEP_GROUPS = 1 << 1,    /* leave the supplementary groups as they are */
    STUB_SECCOMP = 1 << 2,        /* the program in `seccomp` is to be loaded */
    STUB_SECCOMP_NOTIFY = 1 << 3, /* it has a listener: send it on notify_fd */
    STUB_SCHEDULER = 1 << 4,      /* sched_setattr(2) with `scheduler` */
    STUB_IO_PRIORITY = 1 << 5,    /* ioprio_set(2) with `io_priority` */
    STUB_AFFINITY = 1 << 6,       /* sched_setaffinity(2) with the mask in `affinity` */
    STUB_PERSONALITY = 1 << 8,    /* personality(2) with `personality` */
    /* the user namespace denies setgroups(2): only an empty list is possible */
    STUB_SET_GROUPS_DENIED = 1 << 9,
    /* the program's process is a child, born with CLONE_PARENT when all privilege is gone: see birth.c */
    STUB_BIRTH = 1 << 10,
    STUB_TERMINAL = 1 << 11, /* fd 0 becomes the controlling terminal of the one that is born */
    STUB_PAUSE = 1 << 12,    /* it waits for MSG_GO, whose item is its pid as the runtime sees it */
    /* the filter is loaded before the birth: it needs a capability, and allows what stages.c says */
    STUB_FILTER_FIRST = 1 << 13,
};

/*
 * The stages, in order; MSG_FAILED names one. They begin at 1000 to keep them apart from init's. CWD comes
 * a second time after UID if the first try ended with EACCES; CAPABILITIES come last without no_new_privs
 * (see stages.c).
 */
enum stub_stage {
    STUB_STAGE_WAIT = 1000, /* accept or read on start_fd */
    STUB_STAGE_CLOSE,
    STUB_STAGE_HOOK, /* item: index of the startContainer hook; err: errno, or status as below;
                                      text: the end of what it wrote, unless that goes to fds */
    STUB_STAGE_LSM,  /* item: index in `labels`; -ENODATA: it was written but is not in force */
    STUB_STAGE_CWD,  /* item 0: open and enter; 1: it is outside of the root */
    STUB_STAGE_AFFINITY,
    STUB_STAGE_SCHEDULER,
    STUB_STAGE_IO_PRIORITY,
    STUB_STAGE_PERSONALITY,
    STUB_STAGE_RLIMIT, /* item: index in `rlimits` */
    STUB_STAGE_GROUPS,
    STUB_STAGE_GID,
    STUB_STAGE_UID,
    STUB_STAGE_NO_NEW_PRIVS,
    STUB_STAGE_CAPABILITIES, /* item: 0 bounding, 1 keep, 2 capset, 3 ambient */
    STUB_STAGE_SECCOMP,
    STUB_STAGE_NOTIFY, /* item 0: the helper that sends; 1: sending */
    STUB_STAGE_BIRTH,  /* item 0: clone(2); 1: what the child does first */
    STUB_STAGE_EXEC,
};

/* err of STUB_STAGE_HOOK when the hook ran but failed: not an errno. */
#define STUB_HOOK_EXITED(status) (-(0x10000 + (status))) /* the low byte: exit status */
#define STUB_HOOK_SIGNALED(sig)  (-(0x20000 + (sig)))
#define STUB_HOOK_TIMED_OUT      (-0x30000)

struct stub_span {
    uint32_t offset, size; /* bytes */
};

struct stub_rlimit {
    uint32_t resource, reserved;
    uint64_t soft, hard;
};

struct stub_scheduler { /* struct sched_attr of the kernel, version 1 */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
};

struct stub_hook {
    struct stub_span path;       /* as execve(2) resolves it in the container */
    struct stub_span argv, envp; /* strings one after the other, each with its NUL */
    uint32_t argc, envc;
    uint32_t timeout; /* seconds; 0: none */
    uint32_t reserved;
};

struct stub_label {
    struct stub_span path;     /* under proc_fd: "self/attr/exec"; "self" becomes argv[1] */
    struct stub_span fallback; /* the same, if there is no such file */
    struct stub_span text;     /* without NUL in its size */
};

enum stub_capability_set {
    STUB_BOUNDING,
    STUB_EFFECTIVE,
    STUB_PERMITTED,
    STUB_INHERITABLE,
    STUB_AMBIENT,
    STUB_CAPABILITY_SETS
};

struct stub_config {
    uint32_t magic, size; /* of everything, in bytes */
    uint32_t start;       /* enum stub_start */
    int32_t start_fd;
    uint32_t flags;        /* of enum stub_flag */
    uint32_t preserve_fds; /* 3 .. 3 + preserve_fds - 1 stay open */
    int32_t proc_fd;       /* root of the private procfs; -1 if not needed */
    int32_t gate_fd;       /* with STUB_BIRTH and STUB_ACCEPT: to the runtime, until MSG_BORN; else -1 */
    int32_t notify_fd;     /* connected to listenerPath; -1 if not needed */
    int32_t hook_stdout_fd, hook_stderr_fd; /* of hooks; -1: their end is the text of MSG_FAILED */
    uint32_t uid, gid;
    uint32_t umask;
    uint32_t personality;
    int32_t io_priority;
    uint64_t capabilities[STUB_CAPABILITY_SETS];
    struct stub_scheduler scheduler;
    struct stub_span groups;   /* uint32_t[] */
    struct stub_span rlimits;  /* struct stub_rlimit[] */
    struct stub_span hooks;    /* struct stub_hook[] */
    struct stub_span labels;   /* struct stub_label[] */
    struct stub_span affinity; /* unsigned long[] */
    struct stub_span cwd;
    struct stub_span seccomp; /* struct sock_filter[] */
    uint32_t seccomp_flags;   /* SECCOMP_FILTER_FLAG_* */
    uint32_t seccomp_reserved;
    /* state JSON before and after the container-side pid; no NUL counted */
    struct stub_span hook_state[2];
    /* container process state JSON, in three parts: the runtime-side pid goes between */
    struct stub_span notify_state[3];
};

#endif
