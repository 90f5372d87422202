/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader keeps, refuses and reports; what its errors say is in bad/. */
#include "libocispec/json.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_spec.h"
#include "libocispec/oci_state.h"

#include "tap.h"

/* Of every kind of number one. */
struct numbers {
    struct json_node node;
    bool boolean;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    struct json_numbers list;
};

static const struct json_field numbers_fields[] = {
    JSON_FIELD(struct numbers, boolean, "bool"), JSON_FIELD(struct numbers, u16, "u16"),
    JSON_FIELD(struct numbers, i32, "i32"),      JSON_FIELD(struct numbers, u32, "u32"),
    JSON_FIELD(struct numbers, i64, "i64"),      JSON_FIELD(struct numbers, u64, "u64"),
    JSON_FIELD(struct numbers, list, "list"),
};

static const struct json_type numbers_type = {
    .size = sizeof(struct numbers),
    .n_fields = sizeof numbers_fields / sizeof *numbers_fields,
    .fields = numbers_fields,
};

static int read_numbers(const char *text, struct numbers *n, struct arena *arena)
{
    struct json_error err;

    *n = (struct numbers){ 0 };
    return json_read(&numbers_type, n, "n", text, strlen(text), arena, &err);
}

static void good(const char *text, long long want)
{
    autoarena struct arena arena = { 0 };
    struct numbers n;
    int r = read_numbers(text, &n, &arena);
    long long got = 0;

    switch (text[2]) {
    case 'b': got = n.boolean; break;
    case 'l': got = n.list.n ? (long long) n.list.v[n.list.n - 1] : -1; break;
    case 'i': got = text[3] == '3' ? n.i32 : n.i64; break;
    default: got = text[3] == '1' ? n.u16 : text[3] == '3' ? n.u32 : (long long) n.u64; break;
    }
    check(!r && got == want, "%s is %lld", text, want);
}

static void bad(const char *text)
{
    autoarena struct arena arena = { 0 };
    struct numbers n;

    check(read_numbers(text, &n, &arena) == -EINVAL, "%s is refused", text);
}

static void test_numbers(void)
{
    good("{\"bool\": true}", 1);
    good("{\"bool\": false}", 0);
    good("{\"u16\": 0}", 0);
    good("{\"u16\": -0}", 0);
    good("{\"u16\": 65535}", 65535);
    bad("{\"u16\": 65536}");
    bad("{\"u16\": -1}");
    good("{\"i32\": 2147483647}", INT32_MAX);
    bad("{\"i32\": 2147483648}");
    good("{\"i32\": -2147483648}", INT32_MIN);
    bad("{\"i32\": -2147483649}");
    good("{\"u32\": 4294967295}", UINT32_MAX);
    bad("{\"u32\": 4294967296}");
    good("{\"i64\": 9223372036854775807}", INT64_MAX);
    bad("{\"i64\": 9223372036854775808}");
    good("{\"i64\": -9223372036854775808}", INT64_MIN);
    bad("{\"i64\": -9223372036854775809}");
    good("{\"u64\": 18446744073709551615}", (long long) UINT64_MAX);
    bad("{\"u64\": 18446744073709551616}");
    bad("{\"u64\": 28446744073709551616}");
    bad("{\"u64\": 184467440737095516150}");
    bad("{\"u64\": 99999999999999999999999999999999999999999999999999999}");
    bad("{\"u64\": -1}");
    bad("{\"u64\": 1.0}");
    bad("{\"u64\": 1e3}");
    bad("{\"u64\": 1E3}");
    bad("{\"u64\": 01}");
    bad("{\"u64\": 0x10}");
    bad("{\"u64\": +1}");
    bad("{\"u64\": \"1\"}");
    bad("{\"u64\": true}");
    bad("{\"u64\": []}");
    bad("{\"u64\": {}}");
    bad("{\"bool\": 1}");
    bad("{\"bool\": \"true\"}");
    good("{\"list\": [1, 2, 4294967295]}", UINT32_MAX);
    good("{\"list\": []}", -1);
    bad("{\"list\": [4294967296]}");
    bad("{\"list\": [-1]}");
    bad("{\"list\": [[1]]}");
    bad("{\"list\": 1}");
    good("{\"u64\": null}", 0);
}

