/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stub_image.c - makes the sealed program that becomes the container's process.
 *
 * The file is the stub as it was built, up to the next page, and the
 * configuration behind it.  Only one program header is changed: the linker left
 * an empty one for the segment of the configuration.
 */
#include "host/stub_image.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "host/sealed.h"
#include "host/stub_capabilities.h"

__asm__(".pushsection .rodata.stub, \"a\"\n"
        ".balign 16\n"
        ".globl host_stub_start, host_stub_end\n"
        ".hidden host_stub_start, host_stub_end\n"
        "host_stub_start:\n"
        ".incbin \"src/stub/ocirt-stub\"\n"
        "host_stub_end:\n"
        ".byte 0\n"
        ".popsection\n");

#define hidden __attribute__((visibility("hidden")))
extern const unsigned char host_stub_start[] hidden, host_stub_end[] hidden;

enum { HEADERS_MAX = 512 }; /* of the stub: it has three program headers */

/* ---- the configuration and what it points to ----------------------------------------------------------- */

/* Appends; text_result() tells at the end whether there was memory for all. */
static struct stub_span put(struct text *data, const void *bytes, size_t size)
{
    static const char zeros[8];
    struct stub_span span = { 0, 0 };

    if (size == 0)
        return span;
    text_put(data, zeros, -data->n & 7);
    if (data->n > UINT32_MAX - size)
        data->failed = true;
    span.offset = (uint32_t) data->n;
    span.size = (uint32_t) size;
    text_put(data, bytes, size);
    return span;
}

static struct stub_span put_string(struct text *data, const char *s)
{
    return put(data, s, strlen(s) + 1);
}

static struct stub_span put_text(struct text *data, const char *s)
{
    return put(data, s, s ? strlen(s) : 0);
}

/* One string behind the other. */
static struct stub_span put_strings(struct text *data, char *const *list, uint32_t *ret_n)
{
    struct stub_span all = { 0, 0 };

    *ret_n = 0;
    for (; list && list[*ret_n]; ++*ret_n) {
        const char *s = list[*ret_n];

        if (*ret_n == 0)
            all = put_string(data, s);
        else
            text_put(data, s, strlen(s) + 1);
    }
    if (all.size)
        all.size = (uint32_t) (data->n - all.offset);
    return all;
}

static struct stub_span put_hooks(struct text *data, const struct plan_hook_list *list)
{
    autofree struct stub_hook *hooks = NULL;

    if (!list || list->n == 0)
        return (struct stub_span){ 0, 0 };
    hooks = calloc(list->n, sizeof *hooks);
    if (!hooks) {
        data->failed = true;
        return (struct stub_span){ 0, 0 };
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct plan_hook *hook = &list->v[i];

        hooks[i].path = put_string(data, hook->path);
        hooks[i].argv = put_strings(data, hook->argv, &hooks[i].argc);
        hooks[i].envp = put_strings(data, hook->envp, &hooks[i].envc);
        hooks[i].timeout = hook->timeout;
    }
    return put(data, hooks, list->n * sizeof *hooks);
}

static struct stub_span put_rlimits(struct text *data, const struct plan_process *process)
{
    struct stub_span all = { 0, 0 };

    for (size_t i = 0; i < process->n_rlimits; i++) {
        const struct plan_rlimit *from = &process->rlimits[i];
        struct stub_rlimit limit = { .resource = (uint32_t) from->resource,
                                     .soft = from->soft,
                                     .hard = from->hard };
        struct stub_span one = put(data, &limit, sizeof limit);

        if (i == 0)
            all = one;
        else
            all.size += one.size;
    }
    return all;
}

/* AppArmor's own directory exists since Linux 5.1; with it, both security modules can be in use. */
static struct stub_span put_labels(struct text *data, const struct plan_process *process)
{
    struct stub_label labels[2];
    size_t n = 0;

    if (process->apparmor) {
        autotext struct text command = { 0 };

        text_add(&command, "exec %s", process->apparmor);
        data->failed |= command.failed;
        labels[n++] = (struct stub_label){
            .path = put_string(data, "self/attr/apparmor/exec"),
            .fallback = put_string(data, "self/attr/exec"),
            .text = put_text(data, text_string(&command)),
        };
    }
    if (process->selinux)
        labels[n++] = (struct stub_label){
            .path = put_string(data, "self/attr/exec"),
            .text = put_text(data, process->selinux),
        };
    return put(data, labels, n * sizeof labels[0]);
}

static void set_process(const struct plan_process *process, struct stub_config *config, struct text *data)
{
    config->uid = process->uid;
    config->gid = process->gid;
    config->umask = process->umask;
    config->groups = put(data, process->groups, process->n_groups * sizeof process->groups[0]);
    config->rlimits = put_rlimits(data, process);
    config->labels = put_labels(data, process);
    config->cwd = put_string(data, process->cwd);
    if (process->no_new_privileges)
        config->flags |= STUB_NO_NEW_PRIVS;
    if (process->keep_groups)
        config->flags |= STUB_KEEP_GROUPS;
    if (process->has_scheduler) {
        config->flags |= STUB_SCHEDULER;
        config->scheduler = process->scheduler;
    }
    if (process->has_io_priority) {
        config->flags |= STUB_IO_PRIORITY;
        config->io_priority = process->io_priority;
    }
    if (process->final_affinity) {
        config->flags |= STUB_AFFINITY;
        config->affinity =
            put(data, process->final_affinity, process->affinity_words * sizeof(unsigned long));
    }
}

static void set_seccomp(const struct host_stub_request *request, struct stub_config *config,
                        struct text *data)
{
    const struct host_seccomp *seccomp = request->seccomp;

