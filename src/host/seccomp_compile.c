/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp_compile.c - from a profile to a seccomp program, by libseccomp.
 *
 * config-linux.md "Seccomp", seccomp_rule_add(3).  What libseccomp is slow at,
 * it is asked for once: see seccomp_cache.c.
 */
#include "host/seccomp_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SECCOMP

#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/seccomp_newer.h"
#include "plan/seccomp.h"

#define SECCOMP_HAS(major, minor) \
    (SCMP_VER_MAJOR > (major) || (SCMP_VER_MAJOR == (major) && SCMP_VER_MINOR >= (minor)))

#ifndef SCMP_ACT_KILL_PROCESS
#error "libseccomp 2.5 or later is needed"
#endif

enum { ARCHS_MAX = 32, ARGS_MAX = 6 };

struct archs {
    uint32_t v[ARCHS_MAX];
    size_t n;
};

static void release(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

void host_seccomp_compiler(struct text *out)
{
    const struct scmp_version *version = seccomp_version();

    text_add(out, "1 libseccomp %u.%u.%u %x", version->major, version->minor, version->micro,
             seccomp_arch_native());
}

/* ---- architectures ------------------------------------------------------------------------------------- */

/*
 * One that libseccomp does not know, or with another byte order, is left out: no program of it runs on this
 * machine, and if it did it would be killed for its architecture.
 */
static int add_archs(scmp_filter_ctx filter, const struct oci_seccomp *from, struct archs *archs,
                     struct err *err)
{
    archs->v[archs->n++] = seccomp_arch_native();
    for (size_t i = 0; i < from->architectures.n && archs->n < ARCHS_MAX; i++) {
        const char *word = from->architectures.v[i];
        uint32_t token = plan_seccomp_arch(word);
        int r = seccomp_arch_add(filter, token);

        if (r == -EEXIST || r == -EINVAL || r == -EDOM)
            continue;
        if (r < 0)
            return err_at_index(err, &from->node, offsetof(struct oci_seccomp, architectures), i, ERR_SECCOMP,
                                -r, "add the architecture %s", word);
        archs->v[archs->n++] = token;
    }
    return 0;
}

/* ---- rules --------------------------------------------------------------------------------------------- */

/*
 * For SCMP_CMP_MASKED_EQ the value is the mask, and the second value what is left of the argument behind it.
 */
static struct scmp_arg_cmp comparison_of(const struct oci_syscall_arg *arg)
{
    bool masked = arg->op == OCI_SECCOMP_OP_MASKED_EQ;

    return (struct scmp_arg_cmp){
        .arg = arg->index,
        .op = (enum scmp_compare) plan_seccomp_op(arg->op),
        .datum_a = arg->value,
        .datum_b = masked ? arg->value_two : 0,
    };
}

static bool has_index_twice(const struct oci_syscall *call)
{
    unsigned seen = 0;

    for (size_t i = 0; i < call->args.n; i++) {
        unsigned bit = 1U << call->args.v[i]->index;

        if (seen & bit)
            return true;
        seen |= bit;
    }
    return false;
}

/*
 * All comparisons of a rule must hold. libseccomp takes only one for each argument; where there are more,
 * all runtimes have made each a rule of its own, and profiles rely on it.
 */
static int add_rule(scmp_filter_ctx filter, const struct oci_syscall *call, uint32_t action, int number)
{
    struct scmp_arg_cmp args[ARGS_MAX];
    int r = 0;

    if (has_index_twice(call)) {
        for (size_t i = 0; i < call->args.n && r == 0; i++) {
            args[0] = comparison_of(call->args.v[i]);
            r = seccomp_rule_add_array(filter, action, number, 1, args);
        }
        return r;
    }
    for (size_t i = 0; i < call->args.n; i++)
        args[i] = comparison_of(call->args.v[i]);
    return seccomp_rule_add_array(filter, action, number, (unsigned) call->args.n, args);
}

static bool permits(uint32_t action)
{
    return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

static int check_args(const struct oci_syscall *call, struct err *err)
{
    for (size_t i = 0; i < call->args.n; i++) {
        const struct oci_syscall_arg *arg = call->args.v[i];

        if (arg->index >= ARGS_MAX)
            return ERR_AT(err, arg, index, ERR_SECCOMP, EINVAL, "a system call has 6 arguments, 0 to 5");
        if (arg->op == OCI_SECCOMP_OP_UNSET)
            return ERR_AT(err, arg, op, ERR_SECCOMP, EINVAL, "there is no comparison");
    }
    return 0;
}

/* EXPOSED: the default action is milder than the one of the rule. */
static int skip_unknown(const struct plan_seccomp *seccomp, const struct oci_syscall *call, size_t i,
                        bool exposed, struct err *err)
{
    const char *name = call->names.v[i];

    if (seccomp->fail_unknown)
        return err_at_index(err, &call->node, offsetof(struct oci_syscall, names), i, ERR_SECCOMP, 0,
                            "libseccomp %u.%u.%u does not know the system call \"%s\"",
                            seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro,
                            name);
    if (exposed)
        err_warn_at(err, &call->node, offsetof(struct oci_syscall, names),
                    "libseccomp does not know \"%s\": it gets the default action, which allows it", name);
    return 0;
}

static int add_syscall(scmp_filter_ctx filter, const struct plan_seccomp *seccomp,
                       const struct oci_syscall *call, struct err *err)
{
    uint32_t action = plan_seccomp_action(call->action, json_has(call, errno_ret), call->errno_ret);
    int r = check_args(call, err);

    if (r < 0 || action == seccomp->default_action) /* libseccomp refuses rules that change nothing */
        return r;
    for (size_t i = 0; i < call->names.n; i++) {
        const char *name = call->names.v[i];
        int number = seccomp_syscall_resolve_name(name);

        if (number == __NR_SCMP_ERROR)
            r = skip_unknown(seccomp, call, i, permits(seccomp->default_action) && !permits(action), err);
        else if ((r = add_rule(filter, call, action, number)) < 0)
            r = err_at_index(err, &call->node, offsetof(struct oci_syscall, names), i, ERR_SECCOMP, r,
                             "add a rule for %s", name);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- the program --------------------------------------------------------------------------------------- */

/* Both leave room for AHEAD instructions in front; the caller frees *RET. */
#if SECCOMP_HAS(2, 6)

static int export(scmp_filter_ctx filter, size_t ahead, struct sock_filter **ret, size_t *ret_n)
{
    autofree struct sock_filter *program = NULL;
    size_t size = 0;
    int r = seccomp_export_bpf_mem(filter, NULL, &size);

    if (r < 0)
        return r;
    program = calloc(ahead + size / sizeof *program, sizeof *program);
    if (!program)
        return -ENOMEM;
    r = seccomp_export_bpf_mem(filter, program + ahead, &size);
    if (r < 0)
        return r;
    *ret_n = ahead + size / sizeof *program;
    *ret = take_ptr(&program);
    return 0;
}

#else

static int read_program(int fd, size_t ahead, struct sock_filter **ret, size_t *ret_n)
{
    autofree struct sock_filter *program = NULL;
    struct stat st;
    ssize_t size;

    if (fstat(fd, &st) < 0)
        return -errno;
    program = calloc(ahead + (size_t) st.st_size / sizeof *program, sizeof *program);
    if (!program)
        return -ENOMEM;
    size = pread(fd, program + ahead, (size_t) st.st_size / sizeof *program * sizeof *program, 0);
    if (size < 0)
        return -errno;
    if (size != st.st_size)
        return -EIO;
    *ret_n = ahead + (size_t) size / sizeof *program;
    *ret = take_ptr(&program);
    return 0;
}

static int export(scmp_filter_ctx filter, size_t ahead, struct sock_filter **ret, size_t *ret_n)
{
    autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);
    int r;

    if (fd < 0)
        return -errno;
    r = seccomp_export_bpf(filter, fd);
    return r < 0 ? r : read_program(fd, ahead, ret, ret_n);
}

#endif

static int finish(scmp_filter_ctx filter, const struct plan_seccomp *seccomp, const struct archs *archs,
                  struct sock_filter **ret_program, size_t *ret_n, struct err *err)
{
    struct sock_filter newer[HOST_SECCOMP_NEWER_MAX];
    size_t n_newer = 0, n = 0;
    autofree struct sock_filter *program = NULL;
    int r;

    if (seccomp->default_action == SCMP_ACT_ERRNO(EPERM))
        n_newer = host_seccomp_newer(seccomp->from, archs->v, archs->n, newer);
    r = export(filter, n_newer, &program, &n);
    if (r < 0)
        return err_at(err, &seccomp->from->node, ERR_NO_MEMBER, ERR_SECCOMP, -r, "make the filter");
    if (n > BPF_MAXINSNS)
        return err_at(err, &seccomp->from->node, ERR_NO_MEMBER, ERR_SECCOMP, E2BIG,
                      "the filter has %zu instructions, and the kernel takes %d", n, BPF_MAXINSNS);
    if (n_newer)
        memcpy(program, newer, n_newer * sizeof *program);
    *ret_program = take_ptr(&program);
    *ret_n = n;
    return 0;
}

int host_seccomp_compile(const struct plan_seccomp *seccomp, struct sock_filter **ret_program, size_t *ret_n,
                         struct err *err)
{
    const struct oci_seccomp *from = seccomp->from;
    __attribute__((cleanup(release))) scmp_filter_ctx filter = seccomp_init(seccomp->default_action);
    struct archs archs = { .n = 0 };
    int r;

    if (!filter)
        return err_at(err, &from->node, offsetof(struct oci_seccomp, default_action), ERR_SECCOMP, EINVAL,
                      "libseccomp or the kernel does not know this action");
    /*
     * A system call of another architecture would pass by the rules: the process is killed, whatever the
     * default is.
     */
    r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r < 0)
        return err_at(err, &from->node, ERR_NO_MEMBER, ERR_SECCOMP, -r,
                      "kill processes of other architectures");
    /* A binary tree of rules: the kernel walks the filter once for each system call when it is loaded. */
    (void) seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    r = add_archs(filter, from, &archs, err);
    for (size_t i = 0; i < from->syscalls.n && r == 0; i++)
        r = add_syscall(filter, seccomp, from->syscalls.v[i], err);
    return r < 0 ? r : finish(filter, seccomp, &archs, ret_program, ret_n, err);
}

#else

void host_seccomp_compiler(struct text *out)
{
    text_add(out, "none");
}

int host_seccomp_compile(const struct plan_seccomp *seccomp, struct sock_filter **ret_program, size_t *ret_n,
                         struct err *err)
{
    (void) ret_program;
    (void) ret_n;
    return err_at(err, &seccomp->from->node, ERR_NO_MEMBER, ERR_UNSUPPORTED, ENOSYS,
                  "this runtime was built without libseccomp");
}

#endif
