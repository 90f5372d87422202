/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_config.c - the reader and the writer on any bytes.
 *
 * What was read must be writable, and what was written must read as the same
 * text again.  The first byte chooses the kind of document.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_spec.h"
#include "libocispec/oci_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_type *const roots[] = {
    &oci_spec_type,     &oci_process_type, &oci_resources_type,
    &oci_features_type, &oci_state_type,   &oci_container_process_state_type,
};

static void require(bool good)
{
    if (!good)
        abort();
}

static void note(void *data, const struct json_unknown *u)
{
    require(u->line && u->column && *u->path);
    *(size_t *) data += strlen(u->name);
}

static void check_error(const struct json_error *err, const char *text, size_t len)
{
    require(err->text && err->path && err->message && *err->message && err->line && err->column);
    require(json_line(text, len) >= err->line);
}

static void write_and_read(const struct json_type *type, struct json_node *root)
{
    struct json_text once = { 0 }, again = { 0 };
    autoarena struct arena arena = { 0 };
    struct json_error err;
    struct json_node *copy = json_new(&arena, type);

    require(!json_write_text(root, JSON_PRETTY, &once));
    require(!json_read(type, copy, "once", once.v, once.n, &arena, &err));
    require(!json_write_text(copy, JSON_PRETTY, &again));
    require(once.n == again.n && !memcmp(once.v, again.v, once.n));
    json_text_free(&once);
    json_text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;

    const struct json_type *type = roots[data[0] % (sizeof roots / sizeof *roots)];
    size_t len = size - 1, unknown = 0;
    char *text = malloc(len ? len : 1);
    autoarena struct arena arena = { 0 };
    struct json_watch watch = { note, &unknown };
    struct json_node *root = json_new(&arena, type);
    struct json_error err;

    require(text && root);
    memcpy(text, data + 1, len);
    if (json_read_watched(type, root, "fuzz", text, len, &arena, &watch, &err))
        check_error(&err, text, len);
    else
        write_and_read(type, root);
    free(text);
    return 0;
}
