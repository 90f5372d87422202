/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_test.c - programs made from profiles: what they answer, and that the cache gives back the right
 * one.
 *
 * Most are not loaded: a small interpreter asks them, which works for every architecture.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/seccomp.h"
#include "host/seccomp_cache.h"
#include "plan/seccomp.h"
#include "tests/spec/tap.h"

#ifndef HAVE_SECCOMP

int main(void)
{
    printf("1..0 # skip built without libseccomp\n");
    return 0;
}

#else

#include <seccomp.h>

struct profile {
    struct arena arena;
    struct oci_seccomp from;
    struct plan_seccomp plan;
    struct host_seccomp built;
    struct err err;
    char warnings[1024];
};

static char cache_root[] = "/tmp/ocirt-seccomp-XXXXXX";

static void note_warning(void *context, const char *text)
{
    struct profile *p = context;

    snprintf(p->warnings, sizeof p->warnings, "%s", text);
}

static void read_profile(struct profile *p, const char *text)
{
    struct json_error error;

    *p = (struct profile){ .err = { .warn = note_warning, .context = p } };
    if (json_read(&oci_seccomp_type, &p->from, "profile", text, strlen(text), &p->arena, &error) < 0) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    p->plan.from = &p->from;
    p->plan.default_action = plan_seccomp_action(
        p->from.default_action, json_has(&p->from, default_errno_ret), p->from.default_errno_ret);
}

static int build(struct profile *p, const char *text, int cache_fd)
{
    read_profile(p, text);
    return host_seccomp_build(&p->plan, cache_fd, &p->built, &p->err);
}

static void done(struct profile *p)
{
    host_seccomp_done(&p->built);
    err_done(&p->err);
    arena_free(&p->arena);
}

/* ---- the interpreter: what seccomp(2) allows of BPF ---------------------------------------------------- */

static bool compares(uint16_t code, uint32_t a, uint32_t k)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ: return a == k;
    case BPF_JGT: return a > k;
    case BPF_JGE: return a >= k;
    default: return (a & k) != 0;
    }
}

static uint32_t ask_data(const struct host_seccomp *s, const struct seccomp_data *data)
{
    uint32_t a = 0;

    for (size_t at = 0; at < s->n; at++) {
        const struct sock_filter *i = &s->program[at];

        if (BPF_CLASS(i->code) == BPF_RET)
            return i->k;
        if (i->code == (BPF_LD | BPF_W | BPF_ABS))
            memcpy(&a, (const char *) data + i->k, sizeof a);
        else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
            a &= i->k;
        else if (i->code == (BPF_JMP | BPF_JA))
            at += i->k;
        else if (BPF_CLASS(i->code) == BPF_JMP)
            at += compares(i->code, a, i->k) ? i->jt : i->jf;
        else
            return 0xdead0000 | i->code;
    }
    return 0xdeadffff;
}

static uint32_t ask(const struct profile *p, uint32_t arch, int number, uint64_t arg0, uint64_t arg1)
{
    struct seccomp_data data = { .nr = number, .arch = arch, .args = { arg0, arg1 } };

    return ask_data(&p->built, &data);
}

static uint32_t ask_name(const struct profile *p, uint32_t arch, const char *name)
{
    return ask(p, arch, seccomp_syscall_resolve_name_arch(arch, name), 0, 0);
}

static void check_answer(uint32_t got, uint32_t want, const char *what)
{
    check(got == want, "%s", what);
    if (got != want)
        printf("# got %08x, want %08x\n", got, want);
}

/* ---- what programs answer ------------------------------------------------------------------------------ */

