/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the writer prints, of texts that were read and of objects built in C. */
#include <errno.h>
#include <stdlib.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_spec.h"
#include "libocispec/oci_state.h"

#include "tap.h"

static void prints(const void *object, enum json_style style, const char *want, const char *name)
{
    struct json_text out = { 0 };

    check_number(json_write_text(object, style, &out), 0, name);
    check_text(out.v, want, "and it is as it should be");
    json_text_free(&out);
}

static void fails(const void *object, int want, const char *name)
{
    struct json_text out = { 0 };

    check_number(json_write_text(object, JSON_COMPACT, &out), want, name);
    json_text_free(&out);
}

static void test_state(void)
{
    struct json_pair pairs[] = { { "a", "1" }, { "b", "" } };
    struct oci_state state = {
        .node = { .type = &oci_state_type },
        .oci_version = "1.3.0",
        .id = "web1",
        .status = OCI_STATUS_STOPPED,
        .bundle = "/b",
    };

    prints(&state, JSON_COMPACT,
           "{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"status\":\"stopped\",\"bundle\":\"/b\"}", "a state");
    json_mark(&state, pid);
    json_mark(&state, annotations);
    prints(&state, JSON_PRETTY,
           "{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"web1\",\n  \"status\": \"stopped\",\n  \"pid\": 0,\n"
           "  \"bundle\": \"/b\",\n  \"annotations\": {}\n}\n",
           "marked members are written, pretty");
    state.annotations = (struct json_map){ pairs, 2 };
    state.pid = 42;
    prints(
        &state, JSON_PRETTY,
        "{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"web1\",\n  \"status\": \"stopped\",\n  \"pid\": 42,\n"
        "  \"bundle\": \"/b\",\n  \"annotations\": {\n    \"a\": \"1\",\n    \"b\": \"\"\n  }\n}\n",
        "a map, pretty");
}

/* Only the outermost object has a type. */
static void test_nested(void)
{
    struct oci_state state = { .oci_version = "1", .id = "x", .status = OCI_STATUS_CREATING, .bundle = "/" };
    struct oci_container_process_state agent = {
        .node = { .type = &oci_container_process_state_type },
        .oci_version = "1",
        .fds = { (char *[]){ OCI_SECCOMP_FD_NAME }, 1 },
        .pid = 7,
        .state = &state,
    };

    prints(&agent, JSON_COMPACT,
           "{\"ociVersion\":\"1\",\"fds\":[\"seccompFd\"],\"pid\":7,\"state\":{\"ociVersion\":\"1\","
           "\"id\":\"x\","
           "\"status\":\"creating\",\"bundle\":\"/\"}}",
           "an object in an object");
    agent.state = NULL;
    fails(&agent, -EINVAL, "a required object that is missing");
}

static void test_features(void)
{
    autoarena struct arena arena = { 0 };
    struct oci_features *f = json_new(&arena, &oci_features_type);
    struct oci_features_linux *l = json_new(&arena, &oci_features_linux_type);
    struct oci_features_switch *apparmor = json_new(&arena, &oci_features_switch_type);

    f->oci_version_min = "1.0.0";
    f->oci_version_max = "1.3.0";
    f->linux = l;
    l->apparmor = apparmor;
    json_mark(f, hooks);
    json_mark(l, capabilities);
    json_mark(apparmor, enabled);
    prints(f, JSON_COMPACT,
           "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"hooks\":[],"
           "\"linux\":{\"capabilities\":[],"
           "\"apparmor\":{\"enabled\":false}}}",
           "features: false and empty, where marked");
}

/* All kinds of members at their limits, required zeros among them. */
static void test_kinds(void)
{
    struct oci_block_device device = { .major = 0, .minor = 0, .rate = UINT64_MAX };
    struct oci_block_io io = { .weight = 65535, .read_bps = { (struct oci_block_device *[]){ &device }, 1 } };
    struct oci_cpu cpu = { .shares = UINT64_MAX, .quota = INT64_MIN };
    struct oci_memory memory = { .limit = INT64_MAX, .disable_oom_killer = true };
    struct oci_rdma rdma = { .key = "mlx5\"0", .hca_handles = UINT32_MAX };
    struct oci_device_rule rule = { .type = OCI_DEVICE_ALL };
    struct oci_resources r = {
        .node = { .type = &oci_resources_type },
        .block_io = &io,
        .cpu = &cpu,
        .memory = &memory,
        .rdma = { (struct oci_rdma *[]){ &rdma }, 1 },
        .devices = { (struct oci_device_rule *[]){ &rule }, 1 },
    };

    prints(&r, JSON_COMPACT,
           "{\"devices\":[{\"allow\":false,\"type\":\"a\"}],"
           "\"memory\":{\"limit\":9223372036854775807,\"disableOOMKiller\":true},"
           "\"cpu\":{\"shares\":18446744073709551615,\"quota\":-9223372036854775808},"
           "\"blockIO\":{\"weight\":65535,\"throttleReadBpsDevice\":[{\"major\":0,\"minor\":0,"
           "\"rate\":18446744073709551615}]},\"rdma\":{\"mlx5\\\"0\":{\"hcaHandles\":4294967295}}}",
           "numbers at their limits, a dictionary, required zeros");
    prints(&(struct oci_resources){ .node = { .type = &oci_resources_type } }, JSON_PRETTY, "{}\n",
           "an empty object, pretty");
}

