/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device_bpf.c - device rules as a BPF program.
 *
 * The program walks the rules from the last to the first.  It keeps the access that is still asked for: a
 * rule that matches the device and allows takes its bits away, and none left is "yes"; one that denies any of
 * them is "no".  So each bit is decided by the last rule about it, as in the rules' meaning.
 *
 * The verifier's time grows with the paths: it was most of what a program costs.  So rules that follow each
 * other and allow single devices in full, as nearly all do, are put together by type and major number; their
 * order can't matter.  For the default devices that is a quarter of the time (40 us more than the smallest
 * program's 17, instead of 190).
 *
 * union bpf_attr is always given to bpf(2) zeroed and at its full size: Linux 6.17 to 7.1 write beyond a
 * shorter one in BPF_PROG_QUERY.
 */
#include "host/device_bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/cgroup.h"

_Static_assert(sizeof(union bpf_attr) >= 64, "BPF_PROG_QUERY writes up to byte 64");

#define PROGRAM_NAME "ocirt_devices" /* 15 bytes at most; how we find ours again */

/* ---- the program --------------------------------------------------------------------------------------- */

/* clang-format off */
enum { R_RESULT = BPF_REG_0, R_CONTEXT = BPF_REG_1, R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3,
       R_MAJOR = BPF_REG_4, R_MINOR = BPF_REG_5 };
/* clang-format on */

enum { PROLOGUE = 6, RULE_MAX = 7, EPILOGUE = 2 }; /* instructions */

struct program {
    struct bpf_insn *v;
    size_t n;
};

static void put(struct program *p, uint8_t code, unsigned dst, unsigned src, int16_t off, uint32_t imm)
{
    p->v[p->n++] = (struct bpf_insn){
        .code = code,
        .dst_reg = dst & 0xf,
        .src_reg = src & 0xf,
        .off = off,
        .imm = (int32_t) imm,
    };
}

static void put_load(struct program *p, unsigned dst, size_t offset)
{
    put(p, BPF_LDX | BPF_MEM | BPF_W, dst, R_CONTEXT, (int16_t) offset, 0);
}

