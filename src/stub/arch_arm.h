/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_arm.h - how 32-bit ARM (EABI) enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_ARM_H
#define OCIRT_STUB_ARCH_ARM_H

#ifndef __ARM_EABI__
#error "the stub is not written for the old ABI of ARM"
#endif

/*
 * Hands the stack as execve(2) left it to stub_main(), which may be Thumb code: the linker makes blx of bl.
 */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".arm\n" \
    ".globl _start\n" \
    ".type _start, %function\n" \
    "_start:\n" \
    "    mov r0, sp\n" \
    "    mov fp, #0\n" \
    "    mov lr, #0\n" \
    "    bl stub_main\n" \
    "    udf #0\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r4 __asm__("r4") = e;

    __asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4) : "memory");
    return r0;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register long r7 __asm__("r7") = 120;
    register long r0 __asm__("r0") = (long) flags;
    register long r1 __asm__("r1") = (long) top;
    register long r2 __asm__("r2") = 0;
    register long r3 __asm__("r3") = 0;
    register long r4 __asm__("r4") = 0;
    register long r5 __asm__("r5") = (long) function;
    register long r6 __asm__("r6") = (long) argument;

    __asm__ volatile("svc #0\n"
                     "    cmp r0, #0\n"
                     "    bne 1f\n"
                     "    mov r0, r6\n"
                     "    blx r5\n"
                     "    udf #0\n"
                     "1:\n"
                     : "+r"(r0)
                     : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6)
                     : "memory", "cc", "lr");
    return r0;
}

static inline void arch_relax(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
