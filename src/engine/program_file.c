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

/* ---- the file ------------------------------------------------------------------------------------------ */

/* Found by a descriptor first: to open a fifo or a device would have effects. */
static bool read_head(struct look *look, const char *path)
{
    autoclose int found_fd = path_open(look->root_fd, path, O_PATH);
    autoclose int fd = -EBADF;
    struct statvfs fs;
    struct stat st;
    ssize_t n;

    if (found_fd < 0 || fstat(found_fd, &look->st) < 0 || !S_ISREG(look->st.st_mode))
        return false;
    fd = path_open(look->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
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

static bool is_there(const struct look *look, const char *path)
{
    autoclose int fd = path_open(look->root_fd, path, O_PATH);

    return fd >= 0;
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
    else if (look->err->number == ENOENT && !is_there(look, line))
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
    else if (look->err->number == ENOENT && loader && !is_there(look, loader))
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

void program_file_explain(const char *root, const struct plan_process *p, struct err *err)
{
    struct look look = { .process = p, .err = err };
    autoclose int root_fd = sys_openat(AT_FDCWD, root, O_PATH | O_DIRECTORY, 0);

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
