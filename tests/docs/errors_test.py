#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""src/base/err.h, `ocirt explain` and docs/errors.md tell of the same errors, in the same words.

    tests/docs/errors_test.py --write      makes docs/errors.md of what `ocirt explain` says
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "spec"))

import spec                                                                       # noqa: E402

PROGRAM = os.environ.get("OCIRT") or os.path.join(spec.BUILD, "ocirt")
PAGE = os.path.join(spec.TOP, "docs", "errors.md")
INTRODUCTION = """\
# Errors

Each error of ocirt is one line. It has a code that stays the same from version to version, while its words may change: the
member `code` of a log in JSON (`--log-format json`), `ocirt_error_code()` of the library. `ocirt explain CODE` prints what
is said here.
"""


def explain(*words):
    return subprocess.run([PROGRAM, "explain", *words], capture_output=True, text=True, check=False, timeout=60)


def codes_of_header():
    with open(os.path.join(spec.TOP, "src", "base", "err.h"), encoding="utf-8") as file:
        listed = file.read().partition("#define ERR_CODES(X)")[2].partition("enum err_code")[0]
    return ["E_" + name for name in re.findall(r"X\((\w+)\)", listed) if name != "NONE"]


def page_of(codes):
    text = INTRODUCTION
    for code in codes:
        head, _, rest = explain(code).stdout.partition("\n")
        name, _, meaning = head.partition(": ")
        text += f"\n## {name}\n\n{meaning[:1].upper()}{meaning[1:]}\n{rest}"
    return text


def main():
    if not os.access(PROGRAM, os.X_OK):
        spec.skip_all(f"{PROGRAM} is not built")
    codes = codes_of_header()
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page_of(codes))
        return

    ran = explain()
    listed = [line.split()[0] for line in ran.stdout.splitlines()]
    spec.check(len(codes) > 30 and listed == codes, "`ocirt explain` lists the codes of err.h, in their order",
               *set(listed) ^ set(codes))

    faults = []
    for code in codes:
        ran = explain(code)
        if ran.returncode or ran.stderr or not re.fullmatch(
                rf"{code}: [^A-Z\n].*\.\n\nCauses:\n\n(- .*\.\n)+\nWhat to do:\n\n(- .*\.\n)+", ran.stdout):
            faults.append(f"{code}: {ran.stdout}{ran.stderr}")
    spec.check(not faults, "each has a meaning, causes and remedies", *faults)

    same = {explain(word).stdout for word in ("E_MOUNT", "e_mount", "mount", "MOUNT")}
    spec.check(len(same) == 1 and "" not in same, "a code may be written without E_ and in small letters", *same)

    ran = explain("E_NOTHING")
    spec.check(ran.returncode == 1 and not ran.stdout and ran.stderr.count("\n") == 1 and "E_NOTHING" in ran.stderr,
               "an unknown code is an error", ran.stdout, ran.stderr)

    with open(PAGE, encoding="utf-8") as file:
        same = file.read() == page_of(codes)
    spec.check(same, "docs/errors.md says the same", "tests/docs/errors_test.py --write writes it anew")
    spec.done()


main()
