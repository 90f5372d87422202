/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arch_i386.h - how 32-bit x86 enters the kernel, begins a program and begins a thread. */
#ifndef OCIRT_STUB_ARCH_I386_H
#define OCIRT_STUB_ARCH_I386_H

/* Hands the stack as execve(2) left it to stub_main(). */
#define ARCH_START \
    ".pushsection .text._start, \"ax\"\n" \
    ".globl _start\n" \
    ".type _start, @function\n" \
    "_start:\n" \
    "    xor %ebp, %ebp\n" \
    "    mov %esp, %eax\n" \
    "    and $-16, %esp\n" \
    "    sub $12, %esp\n" \
    "    push %eax\n" \
    "    call stub_main\n" \
    "    hlt\n" \
    ".popsection\n"

static inline long arch_syscall(long number, long a, long b, long c, long d, long e)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

/*
 * clone(2) whose child runs FUNCTION(ARGUMENT) on the stack that ends at TOP (a multiple of 16) and does not
 * return.
 */
static inline long arch_clone(unsigned long flags, void *top, void (*function)(void *), void *argument)
{
    void **stack = (void **) top - 5;
    long result;

    stack[0] = (void *) function; /* popped by the child, which finds the argument where it belongs then */
    stack[1] = argument;
    __asm__ volatile("int $0x80\n"
                     "    test %%eax, %%eax\n"
                     "    jnz 1f\n"
                     "    pop %%eax\n"
                     "    call *%%eax\n"
                     "    hlt\n"
                     "1:\n"
                     : "=a"(result)
                     : "0"(120L), "b"(flags), "c"(stack), "d"(0L), "S"(0L), "D"(0L)
                     : "memory");
    return result;
}

static inline void arch_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

#endif
