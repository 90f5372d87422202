/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words, and what a misspelt one was perhaps meant to be. */
#include "libocispec/oci_spec.h"
#include "libocispec/oci_state.h"

#include "tap.h"

static void word(const struct json_words *words, const char *s, const char *want)
{
    const char *got = json_nearest_word(words, s, strlen(s));

    check(want ? got && !strcmp(got, want) : !got, "\"%s\" is near %s (got %s)", s, want ? want : "nothing",
          got ? got : "nothing");
}

static void name(const struct json_type *type, const char *s, const char *want)
{
    const char *got = json_nearest(type, s, strlen(s));

    check(want ? got && !strcmp(got, want) : !got, "the property \"%s\" is near %s (got %s)", s,
          want ? want : "nothing", got ? got : "nothing");
}

static void test_values(void)
{
    check_text(json_word(&oci_seccomp_actions, OCI_SECCOMP_KILL), "SCMP_ACT_KILL", "a value has a word");
    check_text(json_word(&oci_statuses, OCI_STATUS_PAUSED), "paused", "the last value has a word");
    check(!json_word(&oci_statuses, OCI_STATUS_UNSET), "0 has none");
    check(!json_word(&oci_statuses, 1000), "nor has a value out of range");
    check(!json_word(&oci_device_rule_types, OCI_DEVICE_FIFO), "nor has a hole");
    check_number(json_word_value(&oci_namespace_types, "time"), OCI_NAMESPACE_TIME, "a word has a value");
    check_number(json_word_value(&oci_namespace_types, "net"), 0, "an unknown word has value 0");
    check_number(json_word_value(&oci_device_rule_types, "p"), 0, "so has a word of another set");
    check_number(json_word_value(&oci_device_rule_types, "a"), OCI_DEVICE_ALL,
                 "a word after a hole has a value");
}

int main(void)
{
    test_values();
    word(&oci_namespace_types, "net", "network");
    word(&oci_namespace_types, "mnt", "mount");
    word(&oci_namespace_types, "Mount", "mount");
    word(&oci_namespace_types, "usr", "user");
    word(&oci_namespace_types, "cgroups", "cgroup");
    word(&oci_namespace_types, "banana", NULL);
    word(&oci_namespace_types, "", NULL);
    word(&oci_seccomp_actions, "SCMP_ACT_KIL", "SCMP_ACT_KILL");
    word(&oci_seccomp_actions, "scmp_act_errno", "SCMP_ACT_ERRNO");
    word(&oci_seccomp_ops, "SCMP_CMP_MASKED", "SCMP_CMP_MASKED_EQ");
    word(&oci_device_types, "C", "c");
    word(&oci_device_types, "x", NULL);
    word(&oci_propagations, "rsahred", "rshared");
    name(&oci_process_type, "cwdd", "cwd");
    name(&oci_process_type, "no_new_privileges", "noNewPrivileges");
    name(&oci_process_type, "nonewprivileges", "noNewPrivileges");
    name(&oci_process_type, "arg", "args");
    name(&oci_process_type, "environment", NULL);
    name(&oci_process_type, "command", NULL);
    name(&oci_spec_type, "annotation", "annotations");
    name(&oci_spec_type, "windws", NULL);
    name(&oci_spec_type, "0123456789012345678901234567890123456789012345678901234567890123456789", NULL);
    return tap_done();
}
