/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.c - becomes the program.
 *
 * By path: a script can't be executed through a descriptor that closes itself,
 * and execveat(2) would name the process after the descriptor.
 */
#include "stub/run.h"
#include "stub/sys.h"

int exec_program(struct stub *s)
{
    return (int) sys_execve(s->path, s->argv, s->envp);
}
