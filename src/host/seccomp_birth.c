/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_birth.c - a seccomp program is run here, for calls that nobody has made yet.
 *
 * Whether the filter can be loaded early is decided before anything is done: a stub under a filter that is
 * too narrow could neither go on nor tell.  What is unknown here (an instruction, an architecture) counts as
 * "not allowed".
 */
#include "host/seccomp_birth.h"

#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define OWN_ARCH AUDIT_ARCH_I386
#elif defined(__arm__)
#define OWN_ARCH AUDIT_ARCH_ARM
#elif defined(__powerpc64__)
#define OWN_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define OWN_ARCH AUDIT_ARCH_S390X
#elif defined(__riscv)
#define OWN_ARCH AUDIT_ARCH_RISCV64
#elif defined(__loongarch64)
#define OWN_ARCH AUDIT_ARCH_LOONGARCH64
#else
#define OWN_ARCH 0U
#endif

struct machine {
    uint32_t a, x, m[BPF_MEMWORDS];
    const struct seccomp_data *data;
};

static bool load_word(const struct machine *m, uint32_t offset, uint32_t *ret)
{
    if (offset > sizeof *m->data - sizeof *ret || offset % sizeof *ret)
        return false;
    memcpy(ret, (const char *) m->data + offset, sizeof *ret);
    return true;
}

static bool load(struct machine *m, const struct sock_filter *f, uint32_t *to)
{
    switch (BPF_MODE(f->code)) {
    case BPF_IMM: *to = f->k; return true;
    case BPF_ABS: return load_word(m, f->k, to);
    case BPF_LEN: *to = sizeof *m->data; return true;
    case BPF_MEM:
        if (f->k >= BPF_MEMWORDS)
            return false;
        *to = m->m[f->k];
        return true;
    default: return false;
    }
}

static bool store(struct machine *m, const struct sock_filter *f, uint32_t value)
{
    if (f->k >= BPF_MEMWORDS)
        return false;
    m->m[f->k] = value;
    return true;
}

static bool calculate(struct machine *m, const struct sock_filter *f)
{
    uint32_t operand = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

    switch (BPF_OP(f->code)) {
    case BPF_ADD: m->a += operand; return true;
    case BPF_SUB: m->a -= operand; return true;
    case BPF_MUL: m->a *= operand; return true;
    case BPF_AND: m->a &= operand; return true;
    case BPF_OR: m->a |= operand; return true;
    case BPF_XOR: m->a ^= operand; return true;
    case BPF_LSH: m->a = operand < 32 ? m->a << operand : 0; return true;
    case BPF_RSH: m->a = operand < 32 ? m->a >> operand : 0; return true;
    case BPF_NEG: m->a = -m->a; return true;
    case BPF_DIV:
        if (operand == 0)
            return false;
        m->a /= operand;
        return true;
    default: return false;
    }
}

/* How far to jump. */
static bool jump(const struct machine *m, const struct sock_filter *f, uint32_t *ret)
{
    uint32_t operand = BPF_SRC(f->code) == BPF_X ? m->x : f->k;
    bool taken;

    switch (BPF_OP(f->code)) {
    case BPF_JA: *ret = f->k; return true;
    case BPF_JEQ: taken = m->a == operand; break;
    case BPF_JGT: taken = m->a > operand; break;
    case BPF_JGE: taken = m->a >= operand; break;
    case BPF_JSET: taken = (m->a & operand) != 0; break;
    default: return false;
    }
    *ret = taken ? f->jt : f->jf;
    return true;
}

static bool step(struct machine *m, const struct sock_filter *f, uint32_t *ret_jump)
{
    *ret_jump = 0;
    switch (BPF_CLASS(f->code)) {
    case BPF_LD: return load(m, f, &m->a);
    case BPF_LDX: return load(m, f, &m->x);
    case BPF_ST: return store(m, f, m->a);
    case BPF_STX: return store(m, f, m->x);
    case BPF_ALU: return calculate(m, f);
    case BPF_JMP: return jump(m, f, ret_jump);
    case BPF_MISC:
        if (BPF_MISCOP(f->code) == BPF_TAX)
            m->x = m->a;
        else
            m->a = m->x;
        return true;
    default: return false;
    }
}

/* Jumps lead forward only, so it ends.  The kernel kills for what it can't follow, and it says so here. */
static uint32_t run(const struct host_seccomp *seccomp, const struct seccomp_data *data)
{
    struct machine m = { .data = data };
    uint32_t distance;

    for (size_t at = 0; at < seccomp->n; at += 1 + (size_t) distance) {
        const struct sock_filter *f = &seccomp->program[at];

        if (BPF_CLASS(f->code) == BPF_RET)
            return BPF_RVAL(f->code) == BPF_A ? m.a : f->k;
        if (!step(&m, f, &distance))
            break;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

bool host_seccomp_allows_birth(const struct host_seccomp *seccomp)
{
    const struct seccomp_data calls[] = {
#ifdef __s390x__ /* here the stack comes first */
        { .nr = SYS_clone, .args = { 0, CLONE_PARENT | SIGCHLD } },
#else
        { .nr = SYS_clone, .args = { CLONE_PARENT | SIGCHLD } },
#endif
        { .nr = SYS_capset },
        { .nr = SYS_setsid },
        { .nr = SYS_getpid },
        { .nr = SYS_ioctl, .args = { 0, TIOCSCTTY } },
        { .nr = SYS_prlimit64 },
        { .nr = SYS_sendmsg },
        { .nr = SYS_read },
        { .nr = SYS_close },
        { .nr = SYS_accept4 },
        { .nr = SYS_exit_group },
    };

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct seccomp_data data = calls[i];
        uint32_t action;

        data.arch = OWN_ARCH;
        action = run(seccomp, &data) & SECCOMP_RET_ACTION_FULL;
        if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG)
            return false;
    }
    return true;
}
