/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_aarch64.h - how 64-bit ARM enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_AARCH64_H
#define OCIRT_STUB_ARCH_AARCH64_H

/* Hands the stack as execve(2) left it to stub_main(). */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, %function\n" \
    "_start:\n" \
    "    mov x29, #0\n" \
    "    mov x30, #0\n" \
    "    mov x0, sp\n" \
    "    bl stub_main\n" \
    "    brk #0\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory", "cc");
    return x0;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register long x8 __asm__("x8") = 220;
    register long x0 __asm__("x0") = (long) flags;
    register long x1 __asm__("x1") = (long) top;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register long x5 __asm__("x5") = (long) function;
    register long x6 __asm__("x6") = (long) argument;

    __asm__ volatile("svc #0\n"
                     "    cbnz x0, 1f\n"
                     "    mov x29, #0\n"
                     "    mov x30, #0\n"
                     "    mov x0, x6\n"
                     "    blr x5\n"
                     "    brk #0\n"
                     "1:\n"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6)
                     : "memory", "cc");
    return x0;
}

static inline void arch_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

#endif