static void test_actions(void)
{
    const uint32_t arch = seccomp_arch_native();
    struct profile p;
    int r = build(&p,
                  "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                  "{\"names\":[\"getcwd\"],\"action\":\"SCMP_ACT_ERRNO\"},"
                  "{\"names\":[\"chdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":77},"
                  "{\"names\":[\"fchdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0},"
                  "{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_KILL\"},"
                  "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_KILL_THREAD\"},"
                  "{\"names\":[\"umount2\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
                  "{\"names\":[\"reboot\"],\"action\":\"SCMP_ACT_TRAP\"},"
                  "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":300},"
                  "{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_LOG\"},"
                  "{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
                  -1);

    check_number(r, 0, "a profile with every action is compiled");
    check_answer(ask_name(&p, arch, "getpid"), SECCOMP_RET_ALLOW, "the default action");
    check_answer(ask_name(&p, arch, "getcwd"), SECCOMP_RET_ERRNO | EPERM,
                 "an errno that is not given is EPERM");
    check_answer(ask_name(&p, arch, "chdir"), SECCOMP_RET_ERRNO | 77, "an errno that is");
    check_answer(ask_name(&p, arch, "fchdir"), SECCOMP_RET_ERRNO, "the errno 0");
    check_answer(ask_name(&p, arch, "chroot"), SECCOMP_RET_KILL_THREAD, "KILL kills the thread");
    check_answer(ask_name(&p, arch, "mount"), SECCOMP_RET_KILL_THREAD, "KILL_THREAD");
    check_answer(ask_name(&p, arch, "umount2"), SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS");
    check_answer(ask_name(&p, arch, "reboot"), SECCOMP_RET_TRAP, "TRAP");
    check_answer(ask_name(&p, arch, "ptrace"), SECCOMP_RET_TRACE | 300, "TRACE with its message");
    check_answer(ask_name(&p, arch, "sync"), SECCOMP_RET_LOG, "LOG");
    check_answer(ask_name(&p, arch, "swapon"), SECCOMP_RET_USER_NOTIF, "NOTIFY");
    check_answer(ask(&p, 0x12345678, 0, 0, 0), SECCOMP_RET_KILL_PROCESS,
                 "another architecture is killed although the default is to allow");
    done(&p);
}

/* The beginning of a profile with one rule: its arguments follow. */
#define DENY_SETPGID \
    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" \
    "{\"names\":[\"setpgid\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["

static void test_comparisons(void)
{
    static const struct {
        const char *op;
        uint64_t value, two;
        uint64_t yes, no;
    } cases[] = {
        { "SCMP_CMP_NE", 5, 0, 6, 5 },
        { "SCMP_CMP_LT", 5, 0, 4, 5 },
        { "SCMP_CMP_LE", 5, 0, 5, 6 },
        { "SCMP_CMP_EQ", 1ULL << 40 | 5, 0, 1ULL << 40 | 5, 5 },
        { "SCMP_CMP_GE", 5, 0, 5, 4 },
        { "SCMP_CMP_GT", 5, 0, 1ULL << 32, 5 },
        { "SCMP_CMP_MASKED_EQ", 0xf0, 0x30, 0x13f, 0x14f },
    };
    const uint32_t arch = seccomp_arch_native();
    const int number = seccomp_syscall_resolve_name("setpgid");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        struct profile p;

        snprintf(text, sizeof text,
                 DENY_SETPGID "{\"index\":1,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"%s\"}]}]}",
                 (unsigned long long) cases[i].value, (unsigned long long) cases[i].two, cases[i].op);
        if (build(&p, text, -1) < 0)
            printf("# %s\n", p.err.text);
        check(p.built.n && ask(&p, arch, number, 0, cases[i].yes) == (SECCOMP_RET_ERRNO | EPERM) &&
                  ask(&p, arch, number, 0, cases[i].no) == SECCOMP_RET_ALLOW,
              "%s", cases[i].op);
        done(&p);
    }
}

static void test_several_arguments(void)
{
    const uint32_t arch = seccomp_arch_native(), no = SECCOMP_RET_ERRNO | EPERM;
    const int number = seccomp_syscall_resolve_name("setpgid");
    struct profile p;

    build(&p,
          DENY_SETPGID "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                       "{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}",
          -1);
    check(ask(&p, arch, number, 1, 2) == no && ask(&p, arch, number, 1, 3) == SECCOMP_RET_ALLOW &&
              ask(&p, arch, number, 0, 2) == SECCOMP_RET_ALLOW,
          "all comparisons of a rule must hold");
    done(&p);
    build(&p,
          DENY_SETPGID "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                       "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}",
          -1);
    check(ask(&p, arch, number, 1, 0) == no && ask(&p, arch, number, 2, 0) == no &&
              ask(&p, arch, number, 3, 0) == SECCOMP_RET_ALLOW,
          "two of the same argument are two rules, as ever");
    done(&p);
}

