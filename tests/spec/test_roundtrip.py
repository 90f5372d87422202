#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was read and is written again is the same document, but for what the reader skips."""

import json
import os
import tempfile

import spec

ROOTS = ("config", "process", "resources", "seccomp", "features", "state", "container_process_state")
VALUES = {"bool": [True, False], "uint16": [65535, 0], "int32": [-2**31, 2**31 - 1, 0], "uint32": [2**32 - 1, 0],
          "int64": [-2**63, 2**63 - 1, 0], "uint64": [2**64 - 1, 0],
          "string": ["text", "", 'quote" back\\slash /\b\f\n\r\t\x01\x7f é\U0001f600'],
          "strings": [["one", "", "ß"], []], "uint32s": [[0, 1, 2**32 - 1], []],
          "map": [{"b": "1", "a": "", "é\"": "\n"}, {}]}


def tables(root):
    _, out, _ = spec.tool("paths", root)
    for line in out.splitlines():
        path, kind, *rest = line.split()
        yield path, kind, rest[rest[:1] == ["required"]:]


def document(root, round_number):
    """A document with every property of the tables; each round has other values."""
    made = {}
    for path, kind, words in tables(root):
        if kind == "elsewhere":
            continue
        holders, *steps = [made], *path.split(".")
        for step in steps[:-1]:
            name = step.rstrip("[]{}")
            holders = [below for h in holders for below in
                       (h[name] if step.endswith("[]") else h[name].values() if step.endswith("{}") else [h[name]])]
        for holder in holders:
            if kind == "object":
                holder[steps[-1]] = {}
            elif kind == "objects":
                holder[steps[-1]] = [{} for _ in range(2)]
            elif kind == "dict":
                holder[steps[-1]] = {"first": {}, "se\"cond\n": {}}
            else:
                values = words if kind == "choice" else VALUES[kind]
                holder[steps[-1]] = values[round_number % len(values)]
    return made


def without(value, skipped, prefix=""):
    """The document without what the reader skips, and without nulls."""
    if isinstance(value, list):
        return [without(v, skipped, f"{prefix}[{i}]") for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    return {k: without(v, skipped, f"{prefix}.{k}" if prefix else k) for k, v in value.items()
            if v is not None and (f"{prefix}.{k}" if prefix else k) not in skipped}


def same_again(name, root, path, strict):
    with open(path, encoding="utf-8") as f:
        original = json.load(f)
    for style in "write", "compact":
        status, out, err = spec.tool(style, root, path)
        skipped = {line.split(": ")[1] for line in err.splitlines()}
        good = status == 0 and json.loads(out) == without(original, skipped) and not (strict and skipped)
        spec.check(good, f"{style} {name}", out[:2000], err)
        if style == "compact":
            spec.check("\n" not in out, f"{name} is one line")
        else:
            spec.check(out == json.dumps(json.loads(out), indent=2, ensure_ascii=False).replace("\x7f", "\\u007f") + "\n",
                       f"{name} is indented as Go does", out[:2000])


spec.need_tool()
with tempfile.TemporaryDirectory() as scratch:
    for root in ROOTS:
        for round_number in range(9):
            path = os.path.join(scratch, f"{root}-{round_number}.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(document(root, round_number), f, ensure_ascii=bool(round_number % 2))
            same_again(f"every property of {root}, round {round_number}", root, path, True)
for path in spec.json_files(os.path.join(spec.HERE, "good")):
    same_again(os.path.basename(path), spec.root_of(path), path, True)
if spec.SCHEMAS:
    for root in "config", "features", "state":
        for path in spec.json_files(os.path.join(spec.SCHEMAS, "test", root, "good")):
            same_again(f"{root}/{os.path.basename(path)}", root, path, False)
else:
    spec.skip("the examples of the official schemas", "OCI_SCHEMA_DIR is not set")
spec.done()