static int read_spec(const char *text, size_t len, struct oci_spec *spec, struct arena *arena,
                     const struct json_watch *watch, struct json_error *err)
{
    *spec = (struct oci_spec){ 0 };
    *err = (struct json_error){ 0 };
    return json_read_watched(&oci_spec_type, spec, "config.json", text, len, arena, watch, err);
}

/* ---- what is kept -------------------------------------------------------------------------------------- */

static void test_kept(void)
{
    static const char text[] =
        "{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", \"user\": {\"umask\": 0, "
        "\"additionalGids\": [5, 6]},"
        "  \"args\": [], \"env\": null, \"scheduler\": {\"policy\": \"SCHED_IDLE\"}},"
        " \"annotations\": {\"b\": \"1\", \"a\": \"\", \"c\": \"3\"},"
        " \"linux\": {\"resources\": {\"pids\": {\"limit\": 0}, \"devices\": [{\"allow\": false, \"type\":"
        " \"\"}]},"
        "  \"rootfsPropagation\": \"\", \"timeOffsets\": {\"boottime\": {\"secs\": -1}, \"monotonic\": {}},"
        "  \"devices\": [{\"path\": \"/dev/x\", \"type\": \"p\", \"fileMode\": 438}]}}";
    autoarena struct arena arena = { 0 };
    struct oci_spec spec;
    struct json_error err;

    if (read_spec(text, strlen(text), &spec, &arena, NULL, &err) != 0) {
        check(false, "a config is read: %s", err.text);
        return;
    }

    const struct oci_process *p = spec.process;

    check(json_has(p->user, umask) && !json_has(p->user, uid), "umask 0 was given, uid was not");
    check(p->user->additional_gids.n == 2 && p->user->additional_gids.v[1] == 6, "a list of numbers");
    check(json_has(p, args) && p->args.n == 0, "an empty list was given");
    check(!json_has(p, env), "null is absent");
    check(p->scheduler->policy == OCI_SCHED_IDLE, "a word is its enum");
    check(spec.annotations.n == 3 && !strcmp(spec.annotations.v[0].key, "b") &&
              !spec.annotations.v[1].value[0],
          "a map keeps its order");
    check(json_has(spec.linux->resources->pids, limit), "pids.limit 0 was given");
    check(!json_has(spec.linux->resources->devices.v[0], type), "an optional word that is empty is absent");
    check(spec.linux->rootfs_propagation == OCI_PROPAGATION_UNSET &&
              !json_has(spec.linux, rootfs_propagation),
          "also rootfsPropagation");
    check(spec.linux->time_offsets.n == 2 && !strcmp(spec.linux->time_offsets.v[0]->key, "boottime") &&
              spec.linux->time_offsets.v[0]->secs == -1,
          "a dictionary keeps its names");
    check(spec.linux->devices.v[0]->file_mode == 0666, "fileMode is decimal");
    check(spec.linux->devices.v[0]->type == OCI_DEVICE_FIFO, "the type of a device");
}

static void test_long_lists(void)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec;
    struct json_error err;
    struct json_text text = { 0 };
    bool in_order = true;

    json_text_puts(&text, "{\"ociVersion\": \"1\", \"mounts\": [{\"destination\": \"/0\"}");
    for (unsigned i = 1; i < 1000; i++)
        json_text_printf(&text, ", {\"destination\": \"/%u\"}", i);
    json_text_puts(&text, "]}");
    check(!read_spec(text.v, text.n, &spec, &arena, NULL, &err) && spec.mounts.n == 1000,
          "a thousand mounts");
    for (unsigned i = 0; i < spec.mounts.n; i++)
        in_order = in_order && spec.mounts.v[i]->node.index == i &&
                   (unsigned) atoi(spec.mounts.v[i]->destination + 1) == i;
    check(in_order, "in order, with their index");
    json_text_free(&text);
}