static void test_names(void)
{
    struct profile p;

    check_number(
        build(&p,
              "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"no_such_call\",\"getpid\"],"
              "\"action\":\"SCMP_ACT_ALLOW\"}]}",
              -1),
        0, "names that libseccomp does not know are skipped");
    check_text(p.warnings, "", "without a word where they are denied");
    check_answer(ask_name(&p, seccomp_arch_native(), "getpid"), SECCOMP_RET_ALLOW, "and the others are not");
    done(&p);
    check_number(build(&p,
                       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"no_such_call\"],"
                       "\"action\":\"SCMP_ACT_ERRNO\"}]}",
                       -1),
                 0, "the same in a list of what is denied");
    check(strstr(p.warnings, "no_such_call") != NULL, "is a warning: it stays allowed");
    done(&p);
    read_profile(&p, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"no_such_call\"],"
                     "\"action\":\"SCMP_ACT_ALLOW\"}]}");
    p.plan.fail_unknown = true;
    check(host_seccomp_build(&p.plan, -1, &p.built, &p.err) < 0 && strstr(p.err.text, "no_such_call") != NULL,
          "or an error, if an annotation asks for that");
    done(&p);
    check_number(build(&p,
                       "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"getpid\"],"
                       "\"action\":\"SCMP_ACT_ERRNO\"}]}",
                       -1),
                 0, "a rule that changes nothing is no error");
    done(&p);
}

static void test_architectures(void)
{
    struct profile p;
    int r = build(
        &p,
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5,"
        "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\",\"SCMP_ARCH_AARCH64\","
        "\"SCMP_ARCH_PPC\"],"
        "\"syscalls\":[{\"names\":[\"getpid\",\"openat\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
        -1);

    check_number(r, 0, "a profile for several architectures, one of the other byte order");
    check_answer(ask_name(&p, SCMP_ARCH_X86_64, "openat"), SECCOMP_RET_ALLOW, "allowed on x86-64");
    check_answer(ask_name(&p, SCMP_ARCH_X86, "openat"), SECCOMP_RET_ALLOW, "on x86");
    check_answer(ask_name(&p, SCMP_ARCH_AARCH64, "openat"), SECCOMP_RET_ALLOW, "on aarch64");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 0x40000000 + 39, 0, 0), SECCOMP_RET_ALLOW, "on x32");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 0x40000000 + 80, 0, 0), SECCOMP_RET_ERRNO | 5, "denied on x32");
    check_answer(ask_name(&p, SCMP_ARCH_X86, "chdir"), SECCOMP_RET_ERRNO | 5, "denied on x86");
    check_answer(ask(&p, AUDIT_ARCH_RISCV64, 172, 0, 0), SECCOMP_RET_KILL_PROCESS,
                 "one that is not listed is killed");
    done(&p);
    build(&p,
          "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
          "{\"names\":[\"chdir\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
          -1);
    if (seccomp_arch_native() == SCMP_ARCH_X86_64)
        check_answer(ask(&p, AUDIT_ARCH_X86_64, 0x40000000 + 39, 0, 0), SECCOMP_RET_KILL_PROCESS,
                     "x32 is killed where it is not listed");
    done(&p);
}

static void test_newer(void)
{
    static const char text[] =
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\","
        "\"SCMP_ARCH_X32\",\"SCMP_ARCH_ARM\"],\"syscalls\":["
        "{\"names\":[\"getpid\",\"close_range\"],\"action\":\"SCMP_ACT_ALLOW\"}]%s}";
    struct profile p;
    char buf[512];

    snprintf(buf, sizeof buf, text, "");
    build(&p, buf, -1);
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 450, 0, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "a call newer than the profile is ENOSYS");
    check_answer(ask(&p, AUDIT_ARCH_I386, 450, 0, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "also on the second architecture");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 436, 0, 0), SECCOMP_RET_ALLOW,
                 "the newest that it names is what it says");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 80, 0, 0), SECCOMP_RET_ERRNO | EPERM,
                 "an older one that it does not name is EPERM");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, -1, 0, 0), SECCOMP_RET_ERRNO | EPERM, "so is -1");
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 0x40000000 + 450, 0, 0), SECCOMP_RET_ERRNO | EPERM, "and x32");
    check_answer(ask(&p, AUDIT_ARCH_ARM, 0xf0005, 0, 0), SECCOMP_RET_ERRNO | EPERM, "and ARM's own calls");
    done(&p);
    snprintf(buf, sizeof buf, text, ",\"defaultErrnoRet\":5");
    build(&p, buf, -1);
    check_answer(ask(&p, AUDIT_ARCH_X86_64, 450, 0, 0), SECCOMP_RET_ERRNO | 5,
                 "an errno other than EPERM is what was meant");
    done(&p);
}

