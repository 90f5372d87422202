#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables are held against the official JSON schemas, so that no property is forgotten when the specification grows.

Every difference must be listed here, with its reason.
"""

import json
import os

import spec

# property of the schema -> why the tables have none
NOT_IN_TABLES = {
    "config": {
        "linux.timeOffsets.boottime": "timeOffsets is a dictionary here: the plan knows the clocks",
        "linux.timeOffsets.boottime.nanosecs": "the same",
        "linux.timeOffsets.boottime.secs": "the same",
        "linux.timeOffsets.monotonic": "the same",
        "linux.timeOffsets.monotonic.nanosecs": "the same",
        "linux.timeOffsets.monotonic.secs": "the same",
    },
}

# property of the tables -> why the schema has none
NOT_IN_SCHEMA = {
    "config": {
        "linux.timeOffsets{}.nanosecs": "see linux.timeOffsets.boottime",
        "linux.timeOffsets{}.secs": "see linux.timeOffsets.boottime",
    },
    "features": {
        "linux.memoryPolicy": "features-linux.md has it, the schema of 1.3 forgot it",
        "linux.memoryPolicy.modes": "the same",
        "linux.memoryPolicy.flags": "the same",
        "linux.intelRdt.schemata": "the same",
        "linux.intelRdt.monitoring": "the same",
    },
}

# property -> (kind in the schema, kind in the tables, why)
OTHER_KIND = {
    "config": {
        "process.consoleSize.height": ("uint64", "uint32", "struct winsize of the kernel has 16 bits"),
        "process.consoleSize.width": ("uint64", "uint32", "the same"),
        "process.oomScoreAdj": ("integer", "int32", "the kernel takes -1000 to 1000"),
        "hooks.*[].timeout": ("1..", "int32", "the plan refuses less than 1"),
        "linux.timeOffsets": ("object", "dict", "see above"),
        "linux.devices[].fileMode": ("0..511", "uint32", "judged by the plan"),
        "linux.devices[].type": ("string", "choice", "the schema says it by a pattern"),
        "linux.resources.devices[].type": ("string", "choice", "config-linux.md lists the types, the schema does not"),
    },
    "state": {"pid": ("0..", "int32", "a pid_t")},
}

# property -> (words only in the tables, why); or words of the schema that a list of strings leaves to the plan
OTHER_WORDS = {
    "config": {
        "linux.rootfsPropagation": ({"rshared", "rslave", "rprivate", "runbindable"}, "an extension that callers use"),
    },
    "state": {"status": ({"paused"}, "runtime.md allows more states, and all runtimes have this one")},
}

# property -> why the tables require it and the schema does not
REQUIRED_HERE = {
    "config": {
        "linux.memoryPolicy.mode": "REQUIRED in config-linux.md",
        "linux.personality.domain": "REQUIRED in config-linux.md",
    },
}

# property -> why the schema requires it and the tables do not
REQUIRED_THERE = {
    "config": {"linux.resources.pids.limit": "Go leaves it out when it is not set; then no limit is written"},
}

ELSEWHERE = {"freebsd", "solaris", "vm", "windows", "zos"}     # their insides are not compared
LIMITS = {"uint8": (0, 255), "uint16": (0, 2**16 - 1), "int32": (-2**31, 2**31 - 1), "uint32": (0, 2**32 - 1),
          "int64": (-2**63, 2**63 - 1), "uint64": (0, 2**64 - 1)}


class Schema:
    """Walks a schema and collects path -> {kind, words, required}."""

    def __init__(self, path):
        self.files, self.found = {}, {}
        self.walk(self.load(path), path, "")

    def load(self, path):
        if path not in self.files:
            with open(path, encoding="utf-8") as f:
                self.files[path] = json.load(f)
        return self.files[path]

    def resolve(self, node, path):
        """Follows $ref; (schema, its file)."""
        while "$ref" in node:
            name, _, pointer = node["$ref"].partition("#")
            path = os.path.join(os.path.dirname(path), name) if name else path
            node = self.load(path)
            for part in pointer.strip("/").split("/"):
                node = node[part]
        return node, path

    def parts(self, node, path):
        """A schema and those that it is made of by allOf and anyOf."""
        node, path = self.resolve(node, path)
        yield node, path
        for part in node.get("allOf", []) + node.get("anyOf", []):
            yield from self.parts(part, path)

    def kind(self, node, path):
        types = [(n, p) for n, p in self.parts(node, path)]
        merged = {}
        for n, _ in types:
            merged.update(n)
        if "enum" in merged:
            return "choice", set(merged["enum"])
        if any("properties" in n for n, _ in types):
            return "object", None
        if "patternProperties" in merged:
            return "map", None
        if "additionalProperties" in merged:
            return "dict", None
        if merged.get("type") == "array":
            inner, words = self.kind(merged["items"], [p for n, p in types if "items" in n][0])
            return {"string": "strings", "choice": "strings", "object": "objects"}.get(inner, inner + "s"), words
        if merged.get("type") == "integer":
            low, high = merged.get("minimum"), merged.get("maximum")
            for name, limits in LIMITS.items():
                if (low, high) == limits:
                    return name, None
            if low is None and high is None:
                return "integer", None
            return f"{'' if low is None else low}..{'' if high is None else high}", None
        return {"boolean": "bool"}.get(merged.get("type"), merged.get("type")), None

    def walk(self, node, path, prefix):
        for part, where in self.parts(node, path):
            for name, child in part.get("properties", {}).items():
                kind, words = self.kind(child, where)
                required = name in part.get("required", [])
                self.found[prefix + name] = {"kind": kind, "words": words, "required": required}
                if not (prefix == "" and name in ELSEWHERE):
                    self.walk_below(child, where, prefix + name, kind)

    def walk_below(self, child, where, name, kind):
        for part, at in self.parts(child, where):
            if kind == "objects" and "items" in part:
                self.walk(part["items"], at, name + "[].")
            elif kind == "dict" and "additionalProperties" in part:
                self.walk(part["additionalProperties"], at, name + "{}.")
            elif kind == "object" and "properties" in part:
                self.walk(part, at, name + ".")


def tables(root):
    status, out, err = spec.tool("paths", root)
    assert status == 0, err
    found = {}
    for line in out.splitlines():
        path, kind, *rest = line.split()
        required = rest[:1] == ["required"]
        found[path] = {"kind": kind, "required": required, "words": set(rest[required:]) or None}
    return found


def excused(table, path):
    """The entry for a path; "*" stands for any name."""
    for pattern, reason in table.items():
        want, have = pattern.split("."), path.split(".")
        if len(want) == len(have) and all(w in ("*", h) or w == "*[]" and h.endswith("[]")
                                          for w, h in zip(want, have)):
            return reason
    return None


def compare_one(root, path, theirs, ours, used):
    if ours["kind"] == "elsewhere":
        return []
    faults = []
    other = excused(OTHER_KIND.get(root, {}), path)
    if theirs["kind"] != ours["kind"]:
        used.add(("kind", path))
        if other is None or other[:2] != (theirs["kind"], ours["kind"]):
            faults.append(f"{path}: {theirs['kind']} in the schema, {ours['kind']} in the tables")
    if theirs["words"] and ours["words"]:
        extra = excused(OTHER_WORDS.get(root, {}), path) or (set(), "")
        if theirs["words"] | extra[0] != ours["words"]:
            faults.append(f"{path}: other words: {sorted(theirs['words'] ^ ours['words'])}")
    if theirs["required"] != ours["required"]:
        reasons = REQUIRED_THERE if theirs["required"] else REQUIRED_HERE
        used.add(("required", path))
        if not excused(reasons.get(root, {}), path):
            faults.append(f"{path}: required only by the {'schema' if theirs['required'] else 'tables'}")
    return faults


def compare(root, file):
    theirs, ours, used = Schema(os.path.join(spec.SCHEMAS, file)).found, tables(root), set()
    missing = sorted(set(theirs) - set(ours) - set(NOT_IN_TABLES.get(root, {})))
    extra = sorted(set(ours) - set(theirs) - set(NOT_IN_SCHEMA.get(root, {})))
    spec.check(len(theirs) > 5 and not missing, f"{root}: the tables have all {len(theirs)} properties of the schema",
               *missing)
    spec.check(not extra, f"{root}: and no others", *extra)

    faults = []
    for path in sorted(set(theirs) & set(ours)):
        faults += compare_one(root, path, theirs[path], ours[path], used)
    spec.check(not faults, f"{root}: kinds, words and what is required agree", *faults)

    stale = sorted([p for p in NOT_IN_TABLES.get(root, {}) if p not in theirs or p in ours]
                   + [p for p in NOT_IN_SCHEMA.get(root, {}) if p in theirs or p not in ours]
                   + [p for p in REQUIRED_HERE.get(root, {}) if ("required", p) not in used]
                   + [p for p in REQUIRED_THERE.get(root, {}) if ("required", p) not in used]
                   + [p for p in OTHER_KIND.get(root, {}) if "*" not in p and ("kind", p) not in used])
    spec.check(not stale, f"{root}: all differences listed here still exist", *stale)


spec.need_tool()
spec.need_schemas()
compare("config", "config-schema.json")
compare("features", "features-schema.json")
compare("state", "state-schema.json")
spec.done()
