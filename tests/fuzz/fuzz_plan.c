/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_plan.c - the plan of any configuration: there is one that can be printed, or there is a sentence.
 *
 * The first byte chooses the host.  A good corpus are the .json files of tests/plan with a byte in front.
 */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    struct oci_spec spec = { 0 };
    struct json_error err;
    uint8_t bits = size ? data[0] : 0;
    struct plan_facts facts = fuzz_facts(bits);
    struct plan_options options = {
        .id = "fuzz",
        .bundle = "/bundle",
        .manager = bits & 16 ? PLAN_MANAGER_SYSTEMD : PLAN_MANAGER_CGROUPFS,
        .consented = !(bits & 128),
        .listen_fds = bits & 32 ? 1 : 0,
        .notify_socket = bits & 32 ? "/run/notify" : NULL,
    };
    char *text;

    if (!size)
        return 0;
    text = fuzz_string(&arena, data + 1, size - 1);
    if (json_read(&oci_spec_type, &spec, "fuzz", text, size - 1, &arena, &err) == 0)
        plan_free(fuzz_plan(&spec, text, &options, &facts, bits & 64));
    return 0;
}