/* The tree answers as the plain list does: libseccomp's optimisation is not to be trusted unseen. */
static void test_tree(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(9));
    char text[16384] =
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":9,\"architectures\":[\"SCMP_ARCH_X86_64\","
        "\"SCMP_ARCH_X86\"],\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"";
    const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86 };
    static struct sock_filter list[BPF_MAXINSNS];
    struct host_seccomp plain = { .program = list };
    unsigned differences = 0;
    struct profile p;
    ssize_t size;
    int fd = memfd_create("list", MFD_CLOEXEC);

    seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (int i = 0; i < 2; i++)
        seccomp_arch_add(filter, archs[i]);
    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 0);
    for (int number = 1; number < 330; number += 2) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);

        if (name && seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 0) == 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), ",\"%s\"", name);
        free(name);
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), "]}]}");
    seccomp_export_bpf(filter, fd);
    size = pread(fd, list, sizeof list, 0);
    plain.n = (size_t) size / sizeof list[0];
    if (build(&p, text, -1) < 0)
        printf("# %s\n", p.err.text);
    for (int i = 0; i < 2; i++)
        for (int number = -2; number < 600; number++) {
            struct seccomp_data data = { .nr = number, .arch = archs[i] };

            differences += ask_data(&plain, &data) != ask_data(&p.built, &data);
        }
    check(plain.n > 100 && differences == 0, "the tree of %zu instructions answers as the list of %zu",
          p.built.n, plain.n);
    printf("# %u differences\n", differences);
    close(fd);
    seccomp_release(filter);
    done(&p);
}

static void test_raw(void)
{
    static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct plan_seccomp plan = { .raw_bpf = &allow, .raw_size = sizeof allow };
    struct host_seccomp built = { 0 };
    struct err err = { 0 };

    check(host_seccomp_build(&plan, -1, &built, &err) == 0 && built.n == 1 &&
              built.program[0].k == SECCOMP_RET_ALLOW,
          "a program in binary form is taken as it is");
    host_seccomp_done(&built);
    plan.raw_size = 7;
    check(host_seccomp_build(&plan, -1, &built, &err) < 0, "but not in pieces");
    err_done(&err);
}

static void test_flags(void)
{
    struct profile p;

    read_profile(&p, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
    p.plan.flags = SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC | 1U << 5;
    host_seccomp_build(&p.plan, -1, &p.built, &p.err);
    check_number(p.built.flags, SECCOMP_FILTER_FLAG_LOG, "without a listener LOG is left of the flags");
    done(&p);
}

/* ---- the cache ----------------------------------------------------------------------------------------- */

static const char profile_a[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                                "{\"names\":[\"chdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}";
static const char profile_b[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                                "{\"names\":[\"chdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":2}]}";

static uint32_t answer(const char *text, int cache_fd)
{
    struct profile p;
    uint32_t got;

    if (build(&p, text, cache_fd) < 0)
        printf("# %s\n", p.err.text);
    got = ask_name(&p, seccomp_arch_native(), "chdir");
    done(&p);
    return got;
}

/* The name of the only program in the cache, or "". */
static const char *only_file(int cache_fd)
{
    static char name[64];
    DIR *d = fdopendir(openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *e;
    unsigned n = 0;

    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            snprintf(name, sizeof name, "%.60s", e->d_name);
            n++;
        }
    closedir(d);
    return n == 1 ? name : "";
}

static void change_byte(int cache_fd, const char *name, off_t from_end)
{
    autoclose int fd = openat(cache_fd, name, O_RDWR | O_CLOEXEC);
    struct stat st;
    unsigned char byte;

    if (fd < 0 || fstat(fd, &st) < 0 || pread(fd, &byte, 1, st.st_size - from_end) != 1)
        return;
    byte ^= 1;
    if (pwrite(fd, &byte, 1, st.st_size - from_end) != 1)
        printf("# pwrite: %s\n", strerror(errno));
}

