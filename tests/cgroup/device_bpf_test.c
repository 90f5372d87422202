/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device_bpf_test.c - the compiled device programs say what the rules say.
 *
 * The kernel has no BPF_PROG_TEST_RUN for device programs, so they run in the interpreter below, for a table
 * of questions with known answers, and for random rules compared with plan_device_rules_allow().  host_test.c
 * asks the kernel.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "host/device_bpf.h"
#include "tests/spec/tap.h"

enum { R = PLAN_DEVICE_READ, W = PLAN_DEVICE_WRITE, M = PLAN_DEVICE_MKNOD, RW = R | W, RWM = R | W | M };

/* ---- an interpreter of the instructions that the compiler uses ----------------------------------------- */

static uint64_t load(const struct bpf_cgroup_dev_ctx *ctx, int16_t offset)
{
    uint32_t value;

    memcpy(&value, (const char *) ctx + offset, sizeof value);
    return value;
}

/* 0 or 1: what the program returns; -1: it is no program that the verifier would take. */
static int run(const struct bpf_insn *v, size_t n, char type, uint32_t major, uint32_t minor, unsigned access)
{
    struct bpf_cgroup_dev_ctx ctx = {
        .access_type = access << 16 | (type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
        .major = major,
        .minor = minor,
    };
    uint64_t r[11] = { 0 };

    for (size_t i = 0; i < n; i++) {
        const struct bpf_insn *x = &v[i];
        uint32_t dst = (uint32_t) r[x->dst_reg], imm = (uint32_t) x->imm;
        bool jump = false;

        switch (x->code) {
        case BPF_LDX | BPF_MEM | BPF_W: r[x->dst_reg] = load(&ctx, x->off); break;
        case BPF_ALU | BPF_MOV | BPF_X: r[x->dst_reg] = (uint32_t) r[x->src_reg]; break;
        case BPF_ALU | BPF_RSH | BPF_K: r[x->dst_reg] = dst >> imm; break;
        case BPF_ALU | BPF_AND | BPF_K: r[x->dst_reg] = dst & imm; break;
        case BPF_ALU64 | BPF_MOV | BPF_K: r[x->dst_reg] = imm; break;
        case BPF_JMP32 | BPF_JNE | BPF_K: jump = dst != imm; break;
        case BPF_JMP32 | BPF_JEQ | BPF_K: jump = dst == imm; break;
        case BPF_JMP32 | BPF_JSET | BPF_K: jump = (dst & imm) != 0; break;
        case BPF_JMP | BPF_JA: jump = true; break;
        case BPF_JMP | BPF_EXIT: return (int) r[BPF_REG_0];
        default: return -1;
        }
        if (jump && x->off < 0)
            return -1;
        i += jump ? (size_t) x->off : 0;
    }
    return -1;
}

/* Is each instruction reached from the first?  The verifier wants that. */
static bool all_reached(const struct bpf_insn *v, size_t n)
{
    bool *reached = calloc(n + 1, sizeof *reached), all = true;

    reached[0] = true;
    for (size_t i = 0; i < n; i++) {
        bool jumps = BPF_CLASS(v[i].code) == BPF_JMP32 || v[i].code == (BPF_JMP | BPF_JA);

        all &= reached[i];
        if (jumps && i + 1 + (size_t) v[i].off < n)
            reached[i + 1 + (size_t) v[i].off] = true;
        if (v[i].code != (BPF_JMP | BPF_JA) && v[i].code != (BPF_JMP | BPF_EXIT))
            reached[i + 1] = true;
    }
    all &= !reached[n];
    free(reached);
    return all;
}

/* ---- a table ------------------------------------------------------------------------------------------- */

struct question {
    char type;
    uint32_t major, minor;
    unsigned access;
    int answer;
};

struct example {
    const char *name;
    struct plan_device_rule rules[8];
    size_t n;
    struct question questions[12];
};

/* clang-format off */
static const struct example examples[] = {
    { "no rule", { { 0 } }, 0, { { 'c', 1, 3, R, 0 }, { 'b', 8, 0, M, 0 }, { 'c', 1, 3, 0, 0 } } },
    { "everything", { { 'a', -1, -1, RWM, true, NULL } }, 1, { { 'c', 1, 3, RWM, 1 }, { 'b', 8, 0, M, 1 } } },
    { "one device", { { 'c', 1, 3, RWM, true, NULL } }, 1,
      { { 'c', 1, 3, RWM, 1 }, { 'c', 1, 3, R, 1 }, { 'c', 1, 4, R, 0 }, { 'c', 2, 3, R, 0 },
        { 'b', 1, 3, R, 0 } } },
    { "read only", { { 'c', 10, 200, R, true, NULL } }, 1,
      { { 'c', 10, 200, R, 1 }, { 'c', 10, 200, W, 0 }, { 'c', 10, 200, RW, 0 }, { 'c', 10, 200, M, 0 } } },
    { "two rules together", { { 'c', 10, 200, R, true, NULL }, { 'c', -1, -1, W, true, NULL } }, 2,
      { { 'c', 10, 200, RW, 1 }, { 'c', 10, 201, RW, 0 }, { 'c', 10, 201, W, 1 },
        { 'c', 10, 200, RWM, 0 } } },
    { "a hole", { { 'b', -1, -1, RWM, true, NULL }, { 'b', 8, 0, W, false, NULL } }, 2,
      { { 'b', 8, 0, R, 1 }, { 'b', 8, 0, W, 0 }, { 'b', 8, 0, RW, 0 }, { 'b', 8, 0, M, 1 },
        { 'b', 8, 1, RW, 1 } } },
    { "everything but one", { { 'a', -1, -1, RWM, true, NULL }, { 'b', 8, 0, RWM, false, NULL } }, 2,
      { { 'b', 8, 0, R, 0 }, { 'b', 8, 1, R, 1 }, { 'c', 8, 0, R, 1 }, { 'b', 8, 0, 0, 0 } } },
    { "the last counts",
      { { 'c', 5, 1, RWM, false, NULL }, { 'c', 5, 1, RWM, true, NULL }, { 'c', 5, 1, M, false, NULL } }, 3,
      { { 'c', 5, 1, RW, 1 }, { 'c', 5, 1, M, 0 }, { 'c', 5, 1, RWM, 0 } } },
    { "any minor", { { 'c', 136, -1, RW, true, NULL } }, 1,
      { { 'c', 136, 1048575, RW, 1 }, { 'c', 137, 0, R, 0 } } },
    { "any major", { { 'c', -1, 7, RW, true, NULL } }, 1, { { 'c', 4095, 7, RW, 1 }, { 'c', 7, 8, R, 0 } } },
    { "both types, read", { { 'a', -1, -1, R, true, NULL } }, 1,
      { { 'c', 1, 1, R, 1 }, { 'b', 1, 1, R, 1 }, { 'b', 1, 1, W, 0 } } },
    { "each type, to make nodes", { { 'c', -1, -1, M, true, NULL }, { 'b', -1, -1, M, true, NULL } }, 2,
      { { 'c', 1, 1, M, 1 }, { 'b', 1, 1, M, 1 }, { 'b', 1, 1, RWM, 0 }, { 'c', 1, 1, R, 0 } } },
    { "each type, but for one", { { 'a', -1, -1, RWM, true, NULL }, { 'b', -1, -1, RWM, false, NULL },
                                  { 'c', -1, -1, RWM, false, NULL }, { 'c', 1, 3, RWM, true, NULL } }, 4,
      { { 'c', 1, 3, RW, 1 }, { 'c', 1, 4, R, 0 }, { 'b', 8, 0, R, 0 } } },
    { "one allowed, one not", { { 'c', -1, -1, M, true, NULL }, { 'b', -1, -1, M, false, NULL } }, 2,
      { { 'c', 1, 1, M, 1 }, { 'b', 1, 1, M, 0 } } },
    { "the largest number", { { 'c', 4294967295, 4294967295, RW, true, NULL } }, 1,
      { { 'c', 4294967295, 4294967295, RW, 1 }, { 'c', 4294967295, 0, R, 0 } } },
};
/* clang-format on */

static void check_example(const struct example *e)
{
    struct plan_device_rules rules = { .v = (struct plan_device_rule *) e->rules, .n = e->n };
    autofree struct bpf_insn *v = NULL;
    size_t n = 0;

    check(host_device_bpf_compile(&rules, &v, &n) == 0 && all_reached(v, n),
          "%s: compiles, without dead code", e->name);
    for (const struct question *q = e->questions; q->type; q++) {
        int got = run(v, n, q->type, q->major, q->minor, q->access);

        check(got == q->answer, "%s: %c %u:%u access %u is %s", e->name, q->type, q->major, q->minor,
              q->access, q->answer ? "allowed" : "denied");
        if (q->access && plan_device_rules_allow(&rules, q->type, q->major, q->minor, q->access) != q->answer)
            check(false, "%s: the rules themselves say otherwise", e->name);
    }
}

/* ---- random rules -------------------------------------------------------------------------------------- */

static unsigned below(unsigned n)
{
    static uint64_t state = 20260101;

    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned) (state >> 33) % n;
}