static void test_roots(void)
{
    static const char
        process[] = "{\"cwd\": \"/\", \"args\": [\"sh\"]}",
        resources[] = "{\"pids\": {\"limit\": -1}}",
        state[] =
            "{\"ociVersion\": \"1\", \"id\": \"x\", \"status\": \"paused\", \"bundle\": \"/b\", \"pid\": 0}",
        features[] =
            "{\"ociVersionMin\": \"1.0.0\", \"ociVersionMax\": \"1.3.0\", \"hooks\": [], \"linux\":"
            " {\"intelRdt\": {\"enabled\": false, \"monitoring\": true}, \"memoryPolicy\": {\"modes\":"
            " [\"x\"]}}}",
        agent[] =
            "{\"ociVersion\": \"1\", \"fds\": [\"seccompFd\"], \"pid\": 7, \"state\": {\"ociVersion\": \"1\","
            " \"id\": \"x\", \"status\": \"creating\", \"bundle\": \"/b\"}}";
    autoarena struct arena arena = { 0 };
    struct json_error err;
    struct oci_process p = { 0 };
    struct oci_resources r = { 0 };
    struct oci_state s = { 0 };
    struct oci_features f = { 0 };
    struct oci_container_process_state a = { 0 };

    check(!json_read(&oci_process_type, &p, "-", process, strlen(process), &arena, &err) && p.args.n == 1,
          "a process alone");
    check(!json_read(&oci_resources_type, &r, "-", resources, strlen(resources), &arena, &err) &&
              r.pids->limit == -1,
          "resources alone");
    check(!json_read(&oci_state_type, &s, "-", state, strlen(state), &arena, &err) &&
              s.status == OCI_STATUS_PAUSED && json_has(&s, pid),
          "a state");
    check(!json_read(&oci_features_type, &f, "-", features, strlen(features), &arena, &err) &&
              json_has(&f, hooks) && json_has(f.linux->intel_rdt, enabled) &&
              f.linux->intel_rdt->monitoring && f.linux->memory_policy->modes.n == 1,
          "features");
    check(!json_read(&oci_container_process_state_type, &a, "-", agent, strlen(agent), &arena, &err) &&
              a.state->status == OCI_STATUS_CREATING && !strcmp(a.fds.v[0], OCI_SECCOMP_FD_NAME),
          "the state for a seccomp agent");
}

/* ---- what is reported ---------------------------------------------------------------------------------- */

static void note(void *data, const struct json_unknown *u)
{
    json_text_printf(data, "%u:%u %s [%s]%s%s%s\n", u->line, u->column, u->path, u->name,
                     u->nearest ? " -> " : "", u->nearest ? u->nearest : "",
                     u->elsewhere ? " elsewhere" : "");
}

static void test_unknown(void)
{
    static const char text[] =
        "{\"ociVersion\": \"1\", \"windows\": {\"x\": {\"cwd\": 1}},\n"
        " \"x-vendor\": [{\"deep\": [null, 1.5e3, \"\\u0000\", {\"cwd\": true, \"cwd\": false}]}],\n"
        " \"process\": {\"cwd\": \"/\", \"cwdd\": null, \"commandLine\": \"x\"},\n"
        " \"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"/b\", \"opti\\u001bons\": []}]}";
    static const char want[] = "1:21 windows [windows] elsewhere\n"
                               "2:2 x-vendor [x-vendor]\n"
                               "3:26 process.cwdd [cwdd] -> cwd\n"
                               "3:40 process.commandLine [commandLine] elsewhere\n"
                               "4:58 mounts[1].opti\\u001bons [opti\033ons] -> options\n";
    autoarena struct arena arena = { 0 };
    struct json_text seen = { 0 };
    struct oci_spec spec;
    struct json_error err;

    check(!read_spec(text, strlen(text), &spec, &arena, &(struct json_watch){ note, &seen }, &err),
          "unknown properties are no error, whatever is in them");
    check_text(seen.v, want, "each is reported once, with its place and what was perhaps meant");
    check(spec.process->cwd && spec.mounts.n == 2, "what follows them is read");
    check(!read_spec(text, strlen(text), &spec, &arena, &(struct json_watch){ 0 }, &err),
          "nobody need be told");
    json_text_free(&seen);
}

