# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts beside it share: TAP, the tool tables_test, the directory of the official schemas."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("OCIRT_BUILD") or os.environ.get("BUILD") or TOP
TOOL = os.path.join(BUILD, "tests", "spec", "tables_test")
SCHEMAS = os.environ.get("OCI_SCHEMA_DIR")

_number = _failed = 0


def check(good, name, *details):
    """One line of TAP; the details follow as comments if it is not good."""
    global _number, _failed
    _number += 1
    _failed += not good
    print(f"{'ok' if good else 'not ok'} {_number} - {name}")
    if not good:
        for detail in details:
            for line in str(detail).splitlines():
                print(f"# {line}")
    return good


def skip(name, reason):
    global _number
    _number += 1
    print(f"ok {_number} - {name} # SKIP {reason}")


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def done():
    print(f"1..{_number}")
    sys.exit(1 if _failed else 0)


def need_tool():
    if not os.access(TOOL, os.X_OK):
        skip_all(f"{TOOL} is not built (make check builds it)")


def need_schemas():
    if not SCHEMAS:
        skip_all("OCI_SCHEMA_DIR does not name a directory with the JSON schemas of runtime-spec")


def tool(*arguments):
    """(exit status, standard output, standard error)"""
    ran = subprocess.run([TOOL, *arguments], capture_output=True, check=False)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


def json_files(*directories):
    """The .json files below, in order."""
    found = []
    for directory in directories:
        for where, _, names in os.walk(directory):
            found += [os.path.join(where, name) for name in names if name.endswith(".json")]
    return sorted(found)


def root_of(path):
    """NAME.json is a config, NAME.ROOT.json what it says."""
    parts = os.path.basename(path).split(".")
    return parts[1] if len(parts) == 3 else "config"