static struct plan_device_rule random_rule(void)
{
    struct plan_device_rule r = {
        .type = "acb"[below(3)],
        .major = (int) below(3) - 1,
        .minor = (int) below(3) - 1,
        .access = below(2) ? RWM : 1 + below(7),
        .allow = below(2),
    };

    if (r.type == 'a')
        r.major = r.minor = -1;
    return r;
}

static bool agrees(const struct plan_device_rules *rules, const struct bpf_insn *v, size_t n)
{
    for (unsigned i = 0; i < 2 * 2 * 2 * 7; i++) {
        char type = "cb"[i & 1];
        unsigned major = i >> 1 & 1, minor = i >> 2 & 1, access = 1 + (i >> 3);

        if (run(v, n, type, major, minor, access) !=
            plan_device_rules_allow(rules, type, major, minor, access))
            return false;
    }
    return true;
}

static void check_random(void)
{
    unsigned bad = 0, dead = 0;

    for (unsigned i = 0; i < 20000; i++) {
        struct plan_device_rule v[8];
        struct plan_device_rules rules = { .v = v, .n = below(9) };
        autofree struct bpf_insn *program = NULL;
        size_t n = 0;

        for (size_t j = 0; j < rules.n; j++)
            v[j] = random_rule();
        if (host_device_bpf_compile(&rules, &program, &n) < 0 || !agrees(&rules, program, n))
            bad++;
        else
            dead += !all_reached(program, n);
    }
    check_number(bad, 0, "20,000 random lists of rules: the program answers as the rules");
    check_number(dead, 0, "20,000 random lists of rules: no instruction is dead");
}

int main(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        check_example(&examples[i]);
    check_random();
    return tap_done();
}