static void test_numbers(void)
{
    struct oci_user user = { .additional_gids = { (uint32_t[]){ 1, 4294967295 }, 2 } };
    struct oci_process process = {
        .node = { .type = &oci_process_type },
        .cwd = "/",
        .oom_score_adj = INT32_MIN,
        .user = &user,
    };

    prints(&process, JSON_PRETTY,
           "{\n  \"user\": {\n    \"additionalGids\": [\n      1,\n      4294967295\n    ]\n  },\n  \"cwd\": "
           "\"/\",\n"
           "  \"oomScoreAdj\": -2147483648\n}\n",
           "a list of numbers, pretty");
}

static void test_strings(void)
{
    struct oci_process process = { .node = { .type = &oci_process_type } };

    process.cwd = "\x01 \x1f\"\\/\b\f\n\r\t\x7f \xc2\x85 \xc3\xa9\xf0\x9f\x98\x80";
    prints(&process, JSON_COMPACT,
           "{\"cwd\":\"\\u0001 \\u001f\\\"\\\\/\\b\\f\\n\\r\\t\\u007f \\u0085 \xc3\xa9\xf0\x9f\x98\x80\"}",
           "what must be escaped is, what need not is not");
    process.cwd = "caf\xe9";
    fails(&process, -EILSEQ, "a string that is not UTF-8");
    process.cwd = "\xed\xa0\x80";
    fails(&process, -EILSEQ, "a surrogate");
    process.cwd = NULL;
    fails(&process, -EINVAL, "a required string that is missing");
    process.cwd = "/";
    process.args = (struct json_strings){ (char *[]){ "a", NULL }, 2 };
    fails(&process, -EINVAL, "a NULL in a list");
    process.args.n = 0;
    json_mark(&process, user);
    fails(&process, -EINVAL, "an object that is marked, but missing");
    fails(&(struct oci_process){ .cwd = "/" }, -EINVAL, "an object without a type");
    fails(
        &(struct oci_state){
            .node = { .type = &oci_state_type }, .oci_version = "1", .id = "x", .bundle = "/" },
        -EINVAL, "a required word that is missing");
}

static void test_no_memory(void)
{
    struct oci_process process = { .node = { .type = &oci_process_type }, .cwd = "/a/long/directory\n" };
    bool clean = true;
    int r = -ENOMEM;
    size_t limit = 1;

    for (; r == -ENOMEM; limit++) {
        struct json_text out = { .limit = limit };

        r = json_write_text(&process, JSON_PRETTY, &out);
        clean = clean && out.n <= limit && (r == 0 || r == -ENOMEM);
        json_text_free(&out);
    }
    check(clean && r == 0 && limit > 20, "too little memory is an error, however little");
}

static void test_file(void)
{
    struct oci_process process = { .node = { .type = &oci_process_type }, .cwd = "/" };
    FILE *full = fopen("/dev/full", "we");
    char buf[64] = "";
    FILE *f = fmemopen(buf, sizeof buf, "w");

    check(f && !json_write(&process, JSON_COMPACT, f) && !fclose(f), "it is written to a FILE");
    check_text(buf, "{\"cwd\":\"/\"}", "the same");
    if (full) {
        setvbuf(full, NULL, _IONBF, 0);
        check_number(json_write(&process, JSON_COMPACT, full), -EIO, "a full disk is an error");
        fclose(full);
    }
}

static void test_append(void)
{
    struct oci_process process = { .node = { .type = &oci_process_type }, .cwd = "/" };
    struct json_text out = { 0 };

    json_text_puts(&out, "[");
    check_number(json_write_text(&process, JSON_COMPACT, &out), 0, "it is appended to what is there");
    json_text_puts(&out, "]");
    check_text(out.v, "[{\"cwd\":\"/\"}]", "and more can follow");
    json_text_free(&out);
}

int main(void)
{
    test_state();
    test_nested();
    test_features();
    test_kinds();
    test_numbers();
    test_strings();
    test_no_memory();
    test_file();
    test_append();
    return tap_done();
}
