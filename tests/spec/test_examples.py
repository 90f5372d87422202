#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The good and bad examples that come with the official schemas."""

import os

import spec

ROOTS = ("config", "features", "state")

# bad example -> why the reader takes it
ACCEPTED = {
    "config/bad/freebsd-vnet-disable.json": "freebsd is ignored on Linux",
    "config/bad/linux-hugepage.json": "the size of a page is judged by the plan, not by the reader",
}

spec.need_tool()
spec.need_schemas()
examples = os.path.join(spec.SCHEMAS, "test")
if not os.path.isdir(examples):
    spec.skip_all(f"{examples}: the schemas came without their examples")

for root in ROOTS:
    for path in spec.json_files(os.path.join(examples, root, "good")):
        status, out, _ = spec.tool("read", root, path)
        spec.check(status == 0, f"good: {os.path.relpath(path, examples)}", out)
    for path in spec.json_files(os.path.join(examples, root, "bad")):
        name = os.path.relpath(path, examples)
        status, out, err = spec.tool("read", root, path)
        if name in ACCEPTED:
            spec.check(status == 0, f"bad, but not for the reader: {name} ({ACCEPTED[name]})", out)
        else:
            spec.check(status == 1 and out.startswith(os.path.basename(path) + ":"), f"bad: {name}", out, err)
spec.done()
