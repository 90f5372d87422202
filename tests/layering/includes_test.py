#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Includes go one way only: cli -> engine -> { host, init } -> plan -> base -> libocispec.

The stub is a program of its own: it may read headers of base (the message); its own header says what it is told,
which is a part of the plan.
"""
import os
import re
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# layer -> the layers it may include; each includes itself
MAY_INCLUDE = {
    "libocispec": set(),
    "base": {"libocispec"},
    "plan": {"base", "libocispec", "stub"},
    "stub": {"base"},
    "init": {"plan", "base", "libocispec", "stub"},
    "host": {"plan", "base", "libocispec", "stub"},
    "engine": {"host", "init", "plan", "base", "libocispec", "stub", "api"},
    "cli": {"engine", "host", "plan", "base", "libocispec", "api"},
    "api": set(),
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
GENERATED = {"config.h", "commit.h"}
ABSENT = re.compile(r"stub/arch_\w+\.h$")      # of an architecture that nobody has ported the stub to: configure tells


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "libocispec":
        return "libocispec"
    if parts == ["src", "libocirt.h"]:
        return "api"
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def sources():
    for root in ("libocispec", "src"):
        for directory, _, names in sorted(os.walk(os.path.join(TOP, root))):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(directory, name), TOP)
                if name.endswith((".c", ".h", ".S")) and path != "src/commit.h":  # made by a build in the tree
                    yield path


def resolve(source, name):
    """The file that `name` means in `source`, as the compiler looks for it: beside it, then src/, then the top."""
    for directory in (os.path.dirname(source), "src", ""):
        path = os.path.normpath(os.path.join(directory, name))
        if os.path.isfile(os.path.join(TOP, path)):
            return path
    return None


def faults(source):
    layer = layer_of(source)
    if layer is None or layer not in MAY_INCLUDE:
        return [f"{source}: belongs to no layer"]
    found = []
    with open(os.path.join(TOP, source), encoding="utf-8") as f:
        text = f.read()
    for match in INCLUDE.finditer(text):
        name = match.group(1)
        if name in GENERATED:
            continue
        where = f"{source}:{text.count(chr(10), 0, match.start()) + 1}"
        target = resolve(source, name)
        if target is None and ABSENT.match(name):
            continue
        if target is None:
            found.append(f'{where}: "{name}" is no file of ours')
        elif layer_of(target) != layer and layer_of(target) not in MAY_INCLUDE[layer]:
            found.append(f"{where}: {layer} must not include {target}")
    return found


def main():
    by_layer = {layer: [] for layer in MAY_INCLUDE}
    stray = []
    for source in sources():
        by_layer.get(layer_of(source), stray).append(source)
    by_layer = {layer: files for layer, files in by_layer.items() if files}
    print(f"1..{len(by_layer) + 1}")
    failed = False
    for number, (layer, files) in enumerate(list(by_layer.items()) + [("no layer", stray)], 1):
        found = [fault for source in files for fault in faults(source)]
        failed |= bool(found)
        name = "every file belongs to a layer" if layer == "no layer" else f"{layer} includes nothing above it"
        print(f"{'not ' if found else ''}ok {number} - {name}")
        for fault in found:
            print(f"# {fault}")
    return failed


sys.exit(main())