static void put_return(struct program *p, bool allow)
{
    put(p, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, allow);
    put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* access_type has the type in its lower half, the access in its upper one. */
static void put_prologue(struct program *p)
{
    put_load(p, R_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    put(p, BPF_ALU | BPF_MOV | BPF_X, R_ACCESS, R_TYPE, 0, 0);
    put(p, BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
    put(p, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
    put_load(p, R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
    put_load(p, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static unsigned n_conditions(const struct plan_device_rule *r)
{
    return (r->type != 'a' ? 1U : 0U) + (r->major >= 0 ? 1U : 0U) + (r->minor >= 0 ? 1U : 0U);
}

/* Jumps over the other conditions and BODY instructions if REGISTER is not VALUE. */
static void put_condition(struct program *p, unsigned reg, int64_t value, unsigned *left, unsigned body)
{
    put(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, (int16_t) (--*left + body), (uint32_t) value);
}

static void put_conditions(struct program *p, const struct plan_device_rule *r, unsigned body)
{
    unsigned left = n_conditions(r);

    if (r->type != 'a')
        put_condition(p, R_TYPE, r->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK, &left, body);
    if (r->major >= 0)
        put_condition(p, R_MAJOR, r->major, &left, body);
    if (r->minor >= 0)
        put_condition(p, R_MINOR, r->minor, &left, body);
}

/* ---- rules that allow in full, put together ------------------------------------------------------------ */

enum { GROUP_MAX = 256 }; /* jumps have 16 bits, and the search below is quadratic */

static bool can_be_grouped(const struct plan_device_rule *r)
{
    return r->allow && r->access == PLAN_DEVICE_ALL && r->type != 'a' && (r->major >= 0 || r->minor >= 0);
}

/* How many rules before END can be put together. */
static size_t group_before(const struct plan_device_rules *rules, size_t end)
{
    size_t n = 0;

    while (n < end && n < GROUP_MAX && can_be_grouped(&rules->v[end - n - 1]))
        n++;
    return n;
}

/* Jumps to the group's "yes", whose place is known at the end. */
static void put_match(struct program *p, unsigned reg, int64_t value)
{
    put(p, BPF_JMP32 | BPF_JEQ | BPF_K, reg, 0, 0, (uint32_t) value);
}

/* The rules of one type and major number, which may be -1 for all. */
static void put_major(struct program *p, const struct plan_device_rule *v, size_t n, char type, int64_t major)
{
    size_t test = p->n;

    for (size_t i = 0; i < n; i++)
        if (v[i].type == type && v[i].major == major && v[i].minor < 0) {
            put_match(p, R_MAJOR, major);
            return;
        }
    if (major >= 0)
        put(p, BPF_JMP32 | BPF_JNE | BPF_K, R_MAJOR, 0, 0, (uint32_t) major);
    for (size_t i = 0; i < n; i++)
        if (v[i].type == type && v[i].major == major)
            put_match(p, R_MINOR, v[i].minor);
    if (major >= 0)
        p->v[test].off = (int16_t) (p->n - test - 1);
}

static bool is_first_of_major(const struct plan_device_rule *v, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (v[j].type == v[i].type && v[j].major == v[i].major)
            return false;
    return true;
}

static void put_type(struct program *p, const struct plan_device_rule *v, size_t n, char type)
{
    size_t test = p->n;

    put(p, BPF_JMP32 | BPF_JNE | BPF_K, R_TYPE, 0, 0, type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
    for (size_t i = 0; i < n; i++)
        if (v[i].type == type && is_first_of_major(v, i))
            put_major(p, v, n, type, v[i].major);
    if (p->n == test + 1)
        p->n = test;
    else
        p->v[test].off = (int16_t) (p->n - test - 1);
}

static void put_group(struct program *p, const struct plan_device_rule *v, size_t n)
{
    size_t begin = p->n;

    put_type(p, v, n, 'c');
    put_type(p, v, n, 'b');
    put(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
    for (size_t i = begin; i < p->n; i++)
        if (p->v[i].code == (BPF_JMP32 | BPF_JEQ | BPF_K))
            p->v[i].off = (int16_t) (p->n - i - 1);
    put_return(p, true);
}

/* ---- single rules -------------------------------------------------------------------------------------- */

/* true if no rule before it can count any more: the verifier refuses instructions that are never reached. */
static bool put_rule(struct program *p, const struct plan_device_rule *r)
{
    if (r->access == PLAN_DEVICE_ALL) {
        put_conditions(p, r, 2);
        put_return(p, r->allow);
        return n_conditions(r) == 0;
    }
    put_conditions(p, r, 4);
    if (r->allow) {
        put(p, BPF_ALU | BPF_AND | BPF_K, R_ACCESS, 0, 0, PLAN_DEVICE_ALL & ~r->access);
        put(p, BPF_JMP32 | BPF_JNE | BPF_K, R_ACCESS, 0, 2, 0);
        put_return(p, true);
    } else {
        put(p, BPF_JMP32 | BPF_JSET | BPF_K, R_ACCESS, 0, 1, r->access);
        put(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
        put_return(p, false);
    }
    return false;
}

/* All block devices, and all character devices, are all: as "may make nodes for any" in the default rules. */
static bool are_two_halves(const struct plan_device_rule *a, const struct plan_device_rule *b)
{
    return a->major < 0 && a->minor < 0 && b->major < 0 && b->minor < 0 && a->allow == b->allow &&
           a->access == b->access && a->type != b->type && a->type != 'a' && b->type != 'a';
}

/* Puts the last of the N rules, or two.  Returns how many; and whether it is as put_rule() says. */
static size_t put_last(struct program *p, const struct plan_device_rule *v, size_t n, bool *ret_closed)
{
    struct plan_device_rule whole = v[n - 1];
    bool two = n > 1 && are_two_halves(&v[n - 2], &v[n - 1]);

    if (two)
        whole.type = 'a';
    *ret_closed = put_rule(p, &whole);
    return two ? 2 : 1;
}

int host_device_bpf_compile(const struct plan_device_rules *rules, struct bpf_insn **ret, size_t *ret_n)
{
    struct program p = { 0 };
    bool closed = false;
    size_t room;

    if (__builtin_mul_overflow(rules->n, RULE_MAX, &room) ||
        __builtin_add_overflow(room, PROLOGUE + EPILOGUE, &room) || !(p.v = calloc(room, sizeof *p.v)))
        return -ENOMEM;
    put_prologue(&p);
    for (size_t i = rules->n, n; !closed && i > 0; i -= n) {
        n = group_before(rules, i);
        if (n > 1)
            put_group(&p, &rules->v[i - n], n);
        else
            n = put_last(&p, rules->v, i, &closed);
    }
    if (!closed)
        put_return(&p, false);
    *ret = p.v;
    *ret_n = p.n;
    return 0;
}

/* ---- the kernel ---------------------------------------------------------------------------------------- */

static int bpf(int command, union bpf_attr *attr)
{
    long r = syscall(SYS_bpf, command, attr, sizeof *attr);

    return r < 0 ? -errno : (int) r;
}

static uint64_t address(const void *p)
{
    return (uint64_t) (uintptr_t) p;
}

static int load(const struct bpf_insn *v, size_t n)
{
    static const char license[] = "LGPL-2.1-or-later";
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = address(v);
    attr.insn_cnt = (uint32_t) n;
    attr.license = address(license);
    memcpy(attr.prog_name, PROGRAM_NAME, sizeof PROGRAM_NAME);
    return bpf(BPF_PROG_LOAD, &attr);
}

/* REPLACED_FD: the program whose place it takes, or -1. */
static int attach(int cgroup_fd, int program_fd, int replaced_fd)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t) cgroup_fd;
    attr.attach_bpf_fd = (uint32_t) program_fd;
    attr.attach_type = BPF_CGROUP_DEVICE;
    /* MULTI: with a program of a cgroup above, or of systemd's, both must say yes. */
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (replaced_fd >= 0) {
        attr.attach_flags |= BPF_F_REPLACE;
        attr.replace_bpf_fd = (uint32_t) replaced_fd;
    }
    return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int cgroup_fd, int program_fd)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t) cgroup_fd;
    attr.attach_bpf_fd = (uint32_t) program_fd;
    attr.attach_type = BPF_CGROUP_DEVICE;
    return bpf(BPF_PROG_DETACH, &attr);
}

enum { ATTACHED_MAX = 64 }; /* BPF_CGROUP_MAX_PROGS of the kernel */

static int query(int cgroup_fd, uint32_t ids[static ATTACHED_MAX])
{
    union bpf_attr attr;
    int r;

    memset(&attr, 0, sizeof attr);
    attr.query.target_fd = (uint32_t) cgroup_fd;
    attr.query.attach_type = BPF_CGROUP_DEVICE;
    attr.query.prog_ids = address(ids);
    attr.query.prog_cnt = ATTACHED_MAX;
    r = bpf(BPF_PROG_QUERY, &attr);
    return r < 0 ? r : (int) attr.query.prog_cnt;
}

static int open_program(uint32_t id)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_id = id;
    return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static bool is_ours(int program_fd)
{
    struct bpf_prog_info info;
    union bpf_attr attr;

    memset(&info, 0, sizeof info);
    memset(&attr, 0, sizeof attr);
    attr.info.bpf_fd = (uint32_t) program_fd;
    attr.info.info_len = sizeof info;
    attr.info.info = address(&info);
    return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && !strncmp(info.name, PROGRAM_NAME, sizeof info.name);
}

/* Our program on the cgroup: its fd, -ENOENT if there is none, or another -errno. */
static int find_ours(int cgroup_fd)
{
    uint32_t ids[ATTACHED_MAX];
    int n = query(cgroup_fd, ids);

    for (int i = 0; i < n; i++) {
        autoclose int fd = open_program(ids[i]);

        if (fd >= 0 && is_ours(fd))
            return take_fd(&fd);
    }
    return n < 0 ? n : -ENOENT;
}

/* ---- what others call ---------------------------------------------------------------------------------- */

static int failed(const char *what, int r, struct err *err)
{
    r = err_set(err, ERR_CGROUP, r, "linux.resources.devices: %s the BPF program", what);
    if (r == -EPERM || r == -EACCES)
        err_hint(err,
                 "CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, are needed in the initial user namespace");
    else if (r == -ENOSYS || r == -EINVAL)
        err_hint(err, "the kernel needs CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF");
    else if (r == -E2BIG)
        err_hint(err, "there are too many rules, or too many programs on the cgroup");
    return r;
}

static int load_rules(const struct plan_device_rules *rules, struct err *err)
{
    autofree struct bpf_insn *v = NULL;
    size_t n;
    int fd;

    if (host_device_bpf_compile(rules, &v, &n) < 0)
        return err_nomem(err);
    fd = load(v, n);
    return fd < 0 ? failed("load", fd, err) : fd;
}

int host_device_bpf_attach(int cgroup_fd, const struct plan_device_rules *rules, struct err *err)
{
    if (plan_device_rules_allow_all(rules))
        return 0;
    autoclose int fd = load_rules(rules, err);
    int r = fd < 0 ? fd : attach(cgroup_fd, fd, -1);

    return fd >= 0 && r < 0 ? failed("attach", r, err) : r;
}

int host_device_bpf_replace(int cgroup_fd, const struct plan_device_rules *rules, struct err *err)
{
    autoclose int old_fd = find_ours(cgroup_fd);
    int r;

    if (old_fd < 0 && old_fd != -ENOENT)
        return failed("find", old_fd, err);
    if (old_fd < 0)
        return host_device_bpf_attach(cgroup_fd, rules, err);
    if (plan_device_rules_allow_all(rules)) {
        r = detach(cgroup_fd, old_fd);
        return r < 0 ? failed("detach", r, err) : 0;
    }
    autoclose int fd = load_rules(rules, err);
    if (fd < 0)
        return fd;
    r = attach(cgroup_fd, fd, old_fd);
    return r < 0 ? failed("replace", r, err) : 0;
}

int host_device_bpf_detach(int cgroup_fd)
{
    autoclose int fd = find_ours(cgroup_fd);

    return fd >= 0 ? detach(cgroup_fd, fd) : fd == -ENOENT ? 0 : fd;
}

bool host_cgroup_has_device_bpf(void)
{
    const struct plan_device_rules none = { 0 };
    autofree struct bpf_insn *v = NULL;
    size_t n;
    int fd = host_device_bpf_compile(&none, &v, &n) < 0 ? -1 : load(v, n);

    if (fd >= 0)
        (void) close(fd);
    return fd >= 0;
}
