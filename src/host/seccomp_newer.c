/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_newer.c - what a filter says to system calls that are newer than itself.
 */
#include "host/seccomp_newer.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>

/*
 * Linux numbers its calls from 0 (MIPS: 4000) upwards and nowhere near here. Above lie those that ARM keeps
 * for itself (0xf0001 and up) and the bit of x32, which are not newer but other calls.
 */
#define NUMBER_LIMIT 0xf0000U

enum { BLOCK = 6 }; /* instructions an architecture */

/* The highest number of a call that the profile names, whatever it does with it; -1 if there is none. */
static int newest(const struct oci_seccomp *seccomp, uint32_t arch)
{
    int max = -1;

    for (size_t i = 0; i < seccomp->syscalls.n; i++) {
        const struct oci_syscall *call = seccomp->syscalls.v[i];

        for (size_t j = 0; j < call->names.n; j++) {
            int number = seccomp_syscall_resolve_name_arch(arch, call->names.v[j]);

            if (number > max && number < (int) NUMBER_LIMIT)
                max = number;
        }
    }
    return max;
}

/* TO_END: instructions from the end of this block to the end of all. */
static void put_block(struct sock_filter *ret, uint32_t arch, uint32_t max, uint32_t to_end)
{
    const struct sock_filter block[BLOCK] = {
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NUMBER_LIMIT, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, max, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_JMP | BPF_JA, to_end),
    };

    for (int i = 0; i < BLOCK; i++)
        ret[i] = block[i];
}

size_t host_seccomp_newer(const struct oci_seccomp *seccomp, const uint32_t *archs, size_t n,
                          struct sock_filter ret[HOST_SECCOMP_NEWER_MAX])
{
    struct {
        uint32_t arch, max;
    } known[HOST_SECCOMP_NEWER_MAX / BLOCK];
    size_t n_known = 0, at = 0;

    for (size_t i = 0; i < n && n_known < sizeof known / sizeof known[0]; i++) {
        /* x32 tells the kernel that it is x86-64, and its numbers are above the limit. */
        int max = archs[i] == SCMP_ARCH_X32 ? -1 : newest(seccomp, archs[i]);

        if (max < 0)
            continue;
        known[n_known].arch = archs[i];
        known[n_known++].max = (uint32_t) max;
    }
    if (n_known == 0)
        return 0;
    ret[at++] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    for (size_t i = 0; i < n_known; i++, at += BLOCK)
        put_block(ret + at, known[i].arch, known[i].max, (uint32_t) ((n_known - 1 - i) * BLOCK));
    return at;
}

#else

size_t host_seccomp_newer(const struct oci_seccomp *seccomp, const uint32_t *archs, size_t n,
                          struct sock_filter ret[HOST_SECCOMP_NEWER_MAX])
{
    (void) seccomp;
    (void) archs;
    (void) n;
    (void) ret;
    return 0;
}

#endif
