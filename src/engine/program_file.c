/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program_file.c - look at a program that the kernel would not execute: at its first bytes, mode and
 * interpreter.
 *
 * The file is the container's, and may be anything: only regular ones are opened, and little of them is read.
 */
#include "engine/program_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"

struct look {
    int root_fd;
    const struct plan *plan;
    const struct plan_process *process;
    struct err *err;
    struct stat st;
    bool noexec;
    union {
        char text[4097]; /* with a NUL behind what was read */
        Elf64_Ehdr elf64;
        Elf32_Ehdr elf32;
    } head;
    size_t n;
};

/* ---- where it is --------------------------------------------------------------------------------------- */

/* What of PATH lies below TARGET, without a leading slash; NULL if it does not. */
static const char *below(const char *path, const char *target)
{
    size_t n = strlen(target);

    while (n && target[n - 1] == '/')
        n--;
    if (strncmp(path, target, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    return path + n + strspn(path + n, "/");
}

/* No program, interpreter or loader comes from there. */
static bool is_of_the_kernel(const char *target)
{
    return below(target, "/proc") || below(target, "/sys") || below(target, "/dev");
}

static bool is_mount(const struct plan_mount *m)
{
    return m->kind != PLAN_MOUNT_REMOUNT && m->kind != PLAN_MOUNT_SYMLINK;
}

/* The last mount that PATH is in, as its name tells; NULL: the root filesystem. */
static const struct plan_mount *mount_of(const struct plan *plan, const char *path)
{
    for (size_t i = plan->n_mounts; i > 0; i--)
        if (is_mount(&plan->mounts[i - 1]) && below(path, plan->mounts[i - 1].target))
            return &plan->mounts[i - 1];
    return NULL;
}

/* May a link of the root filesystem lead into M?  Into a single file it does if it leads to that. */
static bool may_lead_into(const struct look *look, const struct plan_mount *m, int found_fd)
{
    autoclose int fd = path_open(look->root_fd, m->target, O_PATH);
    struct stat st;

    if (!is_mount(m) || is_of_the_kernel(m->target))
        return false;
    return fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode) ||
           (found_fd >= 0 && path_same_file(fd, found_fd));
}

/* Does the name of each mount point tell where it is, and not a link in it? */
static bool mounts_are_plain(const struct look *look)
{
    for (size_t i = 0; i < look->plan->n_mounts; i++) {
        const char *target = look->plan->mounts[i].target + strspn(look->plan->mounts[i].target, "/");
        autoclose int fd = *target
                               ? sys_openat2(look->root_fd, target, O_PATH, 0,
                                             RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
                               : -EBADF;

        if (fd == -ELOOP && !is_of_the_kernel(look->plan->mounts[i].target))
            return false;
    }
    return true;
}

/* In the source of a bind mount, where no link is followed: it would lead on in the container. */
static int open_in_mount(const struct plan_mount *m, const char *rest, int flags)
{
    autoclose int source_fd =
        m->kind == PLAN_MOUNT_BIND ? sys_openat(AT_FDCWD, m->source, O_PATH, 0) : -ELOOP;
    struct stat st;

    if (source_fd < 0)
        return -ELOOP;
    if (*rest)
        return sys_openat2(source_fd, rest, (uint64_t) flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fstat(source_fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -ELOOP;
    return sys_openat(AT_FDCWD, m->source, flags, 0);
}

/* "/a/b" for "//a/./b/".  -ELOOP for a "..", which a link could give another meaning. */
static int plain(const char *path, struct text *ret)
{
    for (size_t n; path += strspn(path, "/"), n = strcspn(path, "/"), n; path += n) {
        if (n == 2 && !memcmp(path, "..", 2))
            return -ELOOP;
        if (n != 1 || *path != '.')
            text_add(ret, "/%.*s", (int) n, path);
    }
    return text_result(ret);
}

/*
 * Opens NAME as the container sees it: in the root filesystem, or in the source of a bind mount.  -ENOENT: it
 * is not there.  -ELOOP: not to be told from here: what a tmpfs has, or where links lead among the mounts.
 */
static int open_place(const struct look *look, const char *name, int flags)
{
    autotext struct text text = { 0 };
    const struct plan_mount *m;
    const char *path;
    int r = plain(name, &text);

    if (r < 0 || !text.n || !mounts_are_plain(look))
        return -ELOOP;
    path = text.s;
    m = mount_of(look->plan, path);
    if (m)
        return open_in_mount(m, below(path, m->target), flags);
    r = sys_openat2(look->root_fd, path + 1, (uint64_t) flags, 0,
                    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (r != -ELOOP)
        return r;
    r = path_open(look->root_fd, path, flags);
    for (size_t i = 0; i < look->plan->n_mounts; i++)
        if (may_lead_into(look, &look->plan->mounts[i], r)) {
            fd_cleanup(&r);
            return -ELOOP;
        }
    return r;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* Found by a descriptor first: to open a fifo or a device would have effects. */
static bool read_head(struct look *look, const char *path)
{
    autoclose int found_fd = open_place(look, path, O_PATH);
    autoclose int fd = -EBADF;
    struct statvfs fs;
    struct stat st;
    ssize_t n;

    if (found_fd < 0 || fstat(found_fd, &look->st) < 0 || !S_ISREG(look->st.st_mode))
        return false;
    fd = open_place(look, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    n = sys_read(fd, look->head.text, sizeof look->head.text - 1);
    if (n < 0)
        return false;
    look->n = (size_t) n;
    look->head.text[n] = '\0';
    look->noexec = fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_NOEXEC;
    return true;
}

static bool find_in(struct look *look, const char *directory, size_t n, const char *name)
{
    autotext struct text path = { 0 };

    text_add(&path, "%s/%.*s/%s", *name == '/' || (n && *directory == '/') ? "" : look->process->cwd, (int) n,
             directory, name);
    return text_result(&path) == 0 && read_head(look, path.s);
}

/* As init/program.c does it. */
static bool find(struct look *look)
{
    const char *name = look->process->argv[0];

    if (strchr(name, '/'))
        return find_in(look, "", 0, name);
    for (const char *p = look->process->search_path; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL)
        if (find_in(look, p, strcspn(p, ":"), name))
            return true;
    return false;
}

/* Surely? */
static bool is_missing(const struct look *look, const char *path)
{
    autoclose int fd = open_place(look, path, O_PATH);

    return fd == -ENOENT || fd == -ENOTDIR;
}

/* ---- scripts ------------------------------------------------------------------------------------------- */

static void explain_script(struct look *look)
{
    char *line = look->head.text + 2 + strspn(look->head.text + 2, " \t");

    line[strcspn(line, " \t\n")] = '\0';
    if (*line && line[strlen(line) - 1] == '\r')
        err_hint(look->err,
                 "its first line ends in a carriage return, as Windows has it: the kernel looks for an "
                 "interpreter of that name; `sed -i 's/\\r$//'` makes it a script");
    else if (!*line)
        err_hint(look->err, "its first line names no interpreter behind #!");
    else if (look->err->number == ENOENT && is_missing(look, line))
        err_hint(look->err, "its first line asks for the interpreter %s, which is not in the root filesystem",
                 line);
    else if (look->err->number == EACCES)
        err_hint(look->err, "is its interpreter %s executable for user %u?", line, look->process->uid);
}

/* ---- ELF ----------------------------------------------------------------------------------------------- */

static const struct {
    unsigned machine;
    const char *name;
} machines[] = {
    { EM_386, "i386" },  { EM_ARM, "32-bit ARM" }, { EM_X86_64, "x86-64" }, { EM_AARCH64, "ARM64" },
    { EM_S390, "s390" }, { EM_PPC, "PowerPC" },    { EM_PPC64, "ppc64" },   { EM_RISCV, "RISC-V" },
    { EM_MIPS, "MIPS" }, { 258, "LoongArch" },     { EM_SPARCV9, "SPARC" },
};

/* Both classes of ELF have it in the same place. */
static const char *machine_of(const struct look *look)
{
    unsigned char low = (unsigned char) look->head.text[18], high = (unsigned char) look->head.text[19];
    unsigned machine =
        look->head.text[EI_DATA] == ELFDATA2MSB ? (unsigned) (low << 8 | high) : (unsigned) (high << 8 | low);

    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == machine)
            return machines[i].name;
    return "another processor";
}

/* The path in PT_INTERP, if it is within what was read; NULL if there is none. */
static const char *interpreter(const struct look *look)
{
    const Elf64_Ehdr *e = &look->head.elf64;

    if (look->head.text[EI_CLASS] != ELFCLASS64 || e->e_phentsize != sizeof(Elf64_Phdr))
        return NULL;
    for (size_t i = 0; i < e->e_phnum; i++) {
        Elf64_Phdr p;

        if (e->e_phoff > look->n || (i + 1) * sizeof p > look->n - e->e_phoff)
            return NULL;
        memcpy(&p, look->head.text + e->e_phoff + i * sizeof p, sizeof p);
        if (p.p_type == PT_INTERP)
            return p.p_offset < look->n ? look->head.text + p.p_offset : NULL;
    }
    return NULL;
}

static void explain_elf(struct look *look)
{
    const char *loader = look->n >= sizeof look->head.elf64 ? interpreter(look) : NULL;
    struct utsname u;

    if (look->n < 20)
        return;
    if (look->err->number == ENOEXEC)
        err_hint(
            look->err,
            "it is a program for %s; this host is %s, and has no handler for such programs (binfmt_misc)",
            machine_of(look), uname(&u) == 0 ? u.machine : "another");
    else if (look->err->number == ENOENT && loader && is_missing(look, loader))
        err_hint(
            look->err,
            "it needs the dynamic loader %s, which is not in the root filesystem: it was built for another C "
            "library, or its libraries were left out",
            loader);
}

/* ---- rights -------------------------------------------------------------------------------------------- */

static bool may_execute(const struct look *look)
{
    const struct plan_process *p = look->process;
    unsigned shift = look->st.st_uid == p->uid ? 6 : look->st.st_gid == p->gid ? 3 : 0;

    return p->uid == 0 ? (look->st.st_mode & 0111) != 0 : (look->st.st_mode >> shift & 1) != 0;
}

void program_file_explain(const struct plan *plan, const struct plan_process *p, struct err *err)
{
    struct look look = { .plan = plan, .process = p, .err = err };
    autoclose int root_fd = sys_openat(AT_FDCWD, plan->root.path, O_PATH | O_DIRECTORY, 0);

    look.root_fd = root_fd;
    if (root_fd < 0 || !find(&look))
        return;
    if (err->number == EACCES && look.noexec)
        err_hint(err, "it lies on a filesystem that is mounted noexec");
    else if (err->number == EACCES && !may_execute(&look))
        err_hint(err, "its mode is %04o and it belongs to %u:%u on the host: user %u may not execute it",
                 (unsigned) look.st.st_mode & 07777, (unsigned) look.st.st_uid, (unsigned) look.st.st_gid,
                 p->uid);
    else if (look.n >= 2 && memcmp(look.head.text, "#!", 2) == 0)
        explain_script(&look);
    else if (look.n >= SELFMAG && memcmp(look.head.text, ELFMAG, SELFMAG) == 0)
        explain_elf(&look);
    else if (err->number == ENOEXEC && look.n == 0)
        err_hint(err, "the file is empty");
    else if (err->number == ENOEXEC)
        err_hint(err,
                 "it is neither a program (ELF) nor a script: a script begins with a line like #!/bin/sh");
}