static void test_error(void)
{
    static const char text[] =
        "{\"ociVersion\": \"1\",\n \"mounts\": [{\"destination\": \"/\"},\n  {\"type\": 7}]}";
    autoarena struct arena arena = { 0 };
    struct oci_spec spec;
    struct json_error err;

    check_number(read_spec(text, strlen(text), &spec, &arena, NULL, &err), -EINVAL,
                 "a wrong value is refused");
    check_text(err.text, "config.json:3:12: mounts[1].type: expected a string, found a number", "all of it");
    check_text(err.path, "mounts[1].type", "its path");
    check_text(err.message, "expected a string, found a number", "its message");
    check(err.line == 3 && err.column == 12, "its line and column");
    read_spec("[]", 2, &spec, &arena, NULL, &err);
    check_text(err.path, "", "the path of the document is empty, not NULL");
}

/* ---- limits -------------------------------------------------------------------------------------------- */

static int read_nested(unsigned depth)
{
    autoarena struct arena arena = { 0 };
    struct json_text text = { 0 };
    struct oci_spec spec;
    struct json_error err;

    json_text_puts(&text, "{\"ociVersion\": \"1\", \"x\": ");
    for (unsigned i = 0; i < depth; i++)
        json_text_puts(&text, i % 2 ? "[" : "{\"a\":");
    json_text_puts(&text, "0");
    for (unsigned i = depth; i > 0; i--)
        json_text_puts(&text, (i - 1) % 2 ? "]" : "}");
    json_text_puts(&text, "}");

    int r = read_spec(text.v, text.n, &spec, &arena, NULL, &err);

    json_text_free(&text);
    return r;
}

static void test_limits(void)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec;
    struct json_error err;
    char *huge = malloc(JSON_TEXT_MAX + 1);

    check_number(read_nested(JSON_DEPTH_MAX - 1), 0, "JSON_DEPTH_MAX levels are read");
    check_number(read_nested(JSON_DEPTH_MAX), -EINVAL, "one more is refused");
    check_number(read_nested(100000), -EINVAL, "so are a hundred thousand");

    memset(huge, ' ', JSON_TEXT_MAX + 1);
    memcpy(huge, "{\"ociVersion\":\"1\"}", 18);
    check_number(read_spec(huge, JSON_TEXT_MAX, &spec, &arena, NULL, &err), 0,
                 "a text of JSON_TEXT_MAX bytes is read");
    check_number(read_spec(huge, JSON_TEXT_MAX + 1, &spec, &arena, NULL, &err), -EFBIG,
                 "a longer one is refused");
    check(err.text && *err.text && !err.line, "and the error says so");
    free(huge);
}

/* The text is a piece of memory, not a C string. */
static void test_no_nul_behind(void)
{
    static const char text[] =
        "{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", \"user\": {\"uid\": 12}}}";
    bool bounded = true;

    for (size_t n = 0; n < sizeof text - 1; n++) {
        autoarena struct arena arena = { 0 };
        struct oci_spec spec;
        struct json_error err;
        char *copy = malloc(n ? n : 1); /* exactly as long: a sanitizer sees every byte too far */

        memcpy(copy, text, n);
        bounded = bounded && read_spec(copy, n, &spec, &arena, NULL, &err) == -EINVAL && err.line == 1 &&
                  err.column <= n + 1;
        free(copy);
    }
    check(bounded, "every beginning of a text is refused, and its end is respected");
}