static void empty(int cache_fd)
{
    DIR *d = fdopendir(openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *e;

    while ((e = readdir(d)))
        (void) unlinkat(cache_fd, e->d_name, 0);
    closedir(d);
}

static ino_t inode(int cache_fd, const char *name)
{
    struct stat st = { 0 };

    (void) fstatat(cache_fd, name, &st, AT_SYMLINK_NOFOLLOW);
    return st.st_ino;
}

static void test_cache(int root_fd)
{
    autoclose int cache_fd = host_seccomp_cache_open(root_fd);
    char name[64];
    struct stat st;
    ino_t first;

    check(cache_fd >= 0 && fstat(cache_fd, &st) == 0 && (st.st_mode & 07777) == 0700,
          "the cache is its owner's alone");
    check_answer(answer(profile_a, cache_fd), SECCOMP_RET_ERRNO | 1, "a cold start");
    snprintf(name, sizeof name, "%s", only_file(cache_fd));
    check(name[0] != '\0', "leaves one file");
    first = inode(cache_fd, name);
    check_answer(answer(profile_a, cache_fd), SECCOMP_RET_ERRNO | 1, "a warm start gives the same");
    check(inode(cache_fd, name) == first, "and does not make it again");

    change_byte(cache_fd, name, 4); /* the value that the program's last instruction returns */
    check_answer(answer(profile_a, cache_fd), SECCOMP_RET_ERRNO | 1,
                 "a program that was changed is not used");
    check(inode(cache_fd, name) != first, "and is replaced");

    first = inode(cache_fd, name);
    fchmodat(cache_fd, name, 0666, 0);
    answer(profile_a, cache_fd);
    check(inode(cache_fd, name) != first, "one that others may write to is replaced");

    unlinkat(cache_fd, name, 0);
    if (symlinkat("/etc/passwd", cache_fd, name) < 0)
        printf("# symlink: %s\n", strerror(errno));
    check_answer(answer(profile_a, cache_fd), SECCOMP_RET_ERRNO | 1, "a symlink is not followed");
    check(fstatat(cache_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode), "and is replaced");

    check_answer(answer(profile_b, cache_fd), SECCOMP_RET_ERRNO | 2, "another profile gets its own");
    check_answer(answer(profile_a, cache_fd), SECCOMP_RET_ERRNO | 1, "and the first still its own");
}

/* Two profiles with the same hash: the file of one under the name of the other. */
static void test_cache_collision(int root_fd)
{
    autoclose int cache_fd = host_seccomp_cache_open(root_fd);
    static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_filter *program = NULL;
    char a[64], b[64];
    size_t n = 0;

    empty(cache_fd);
    check_number(host_seccomp_cache_store(cache_fd, "key a", 5, &allow, 1), 0, "store");
    snprintf(a, sizeof a, "%s", only_file(cache_fd));
    unlinkat(cache_fd, a, 0);
    check_number(host_seccomp_cache_store(cache_fd, "key b", 5, &allow, 1), 0, "store another");
    snprintf(b, sizeof b, "%s", only_file(cache_fd));
    renameat(cache_fd, b, cache_fd, a);
    check(strcmp(a, b) != 0 && host_seccomp_cache_load(cache_fd, "key a", 5, &program, &n) == -ENOENT,
          "the name alone does not make it the right one");
}

static void test_cache_bounds(int root_fd)
{
    autoclose int cache_fd = host_seccomp_cache_open(root_fd);
    static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    DIR *d;
    unsigned n = 0;

    for (unsigned i = 0; i < 200; i++)
        host_seccomp_cache_store(cache_fd, &i, sizeof i, &allow, 1);
    d = fdopendir(openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    while (readdir(d))
        n++;
    closedir(d);
    check(n > 10 && n <= 66, "the cache does not grow without end");
}

static void test_foreign_cache(int root_fd)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s/.seccomp", cache_root);
    fchmodat(root_fd, ".seccomp", 0777, 0);
    check_number(host_seccomp_cache_open(root_fd), -EPERM, "a cache that others may write to is not opened");
    if (system(command) != 0 || symlinkat("/tmp", root_fd, ".seccomp") < 0)
        printf("# %s\n", strerror(errno));
    check(host_seccomp_cache_open(root_fd) < 0, "nor one that is a symlink");
    unlinkat(root_fd, ".seccomp", 0);
}

/* ---- the kernel takes it ------------------------------------------------------------------------------- */

static void test_loaded(void)
{
    struct profile p;
    pid_t child;
    int status;

    build(&p, profile_b, -1);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct sock_fprog program = { .len = (unsigned short) p.built.n, .filter = p.built.program };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p.built.flags, &program) < 0)
            _exit(99);
        _exit(chdir("/") < 0 ? errno : 0);
    }
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 2, "the kernel loads it and does as it says");
    done(&p);
}

int main(void)
{
    int root_fd = open(mkdtemp(cache_root), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    test_actions();
    test_comparisons();
    test_several_arguments();
    test_names();
    test_architectures();
    test_newer();
    test_tree();
    test_raw();
    test_flags();
    test_cache(root_fd);
    test_cache_collision(root_fd);
    test_cache_bounds(root_fd);
    test_foreign_cache(root_fd);
    test_loaded();
    close(root_fd);
    rmdir(cache_root);
    return tap_done();
}

#endif
