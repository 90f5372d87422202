/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.c - the rules for linux.seccomp, and its words as numbers (config-linux.md "Seccomp").
 *
 * Names of system calls are not judged here: which exist depends on the
 * libseccomp that compiles the program, and unknown ones are left out.
 */
#include "plan/seccomp.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "base/text.h"
#include "plan/annotations.h"
#include "plan/compile.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH /* Linux 5.7 */
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { ERRNO_MAX = 4095 }; /* MAX_ERRNO: the kernel cuts larger ones */

/* ---- words --------------------------------------------------------------------------------------------- */

static const uint32_t actions[] = {
    [OCI_SECCOMP_KILL] = SECCOMP_RET_KILL_THREAD,
    [OCI_SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
    [OCI_SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
    [OCI_SECCOMP_TRAP] = SECCOMP_RET_TRAP,
    [OCI_SECCOMP_ERRNO] = SECCOMP_RET_ERRNO,
    [OCI_SECCOMP_TRACE] = SECCOMP_RET_TRACE,
    [OCI_SECCOMP_ALLOW] = SECCOMP_RET_ALLOW,
    [OCI_SECCOMP_LOG] = SECCOMP_RET_LOG,
    [OCI_SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF,
};

static const struct {
    const char *word;
    uint32_t number;
} archs[] = {
    { NULL, 0 },
    { "SCMP_ARCH_X86", 0x40000003 },
    { "SCMP_ARCH_X86_64", 0xc000003e },
    { "SCMP_ARCH_X32", 0x4000003e },
    { "SCMP_ARCH_ARM", 0x40000028 },
    { "SCMP_ARCH_AARCH64", 0xc00000b7 },
    { "SCMP_ARCH_MIPS", 0x00000008 },
    { "SCMP_ARCH_MIPS64", 0x80000008 },
    { "SCMP_ARCH_MIPS64N32", 0xa0000008 },
    { "SCMP_ARCH_MIPSEL", 0x40000008 },
    { "SCMP_ARCH_MIPSEL64", 0xc0000008 },
    { "SCMP_ARCH_MIPSEL64N32", 0xe0000008 },
    { "SCMP_ARCH_PPC", 0x00000014 },
    { "SCMP_ARCH_PPC64", 0x80000015 },
    { "SCMP_ARCH_PPC64LE", 0xc0000015 },
    { "SCMP_ARCH_S390", 0x00000016 },
    { "SCMP_ARCH_S390X", 0x80000016 },
    { "SCMP_ARCH_PARISC", 0x0000000f },
    { "SCMP_ARCH_PARISC64", 0x8000000f },
    { "SCMP_ARCH_RISCV64", 0xc00000f3 },
    { "SCMP_ARCH_LOONGARCH64", 0xc0000102 },
    { "SCMP_ARCH_M68K", 0x00000004 },
    { "SCMP_ARCH_SH", 0x4000002a },
    { "SCMP_ARCH_SHEB", 0x0000002a },
};

enum { N_ARCHS = sizeof archs / sizeof *archs };

static const char *const flag_names[] = {
    NULL,
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};
static const struct json_words flag_words = { flag_names, sizeof flag_names / sizeof *flag_names };
static const unsigned flag_bits[] = {
    0,
    SECCOMP_FILTER_FLAG_TSYNC,
    SECCOMP_FILTER_FLAG_LOG,
    SECCOMP_FILTER_FLAG_SPEC_ALLOW,
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

#ifdef HAVE_SECCOMP
_Static_assert(SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_ERRNO(1) == (SECCOMP_RET_ERRNO | 1) &&
                   SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS &&
                   SCMP_ACT_TRACE(1) == (SECCOMP_RET_TRACE | 1),
               "libseccomp's actions are the kernel's");
_Static_assert(SCMP_ARCH_X86_64 == 0xc000003e && SCMP_ARCH_X32 == 0x4000003e &&
                   SCMP_ARCH_MIPSEL64N32 == 0xe0000008,
               "libseccomp's architectures are the kernel's");
_Static_assert(SCMP_CMP_NE == 1 && SCMP_CMP_MASKED_EQ == 7,
               "libseccomp compares in the order of the specification");
#endif

uint32_t plan_seccomp_action(enum oci_seccomp_action action, bool has_errno, uint32_t errno_ret)
{
    bool takes_errno = action == OCI_SECCOMP_ERRNO || action == OCI_SECCOMP_TRACE;

    return actions[action] | (takes_errno ? (has_errno ? errno_ret : EPERM) & SECCOMP_RET_DATA : 0);
}

uint32_t plan_seccomp_arch(const char *word)
{
    for (unsigned i = 1; i < N_ARCHS; i++)
        if (!strcmp(archs[i].word, word))
            return archs[i].number;
    return 0;
}

int plan_seccomp_op(enum oci_seccomp_op op)
{
    return (int) op;
}

const char *plan_seccomp_arch_at(unsigned i)
{
    return i + 1 < N_ARCHS ? archs[i + 1].word : NULL;
}

const char *plan_seccomp_flag_at(unsigned i)
{
    return json_word(&flag_words, i + 1);
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static int check_errno(const struct json_node *node, size_t member, enum oci_seccomp_action action,
                       uint32_t value, struct err *err)
{
    uint32_t max = action == OCI_SECCOMP_TRACE ? SECCOMP_RET_DATA : ERRNO_MAX;

    if (!json_has_member(node, member))
        return 0;
    if (action != OCI_SECCOMP_ERRNO && action != OCI_SECCOMP_TRACE)
        return err_at(err, node, member, ERR_SECCOMP, 0, "%s returns no errno",
                      json_word(&oci_seccomp_actions, action));
    if (value > max)
        return err_at(err, node, member, ERR_SECCOMP, 0, "%u is out of range, which is 0 to %u", value, max);
    return 0;
}

static int check_names(const struct oci_syscall *from, struct err *err)
{
    int failed = 0;

    if (from->names.n == 0)
        return ERR_AT(err, from, names, ERR_SECCOMP, 0, "a rule needs at least one system call");
    for (size_t i = 0; i < from->names.n; i++) {
        const char *name = from->names.v[i];
        int r = 0;

        if (!*name)
            r = err_at_index(err, &from->node, offsetof(struct oci_syscall, names), i, ERR_SECCOMP, 0,
                             "empty");
        else if (from->action == OCI_SECCOMP_NOTIFY && !strcmp(name, "sendmsg"))
            r = err_at_index(err, &from->node, offsetof(struct oci_syscall, names), i, ERR_SECCOMP, 0,
                             "sendmsg can't notify: it is what hands the listener to the agent");
        if (!plan_go_on(err, r, &failed))
            break;
    }
    return failed;
}

static int check_args(const struct oci_syscall *from, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->args.n; i++) {
        const struct oci_syscall_arg *arg = from->args.v[i];

        if (arg->index > 5 && !plan_go_on(err,
                                          ERR_AT(err, arg, index, ERR_SECCOMP, 0,
                                                 "%u is out of range, which is 0 to 5", arg->index),
                                          &failed))
            break;
    }
    return failed;
}

static int check_rules(const struct oci_seccomp *from, bool *ret_notify, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->syscalls.n; i++) {
        const struct oci_syscall *rule = from->syscalls.v[i];

        *ret_notify |= rule->action == OCI_SECCOMP_NOTIFY;
        if (!plan_go_on(err, check_names(rule, err), &failed) ||
            !plan_go_on(err,
                        check_errno(&rule->node, offsetof(struct oci_syscall, errno_ret), rule->action,
                                    rule->errno_ret, err),
                        &failed) ||
            !plan_go_on(err, check_args(rule, err), &failed))
            break;
    }
    return failed;
}

static int check_default(const struct oci_seccomp *from, struct err *err)
{
    if (from->default_action == OCI_SECCOMP_NOTIFY)
        return ERR_AT(
            err, from, default_action, ERR_SECCOMP, 0,
            "SCMP_ACT_NOTIFY is not for everything: handing the listener to the agent needs system calls");
    return check_errno(&from->node, offsetof(struct oci_seccomp, default_errno_ret), from->default_action,
                       from->default_errno_ret, err);
}

static int check_archs(const struct oci_seccomp *from, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->architectures.n; i++) {
        const char *names[N_ARCHS], *word = from->architectures.v[i];
        struct json_words words = { names, N_ARCHS };

        if (plan_seccomp_arch(word))
            continue;
        for (size_t k = 0; k < N_ARCHS; k++)
            names[k] = archs[k].word;
        (void) plan_word(&words, word, "architecture", &from->node,
                         offsetof(struct oci_seccomp, architectures), i, ERR_SECCOMP, err);
        if (!plan_go_on(err, -EINVAL, &failed))
            break;
    }
    return failed;
}

/* ---- flags and listener -------------------------------------------------------------------------------- */

static int compile_flags(const struct oci_seccomp *from, struct plan_seccomp *out, struct err *err)
{
    int failed = 0;

    for (size_t i = 0; i < from->flags.n; i++) {
        unsigned word = plan_word(&flag_words, from->flags.v[i], "flag", &from->node,
                                  offsetof(struct oci_seccomp, flags), i, ERR_SECCOMP, err);

        if (!plan_go_on(err, word ? 0 : -EINVAL, &failed))
            return failed;
        out->flags |= flag_bits[word];
    }
    if (!out->notify && out->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        err_warn_at(err, &from->node, offsetof(struct oci_seccomp, flags),
                    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect, nothing notifies");
        out->flags &= ~(unsigned) SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; /* EINVAL without a listener */
    }
    if (out->notify && out->flags & SECCOMP_FILTER_FLAG_TSYNC)
        out->flags |=
            SECCOMP_FILTER_FLAG_TSYNC_ESRCH; /* else TSYNC and a listener exclude each other (seccomp(2)) */
    return failed;
}

static const char *given(const char *s)
{
    return s && *s ? s : NULL;
}

static int compile_listener(const struct plan *plan, const struct oci_seccomp *from, struct plan_seccomp *out,
                            struct err *err)
{
    const char *receiver = given(plan_annotation(plan->spec, PLAN_ANNOTATION_SECCOMP_RECEIVER));
    const char *path = given(from->listener_path);
    int r;

    receiver = receiver ? receiver : given(plan->options.seccomp_receiver);
    if (given(from->listener_metadata) && !path && !receiver)
        return ERR_AT(err, from, listener_metadata, ERR_SECCOMP, 0, "there is no listenerPath to send it to");
    out->listener_path = path ? path : receiver;
    out->listener_metadata = given(from->listener_metadata);
    if (!out->notify)
        return 0; /* listenerPath is ignored then */
    if (!out->listener_path) {
        r = ERR_AT(err, from, listener_path, ERR_SECCOMP, 0,
                   "missing, while a rule has the action SCMP_ACT_NOTIFY");
        err_hint(err, "it is the socket of the agent that answers the notifications");
        return r;
    }
    if (*out->listener_path != '/')
        return ERR_AT(err, from, listener_path, ERR_SECCOMP, 0, "\"%s\" is not an absolute path",
                      out->listener_path);
    return 0;
}

/* ---- a program in binary form -------------------------------------------------------------------------- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int) (found - digits) : -1;
}

/* Returns the bytes in ARENA; NULL if S is not base64 with its padding. */
static unsigned char *decode(struct arena *arena, const char *s, size_t *ret_n)
{
    size_t len = strlen(s), n = 0;
    unsigned char *bytes = arena_alloc(arena, len / 4 * 3 + 3);
    uint32_t word = 0;
    size_t digits = 0;

    if (!bytes || len % 4)
        return NULL;
    for (; base64_digit(*s) >= 0; s++) {
        word = word << 6 | (uint32_t) base64_digit(*s);
        if (++digits % 4)
            continue;
        bytes[n++] = (unsigned char) (word >> 16);
        bytes[n++] = (unsigned char) (word >> 8);
        bytes[n++] = (unsigned char) word;
    }
    if (strspn(s, "=") != strlen(s) || strlen(s) != (4 - digits % 4) % 4 || digits % 4 == 1)
        return NULL;
    if (digits % 4 >= 2)
        bytes[n++] = (unsigned char) (word >> (digits % 4 == 2 ? 4 : 10));
    if (digits % 4 == 3)
        bytes[n++] = (unsigned char) (word >> 2);
    *ret_n = n;
    return bytes;
}

static int compile_raw(struct plan *plan, const char *text, struct plan_seccomp *out, struct err *err)
{
    size_t n = 0;
    const unsigned char *bytes = decode(&plan->arena, text, &n);

    if (!bytes)
        return plan_annotation_error(plan->spec, PLAN_ANNOTATION_SECCOMP_BPF, ERR_SECCOMP, err,
                                     "this is not base64");
    if (n == 0 || n % sizeof(struct sock_filter) || n / sizeof(struct sock_filter) > BPF_MAXINSNS)
        return plan_annotation_error(plan->spec, PLAN_ANNOTATION_SECCOMP_BPF, ERR_SECCOMP, err,
                                     "%zu bytes are no program of 1 to %d instructions", n, BPF_MAXINSNS);
    out->raw_bpf = bytes;
    out->raw_size = n;
    return 0;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static int compile_profile(struct plan *plan, const struct oci_seccomp *from, struct plan_seccomp *out,
                           struct err *err)
{
    int failed = 0;

#ifndef HAVE_SECCOMP
    if (!out->raw_bpf)
        return ERR_AT(err, plan_linux(plan->spec), seccomp, ERR_UNSUPPORTED, 0,
                      "ocirt was built without libseccomp");
#endif
    out->from = from;
    out->default_action =
        plan_seccomp_action(from->default_action, json_has(from, default_errno_ret), from->default_errno_ret);
    if (!plan_go_on(err, check_default(from, err), &failed) ||
        !plan_go_on(err, check_archs(from, err), &failed) ||
        !plan_go_on(err, check_rules(from, &out->notify, err), &failed) ||
        !plan_go_on(err, compile_flags(from, out, err), &failed))
        return failed;
    (void) plan_go_on(err, compile_listener(plan, from, out, err), &failed);
    return failed;
}

int plan_seccomp_compile(struct plan *plan, struct err *err)
{
    const struct oci_seccomp *from = plan_linux(plan->spec)->seccomp;
    const char *raw = plan_annotation(plan->spec, PLAN_ANNOTATION_SECCOMP_BPF);
    struct plan_seccomp *out;
    int failed = 0;

    if (!from && !raw)
        return 0;
    out = arena_alloc(&plan->arena, sizeof *out);
    if (!out)
        return err_nomem(err);
    out->fail_unknown = plan_annotation_is_on(plan->spec, PLAN_ANNOTATION_SECCOMP_STRICT);
    if (raw && !plan_go_on(err, compile_raw(plan, raw, out, err), &failed))
        return failed;
    if (from)
        (void) plan_go_on(err, compile_profile(plan, from, out, err), &failed);
    plan->seccomp = out;
    return failed;
}