/* ---- out of memory ------------------------------------------------------------------------------------- */

static const char memory_text[] =
    "{\"ociVersion\": \"1.3.0\\n\", \"process\": {\"cwd\": \"/\", \"args\": [\"a\\u00e9\", \"b\"], \"user\":"
    " {\"additionalGids\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}}, \"annotations\": {\"b\": \"1\", \"a\": \"2\"},"
    " \"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"/b\"}], \"linux\": {\"netDevices\":"
    " {\"e\": {}, \"f\": {}},"
    " \"namespaces\": [{\"type\": \"pid\"}]}}";

static void count(void *data, const struct json_unknown *unknown)
{
    (void) unknown;
    ++*(unsigned *) data;
}

static void test_no_memory(const char *text, int want, const char *name)
{
    bool clean = true;
    int r = -ENOMEM;
    size_t limit = 1;
    unsigned n = 0;

    for (; r == -ENOMEM && limit < 1 << 20; limit += 8) {
        autoarena struct arena arena = { .limit = limit };
        struct oci_spec spec;
        struct json_error err;

        r = read_spec(text, strlen(text), &spec, &arena, &(struct json_watch){ count, &n }, &err);
        if (r == -ENOMEM)
            clean = clean && err.text && !strcmp(err.text, "out of memory") && err.path && err.message;
    }
    check(clean && limit > 200, "%s: with too little memory the error says so, however little", name);
    check_number(r, want, name);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void test_slurp(void)
{
    autoarena struct arena arena = { 0 };
    struct arena little = { .limit = 64 };
    FILE *f = tmpfile();
    char *text = NULL;
    size_t len = 0;
    int fds[2];

    if (!f || pipe(fds) != 0) {
        check(false, "a temporary file and a pipe");
        return;
    }
    for (unsigned i = 0; i < 20000; i++)
        fprintf(f, "%04x ", i & 0xffff);
    rewind(f);
    check(!json_slurp(fileno(f), &arena, &text, &len) && len == 100000 && text[99995] == '4' && !text[len],
          "a file is read to its end, with a NUL behind");
    rewind(f);
    check(json_slurp(fileno(f), &little, &text, &len) == -ENOMEM && len == 100000, "unless memory runs out");
    arena_free(&little);
    check(write(fds[1], "{}", 2) == 2 && !close(fds[1]) && !json_slurp(fds[0], &arena, &text, &len) &&
              len == 2 && !strcmp(text, "{}"),
          "a pipe is read to its end");
    check(!json_slurp(fds[0], &arena, &text, &len) && len == 0 && !*text, "nothing is read as nothing");
    close(fds[0]);
    check_number(json_slurp(-1, &arena, &text, &len), -EBADF, "what can't be read is an error");
    check(ftruncate(fileno(f), JSON_TEXT_MAX + 1) == 0 && fseek(f, 0, SEEK_SET) == 0 &&
              json_slurp(fileno(f), &arena, &text, &len) == -EFBIG,
          "too large a file is an error");
    fclose(f);
}

int main(void)
{
    test_numbers();
    test_kept();
    test_long_lists();
    test_roots();
    test_unknown();
    test_error();
    test_limits();
    test_no_nul_behind();
    test_no_memory(memory_text, 0, "a good text");
    test_no_memory("{\"ociVersion\": \"1\", \"hostname\": 7}", -EINVAL, "a wrong value");
    test_no_memory("{\"ociVersion\": \"1\", \"annotations\": {\"x\": \"1\", \"x\": \"2\"}}", -EINVAL,
                   "a key given twice");
    test_no_memory("{\"ociVersion\": \"1\" \"hostname\"}", -EINVAL, "no JSON");
    test_no_memory("{\"ociVersion\": \"1\", \"hostnam\": [[[[]]]]}", 0, "an unknown property");
    test_slurp();
    return tap_done();
}
