/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub.c - the sealed program begins here.
 *
 * It is the container's process from the end of its creation to execve(2), so
 * nothing of the runtime is ever executed inside the container, nor mapped.
 * (CVE-2019-5736: /proc/PID/exe of a runtime inside was overwritten.)
 */
#include "stub/stub.h"

#include <linux/prctl.h>

#include "stub/run.h"
#include "stub/sys.h"

__asm__(ARCH_START);

_Noreturn void stub_main(uintptr_t *sp);

/* The stack as execve(2) leaves it: argc, argv, NULL, envp, NULL. */
_Noreturn void stub_main(uintptr_t *sp)
{
    char **argv = (char **) (sp + 1);
    struct stub s;

    /*
     * First: before it a process of the container with our capabilities could trace us, after it none that
     * has less.
     */
    sys_prctl(PR_SET_DUMPABLE, 0, 0);
    sys_prctl(PR_SET_NAME, (unsigned long) STUB_NAME, 0);

    s.config = (const struct stub_config *) STUB_CONFIG_ADDRESS;
    if (sp[0] < 3 || s.config->magic != STUB_MAGIC)
        sys_exit(127);
    s.path = argv[0];
    s.pid = argv[1];
    s.argv = argv + 2;
    s.envp = argv + sp[0] + 1;
    s.connection = -1;
    s.cwd_denied = false;
    s.item = 0;
    s.text_size = 0;
    s.closed = descriptors_close(&s);
    signals_obey();
    if (stub_waits_when_born(&s))
        s.connection = s.config->gate_fd;
    else
        talk_wait(&s);
    stages_run(&s);
}
