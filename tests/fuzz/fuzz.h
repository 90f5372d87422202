/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.h - what the fuzzers share: bytes as words, hosts to choose from, and what a plan must be.
 */
#ifndef OCIRT_TESTS_FUZZ_FUZZ_H
#define OCIRT_TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The libFuzzer way to say that something is wrong. */
static inline void require(bool good)
{
    if (!good)
        abort();
}

/* DATA as a string, in ARENA. */
static inline char *fuzz_string(struct arena *arena, const uint8_t *data, size_t size)
{
    char *text = arena_alloc(arena, size + 1);

    require(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* The strings in DATA, each ended by NUL; NULL behind the last. */
static inline char **fuzz_words(struct arena *arena, const uint8_t *data, size_t size, size_t *ret_n)
{
    char *text = fuzz_string(arena, data, size), **v = arena_array(arena, size + 2, sizeof *v);
    size_t n = 0;

    require(v);
    for (size_t at = 0; at < size; at += strlen(text + at) + 1)
        v[n++] = text + at;
    v[n] = NULL;
    *ret_n = n;
    return v;
}

/* A host: its layout of cgroups, and who we are there. */
static inline struct plan_facts fuzz_facts(uint8_t bits)
{
    static const struct plan_hierarchy hierarchies[] = {
        { "cpu,cpuacct", "cpu,cpuacct" },
        { "systemd", "none,name=systemd" },
        { "unified", "" },
    };

    return (struct plan_facts){
        .cgroup_layout = (enum plan_cgroup_layout)(bits & 3),
        .hierarchies = hierarchies,
        .n_hierarchies = bits & 2 ? 3 : 0,
        .euid = bits & 4 ? 1000 : 0,
        .rootless = bits & 4,
        .in_user_namespace = bits & 8,
        .last_capability = 40,
    };
}

static inline void fuzz_note(void *context, const char *text)
{
    *(size_t *) context += strlen(text);
}

/* A failure has a sentence and a code. */
static inline void fuzz_check_errors(const struct err *err)
{
    require(err_is_set(err));
    for (; err; err = err->next)
        require(err->text && *err->text && err->code != ERR_NONE);
}

/*
 * The plan of SPEC, which came from TEXT: one that can be printed, or NULL and a sentence.  For plan_free().
 */
static inline struct plan *fuzz_plan(const struct oci_spec *spec, const char *text,
                                     const struct plan_options *options, const struct plan_facts *facts,
                                     bool collect)
{
    struct err_source source = { .name = "fuzz", .text = text };
    size_t warned = 0;
    struct err err = { .source = &source, .warn = fuzz_note, .context = &warned, .collect = collect };
    autotext struct text out = { 0 };
    struct plan *plan = NULL;

    if (plan_compile(spec, options, facts, &plan, &err) < 0) {
        require(!plan);
        fuzz_check_errors(&err);
    } else {
        require(!err_is_set(&err));
        require(plan_print(plan, &out) == 0);
    }
    err_done(&err);
    return plan;
}

/*
 * A small configuration: FIRST is put into the document, LINUX into "linux"; each ends with a comma or is
 * empty.  *RET_TEXT lives in ARENA.  False if it can't be read.
 */
static inline bool fuzz_config(struct arena *arena, const char *first, const char *linux_part,
                               struct oci_spec *ret_spec, char **ret_text)
{
    struct json_error err;

    *ret_text =
        arena_printf(arena,
                     "{%s\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"rootfs\"}, "
                     "\"process\": {\"args\": [\"sh\"], \"cwd\": \"/\", \"user\": {\"uid\": 0, \"gid\": 0}}, "
                     "\"linux\": {%s\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"mount\"}, "
                     "{\"type\": \"cgroup\"}, {\"type\": \"user\"}], "
                     "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1000}], "
                     "\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1000}]}}",
                     first, linux_part);
    require(*ret_text);
    return json_read(&oci_spec_type, ret_spec, "fuzz", *ret_text, strlen(*ret_text), arena, &err) == 0;
}

/* S as a JSON string, in ARENA. */
static inline const char *fuzz_quote(struct arena *arena, const char *s)
{
    struct json_text text = { 0 };
    char *copy;

    json_text_put_string(&text, s, strlen(s));
    copy = arena_strndup(arena, text.v ? text.v : "\"\"", text.v ? text.n : 2);
    json_text_free(&text);
    require(copy);
    return copy;
}

#endif
