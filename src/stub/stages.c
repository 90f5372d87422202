/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.c - the order in which the stub becomes the program.
 *
 * What decides it:
 * - hooks of startContainer run with everything the container's root may do;
 * - a label applies to the next execve(2), so hooks come before it; its file is
 *   opened before a low RLIMIT_NOFILE, and as root, is in force;
 * - a working directory is entered as root first, and, as peers do, again as
 *   the user if root was not allowed to (a root-squashed NFS, FUSE);
 * - scheduling and rlimits need capabilities, so they precede the identity;
 *   the bounding set needs CAP_SETPCAP, which setresuid(2) takes away;
 * - filters come last: what follows is subject to them.  With no_new_privs that
 *   is execve(2) alone.  Without it loading needs CAP_SYS_ADMIN, so one
 *   capset(2) follows as well;
 * - what is born into a pid namespace of others must have no privilege, also not
 *   the one that loads a filter without no_new_privs: so there the filter comes
 *   before the birth, if it allows clone, setsid, ioctl, read, sendmsg and capset.
 */
#include "stub/run.h"
#include "stub/sys.h"

static const struct stage {
    enum stub_stage stage;
    int (*run)(struct stub *s);
} stages[] = {
    { STUB_STAGE_CLOSE, descriptors_closed },
    { STUB_STAGE_HOOK, hooks_run },
    { STUB_STAGE_LSM, confine_label },
    { STUB_STAGE_CWD, cwd_enter },
    { STUB_STAGE_AFFINITY, limits_affinity },
    { STUB_STAGE_SCHEDULER, limits_scheduler },
    { STUB_STAGE_IO_PRIORITY, limits_io_priority },
    { STUB_STAGE_PERSONALITY, limits_personality },
    { STUB_STAGE_PERSONALITY, limits_umask }, /* can't fail */
    { STUB_STAGE_RLIMIT, limits_rlimits },
    { STUB_STAGE_CAPABILITIES, identity_bounding },
    { STUB_STAGE_GROUPS, identity_groups },
    { STUB_STAGE_GID, identity_gid },
    { STUB_STAGE_UID, identity_uid },
    { STUB_STAGE_CWD, cwd_enter_as_user },
    { STUB_STAGE_NO_NEW_PRIVS, confine_no_new_privs },
    { STUB_STAGE_CAPABILITIES, capabilities_set },
    { STUB_STAGE_SECCOMP, confine_seccomp_first },
    { STUB_STAGE_CAPABILITIES, capabilities_drop_first },
    { STUB_STAGE_BIRTH, birth_give },
    { STUB_STAGE_EXEC, talk_announce }, /* while no filter can forbid it */
    { STUB_STAGE_SECCOMP, confine_seccomp },
    { STUB_STAGE_CAPABILITIES, capabilities_drop },
    { STUB_STAGE_EXEC, exec_program },
};

_Noreturn void stages_run(struct stub *s)
{
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        int r;

        s->item = 0;
        r = stages[i].run(s);
        if (r < 0)
            talk_fail(s, stages[i].stage, r);
    }
    sys_exit(127);
}