    config->flags |= STUB_SECCOMP;
    config->seccomp = put(data, seccomp->program, seccomp->n * sizeof seccomp->program[0]);
    config->seccomp_flags = seccomp->flags;
    if (!seccomp->notify)
        return;
    config->flags |= STUB_SECCOMP_NOTIFY;
    for (int i = 0; i < 3; i++)
        config->notify_state[i] = put_text(data, request->notify_state[i]);
}

static void set_rest(const struct host_stub_request *request, struct stub_config *config, struct text *data)
{
    config->hooks = put_hooks(data, request->hooks);
    for (int i = 0; config->hooks.size && i < 2; i++)
        config->hook_state[i] = put_text(data, request->hook_state[i]);
    if (request->setgroups_denied)
        config->flags |= STUB_SET_GROUPS_DENIED;
    if (request->has_personality) {
        config->flags |= STUB_PERSONALITY;
        config->personality = request->personality;
    }
}

static int compose(const struct host_stub_request *request, struct text *data, struct err *err)
{
    struct stub_config config = {
        .magic = STUB_MAGIC,
        .start = request->start,
        .start_fd = request->start_fd,
        .preserve_fds = request->preserve_fds,
        .gate_fd = request->gate_fd,
        .proc_fd = request->proc_fd,
        .notify_fd = request->notify_fd,
        .hook_stdout_fd = request->hook_stdout_fd,
        .hook_stderr_fd = request->hook_stderr_fd,
        .flags = request->birth,
    };
    int r = host_stub_capabilities(request->process, request->user_namespace, config.capabilities, err);

    if (r < 0)
        return r;
    text_put(data, (const char *) &config, sizeof config);
    set_process(request->process, &config, data);
    if (request->seccomp)
        set_seccomp(request, &config, data);
    set_rest(request, &config, data);
    if (text_result(data) < 0)
        return err_nomem(err);
    config.size = (uint32_t) data->n;
    memcpy(data->s, &config, sizeof config);
    return 0;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/*
 * Copies the ELF header and program headers to BUF, with the empty one filled: SIZE bytes at OFFSET.  Bytes
 * copied.
 */
static size_t patch_headers(unsigned char buf[HEADERS_MAX], size_t offset, size_t size, size_t page)
{
    ElfW(Ehdr) elf;
    size_t end;

    memcpy(&elf, host_stub_start, sizeof elf);
    end = elf.e_phoff + (size_t) elf.e_phnum * sizeof(ElfW(Phdr));
    memcpy(buf, host_stub_start, end);
    for (size_t at = elf.e_phoff; at < end; at += sizeof(ElfW(Phdr))) {
        ElfW(Phdr) header;

        memcpy(&header, buf + at, sizeof header);
        if (header.p_type != PT_NULL)
            continue;
        header.p_type = PT_LOAD;
        header.p_flags = PF_R;
        header.p_offset = (__typeof__(header.p_offset)) offset;
        header.p_vaddr = header.p_paddr = STUB_CONFIG_ADDRESS;
        header.p_filesz = header.p_memsz = (__typeof__(header.p_memsz)) size;
        header.p_align = (__typeof__(header.p_align)) page;
        memcpy(buf + at, &header, sizeof header);
        break;
    }
    return end;
}

static int write_image(const struct text *data, int *ret_fd, struct err *err)
{
    static unsigned char zeros[65536]; /* in .bss; the largest page there is */
    const size_t page = (size_t) sysconf(_SC_PAGESIZE);
    const size_t image = (size_t) (host_stub_end - host_stub_start);
    const size_t padding = -image & (page - 1);
    unsigned char headers[HEADERS_MAX];
    size_t n = patch_headers(headers, image + padding, data->n, page);
    struct iovec parts[] = {
        { headers, n },
        { (void *) (uintptr_t) (host_stub_start + n), image - n },
        { zeros, padding },
        { data->s, data->n },
    };

    return host_sealed_create(STUB_NAME, parts, sizeof parts / sizeof parts[0], ret_fd, err);
}

/* A mistake of ours, found here rather than by a container that hangs. */
static bool are_sane(const struct host_stub_request *request)
{
    const int fds[] = {
        request->start_fd,  request->proc_fd,        request->gate_fd,
        request->notify_fd, request->hook_stdout_fd, request->hook_stderr_fd,
    };
    const struct plan_process *process = request->process;

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0 && (fds[i] < 3 || (unsigned) fds[i] - 3 < request->preserve_fds))
            return false;
    if (request->start_fd < 0 || !process->cwd)
        return false;
    if ((process->apparmor || process->selinux) && request->proc_fd < 0)
        return false;
    return !request->seccomp || !request->seccomp->notify || request->notify_fd >= 0;
}

int host_stub_image_create(const struct host_stub_request *request, int *ret_fd, struct err *err)
{
    autotext struct text data = { 0 };
    int r;

    if (!are_sane(request))
        return err_set(err, ERR_INTERNAL, EINVAL, "make the container's init program: bad request");
    r = compose(request, &data, err);
    return r < 0 ? r : write_image(&data, ret_fd, err);
}

int host_stub_move_fd(int *fd, unsigned preserve_fds)
{
    int r;

    if (preserve_fds > INT32_MAX - 3)
        return -EINVAL;
    if (*fd >= 3 + (int) preserve_fds)
        return 0;
    r = fcntl(*fd, F_DUPFD_CLOEXEC, 3 + (int) preserve_fds);
    if (r < 0)
        return -errno;
    (void) close(*fd);
    *fd = r;
    return 0;
}
