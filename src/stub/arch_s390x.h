/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_s390x.h - how IBM Z enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_S390X_H
#define OCIRT_STUB_ARCH_S390X_H

/* Hands the stack as execve(2) left it to stub_main(); a caller owes the callee 160 bytes on the stack. */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, @function\n" \
    "_start:\n" \
    "    lgr %r2, %r15\n" \
    "    aghi %r15, -160\n" \
    "    xc 0(8, %r15), 0(%r15)\n" \
    "    brasl %r14, stub_main\n" \
    "    j .+2\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long r1 __asm__("1") = number;
    register long r2 __asm__("2") = a;
    register long r3 __asm__("3") = b;
    register long r4 __asm__("4") = c;
    register long r5 __asm__("5") = d;
    register long r6 __asm__("6") = e;

    __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6) : "memory");
    return r2;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register long r1 __asm__("1") = 120;
    register long r2 __asm__("2") = (long) top - 160; /* here the stack comes first */
    register long r3 __asm__("3") = (long) flags;
    register long r4 __asm__("4") = 0;
    register long r5 __asm__("5") = 0;
    register long r6 __asm__("6") = 0;
    register long r7 __asm__("7") = (long) function;
    register long r8 __asm__("8") = (long) argument;

    __asm__ volatile("svc 0\n"
                     "    ltgr %%r2, %%r2\n"
                     "    jne 1f\n"
                     "    xc 0(8, %%r15), 0(%%r15)\n"
                     "    lgr %%r2, %%r8\n"
                     "    basr %%r14, %%r7\n"
                     "    j .+2\n"
                     "1:\n"
                     : "+d"(r2)
                     : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7), "d"(r8)
                     : "memory", "cc", "14");
    return r2;
}

static inline void arch_relax(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
