/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_riscv64.h - how 64-bit RISC-V enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_RISCV64_H
#define OCIRT_STUB_ARCH_RISCV64_H

/* No relaxation against gp: nothing sets it. */
/* Hands the stack as execve(2) left it to stub_main(). */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, @function\n" \
    "_start:\n" \
    "    li s0, 0\n" \
    "    li ra, 0\n" \
    "    mv a0, sp\n" \
    "    andi sp, sp, -16\n" \
    "    call stub_main\n" \
    "    ebreak\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
    return a0;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register long a7 __asm__("a7") = 220;
    register long a0 __asm__("a0") = (long) flags;
    register long a1 __asm__("a1") = (long) top;
    register long a2 __asm__("a2") = 0;
    register long a3 __asm__("a3") = 0;
    register long a4 __asm__("a4") = 0;
    register long t5 __asm__("t5") = (long) function;
    register long t6 __asm__("t6") = (long) argument;

    __asm__ volatile("ecall\n"
                     "    bnez a0, 1f\n"
                     "    li s0, 0\n"
                     "    li ra, 0\n"
                     "    mv a0, t6\n"
                     "    jalr t5\n"
                     "    ebreak\n"
                     "1:\n"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(t5), "r"(t6)
                     : "memory");
    return a0;
}

static inline void arch_relax(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
