/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify_state.c - what a seccomp agent is told of the process whose listener it gets.
 *
 * A document around the state, cut where the pids go: they are known only after the text is with the stub.
 */
#include "engine/notify_state.h"

#include <string.h>

#include "host/hooks.h"

/* Appends a member of an object, with a comma in front. */
static void put_member(struct json_text *text, const char *name, const char *value)
{
    json_text_printf(text, ",\"%s\":", name);
    json_text_put_string(text, value, strlen(value));
}

int notify_state_make(const struct host_state *state, enum oci_status status, const char *metadata,
                      struct json_text parts[static 3], struct err *err)
{
    struct host_hook_state inner = { 0 };
    int r = host_hook_state_make(state, status, &inner, err);

    if (r < 0)
        return r;
    json_text_printf(&parts[0], "{\"fds\":[\"%s\"]", OCI_SECCOMP_FD_NAME);
    put_member(&parts[0], "ociVersion", state->oci_version);
    if (metadata)
        put_member(&parts[0], "metadata", metadata);
    json_text_puts(&parts[0], ",\"pid\":");
    json_text_printf(&parts[1], ",\"state\":%s", inner.before);
    json_text_printf(&parts[2], "%s}", inner.after);
    host_hook_state_done(&inner);
    return parts[0].failed || parts[1].failed || parts[2].failed ? err_nomem(err) : 0;
}
