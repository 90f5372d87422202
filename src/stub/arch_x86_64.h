/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_x86_64.h - how x86-64 enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_X86_64_H
#define OCIRT_STUB_ARCH_X86_64_H

/* The x32 ABI has another table of system calls; configure with -m64. */
#ifdef __ILP32__
#error "the stub is not written for x32"
#endif

/* Hands the stack as execve(2) left it to stub_main(). */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, @function\n" \
    "_start:\n" \
    "    xor %ebp, %ebp\n" \
    "    mov %rsp, %rdi\n" \
    "    and $-16, %rsp\n" \
    "    call stub_main\n" \
    "    hlt\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    register void *r8 __asm__("r8") = (void *) function;
    register void *r9 __asm__("r9") = argument;
    register long r10 __asm__("r10") = 0;
    long result;

    __asm__ volatile("syscall\n"
                     "    test %%rax, %%rax\n"
                     "    jnz 1f\n"
                     "    xor %%ebp, %%ebp\n"
                     "    mov %%r9, %%rdi\n"
                     "    call *%%r8\n"
                     "    hlt\n"
                     "1:\n"
                     : "=a"(result)
                     : "0"(56L), "D"(flags), "S"(top), "d"(0L), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline void arch_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

#endif
