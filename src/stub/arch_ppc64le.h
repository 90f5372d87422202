/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_ppc64le.h - how 64-bit POWER (ELFv2) enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_PPC64LE_H
#define OCIRT_STUB_ARCH_PPC64LE_H

#if !defined(_CALL_ELF) || _CALL_ELF != 2
#error "the stub is not written for the first ELF ABI of POWER"
#endif

/*
 * Hands the stack as execve(2) left it to stub_main(), with the table of contents in r2 and a frame that ends
 * the chain.
 */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, @function\n" \
    "_start:\n" \
    "    lis 2, .TOC.@ha\n" \
    "    addi 2, 2, .TOC.@l\n" \
    "    mr 3, 1\n" \
    "    clrrdi 1, 1, 4\n" \
    "    li 0, 0\n" \
    "    stdu 0, -32(1)\n" \
    "    mtlr 0\n" \
    "    bl stub_main\n" \
    "    nop\n" \
    "    trap\n" \
    ".popsection\n"

/* The kernel returns a positive errno and sets the summary overflow bit. */
static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;
    register long r6 __asm__("r6") = d;
    register long r7 __asm__("r7") = e;

    __asm__ volatile("sc\n"
                     "    bns+ 1f\n"
                     "    neg 3, 3\n"
                     "1:\n"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     :
                     : "memory", "cr0", "ctr", "xer", "r8", "r9", "r10", "r11", "r12");
    return r3;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register long r0 __asm__("r0") = 120;
    register long r3 __asm__("r3") = (long) flags;
    register long r4 __asm__("r4") = (long) top - 32;
    register long r5 __asm__("r5") = 0;
    register long r6 __asm__("r6") = 0;
    register long r7 __asm__("r7") = 0;
    register long r14 __asm__("r14") = (long) function;
    register long r15 __asm__("r15") = (long) argument;

    __asm__ volatile("sc\n"
                     "    bns+ 1f\n"
                     "    neg 3, 3\n"
                     "1:  cmpdi 3, 0\n"
                     "    bne 2f\n"
                     "    li 0, 0\n"
                     "    std 0, 0(1)\n"
                     "    mr 3, 15\n"
                     "    mr 12, 14\n"
                     "    mtctr 12\n"
                     "    bctrl\n"
                     "    trap\n"
                     "2:\n"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     : "r"(r14), "r"(r15)
                     : "memory", "cr0", "ctr", "lr", "xer", "r8", "r9", "r10", "r11", "r12");
    return r3;
}

static inline void arch_relax(void)
{
    __asm__ volatile("or 1, 1, 1\n    or 2, 2, 2" ::: "memory");
}

#endif
