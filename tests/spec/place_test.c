/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long after a text was read, each member still knows its path and its place. */
#include "libocispec/oci_spec.h"

#include "tap.h"

static const char text[] = "{\n"
                           "  \"ociVersion\": \"1.3.0\",\n"
                           "  \"process\": { \"cwd\" : \"/\", \"args\": [ \"sh\", \"a,\\\"]\", \"x\" ] },\n"
                           "  \"mounts\": [\n"
                           "    { \"destination\": \"/proc\" },\n"
                           "    { \"destination\": \"/\xc3\xa9\", \"options\": [\"ro\", \"nosuid\",\n"
                           "                  \"nodev\"] }\n"
                           "  ],\n"
                           "  \"linux\": {\n"
                           "    \"sysctl\": { \"a.b\": \"1\", \"c\\\"d\": \"2\" },\n"
                           "    \"netDevices\": { \"eth0\": { \"name\": \"e\" }, \"we\\\"ird\\n\": {} },\n"
                           "    \"resources\": { \"memory\": { \"limit\": 0, \"swap\": null } }\n"
                           "  }\n"
                           "}\n";

static struct arena arena;
static struct oci_spec spec;

static bool read_text(void)
{
    struct json_error err = { 0 };
    int r = json_read(&oci_spec_type, &spec, "x", text, strlen(text), &arena, &err);

    return check(!r, "it can be read: %s", r ? err.text : "yes");
}

static void place(size_t offset, unsigned line, unsigned column, const char *name)
{
    unsigned l = json_line(text, offset), c = json_column(text, offset);

    check(l == line && c == column, "%s is at %u:%u (got %u:%u)", name, line, column, l, c);
}

#define PATH(o, m, want) \
    check_text(json_member_path_in(&arena, &(o)->node, offsetof(__typeof__(*(o)), m)), want, want)

static void test_paths(void)
{
    const struct oci_net_device *odd = spec.linux->net_devices.v[1];

    PATH(&spec, node, "");
    PATH(&spec, oci_version, "ociVersion");
    PATH(spec.process, node, "process");
    PATH(spec.process, cwd, "process.cwd");
    PATH(spec.mounts.v[1], node, "mounts[1]");
    PATH(spec.mounts.v[1], options, "mounts[1].options");
    PATH(spec.linux->net_devices.v[0], name, "linux.netDevices[\"eth0\"].name");
    PATH(odd, node, "linux.netDevices[\"we\\\"ird\\n\"]");
    PATH(spec.linux->resources->memory, limit, "linux.resources.memory.limit");
    PATH(spec.linux->resources->memory, reservation, "linux.resources.memory.reservation");
    check_text(json_member_path_in(&arena, &spec.mounts.v[0]->node, JSON_NO_MEMBER), "mounts[0]",
               "JSON_NO_MEMBER is the object itself");
}

static void test_buffer(void)
{
    char buf[8] = "xxxxxxx";
    const struct oci_mount *m = spec.mounts.v[1];

    check_number((long long) json_path(NULL, 0, m, options), 17, "the length without a buffer");
    check_number((long long) json_path(buf, sizeof buf, m, options), 17, "the length with a short buffer");
    check_text(buf, "mounts[", "what fits is there, with a NUL");
    check_number((long long) json_path(buf, sizeof buf, &spec, node), 0, "the length of the empty path");
    check_text(buf, "", "the empty path");
}

static void test_places(void)
{
    const struct oci_mount *m = spec.mounts.v[1];

    place(json_offset(&spec, node), 1, 1, "the document");
    place(json_offset(&spec, oci_version), 2, 17, "a string");
    place(json_offset(spec.process, node), 3, 14, "an object");
    place(json_offset(spec.process, cwd), 3, 24, "a value after a spaced colon");
    place(json_offset(m, node), 6, 5, "an element");
    place(json_offset(m, options), 6, 39, "an array; columns count characters");
    place(json_offset(spec.linux->net_devices.v[1], node), 11, 59, "an entry of a dictionary");
    place(json_offset(spec.linux->resources->memory, limit), 12, 41, "a number");
    check_number(json_offset(spec.linux->resources->memory, swap), 0, "what was null has no place");
    check_number(json_offset(spec.linux->resources->memory, kernel), 0, "what is absent has no place");
}

static void test_elements(void)
{
    size_t options = json_offset(spec.mounts.v[1], options), sysctl = json_offset(spec.linux, sysctl);
    size_t args = json_offset(spec.process, args);

    place(json_element_offset(text, options, 0), 6, 40, "options[0]");
    place(json_element_offset(text, options, 1), 6, 46, "options[1]");
    place(json_element_offset(text, options, 2), 7, 19, "options[2], on the next line");
    place(json_element_offset(text, sysctl, 0), 10, 17, "the first name of a map");
    place(json_element_offset(text, sysctl, 1), 10, 29, "the second name of a map");
    place(json_element_offset(text, args, 2), 3, 54,
          "an element after one with brackets and commas in a string");
    place(json_element_offset(text, json_offset(&spec, mounts), 1), 6, 5, "mounts[1], found in the text");
    place(json_element_offset(text, json_offset(&spec, oci_version), 1), 2, 17, "a string has no elements");
}

static void test_presence(void)
{
    const struct oci_memory *memory = spec.linux->resources->memory;

    check(json_has(memory, limit) && memory->limit == 0, "a zero that was given is there");
    check(!json_has(memory, swap), "a null is not");
    check(!json_has(memory, kernel), "what is absent is not");
    check(!json_has(memory, node), "the object itself is no member");
    check(spec.mounts.v[0]->node.index == 0 && spec.mounts.v[1]->node.index == 1,
          "elements know their index");
    check(spec.mounts.v[1]->node.up == &spec.node, "elements know the object that they are in");
    check(!spec.node.up, "the document is in none");
}

static void test_built(void)
{
    struct oci_memory built = { 0 };

    check(!json_has(&built, limit), "an object of no type has nothing");
    check_number(json_offset(&built, limit), 0, "and no places");
    built.node.type = spec.linux->resources->memory->node.type;
    check(!json_has(&built, limit), "a new object has nothing");
    json_mark(&built, limit);
    check(json_has(&built, limit) && !json_has(&built, swap), "but what was marked");
    json_unmark(&built, limit);
    check(!json_has(&built, limit), "until it is unmarked");
    check_number(json_offset(&built, limit), 0, "what was built has no place");
}

int main(void)
{
    if (!read_text())
        return tap_done();
    test_paths();
    test_buffer();
    test_places();
    test_elements();
    test_presence();
    test_built();
    arena_free(&arena);
    return tap_done();
}
