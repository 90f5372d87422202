#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/conformance.md and docs/callers.md have each row once, and the files and tests that they name exist; the
suite's programs are all here.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
TOP = os.path.dirname(TESTS)
ROWS = 144
CALLERS_ROWS = 82
CALLERS_ROW = re.compile(r"^\| (C-\d{3}) \| (.+?) \| (.+?) \|$")
ROW = re.compile(r"^\| (A-\d{3}) \| (.+?) \| (.+?) \| (.+?) \|$")

# The programs of runtime-tools' validation directory.
PROGRAMS = """
    config_updates_without_affect create default delete delete_only_create_resources delete_resources hooks
    hooks_stdin hostname kill kill_no_effect killsig linux_cgroups_blkio linux_cgroups_cpus
    linux_cgroups_devices linux_cgroups_hugetlb linux_cgroups_memory linux_cgroups_network linux_cgroups_pids
    linux_cgroups_relative_blkio linux_cgroups_relative_cpus linux_cgroups_relative_devices
    linux_cgroups_relative_hugetlb linux_cgroups_relative_memory linux_cgroups_relative_network
    linux_cgroups_relative_pids linux_devices linux_masked_paths linux_mount_label linux_ns_itype
    linux_ns_nopath linux_ns_path linux_ns_path_type linux_process_apparmor_profile linux_readonly_paths
    linux_rootfs_propagation linux_seccomp linux_sysctl linux_uid_mappings misc_props mounts pidfile poststart
    poststart_fail poststop poststop_fail prestart prestart_fail process process_capabilities
    process_capabilities_fail process_oom_score_adj process_rlimits process_rlimits_fail process_user
    root_readonly_true start state""".split()

_number = _failed = 0
_lists = {}


def check(good, name, *details):
    global _number, _failed
    _number += 1
    _failed += not good
    print(f"{'ok' if good else 'not ok'} {_number} - {name}")
    for detail in () if good else details:
        print(f"# {detail}")


def rows(name, form):
    with open(os.path.join(TOP, "docs", name), encoding="utf-8") as file:
        return [match.groups() for match in map(form.match, file.read().splitlines()) if match]


def check_numbers(listed, letter, count):
    numbers = [row[0] for row in listed]
    wanted = [f"{letter}-{i:03}" for i in range(1, count + 1)]
    check(numbers == wanted, f"every row {letter} is there once and in its place",
          f"missing: {sorted(set(wanted) - set(numbers))}",
          f"more than once: {sorted({n for n in numbers if numbers.count(n) > 1})}")


def tests_of(path):
    """The names of a Python file's tests, as its --list prints them."""
    if path not in _lists:
        ran = subprocess.run([sys.executable, "-B", os.path.join(TESTS, path), "--list"], capture_output=True,
                             text=True,
                             check=False, env={**os.environ, "PYTHONPATH": os.path.join(TESTS, "lib")})
        _lists[path] = ran.stdout.split()
    return _lists[path]


def missing_test(word):
    """None, or what is wrong with `FILE [TEST]`."""
    path, _, name = word.partition(" ")
    if not os.path.exists(os.path.join(TESTS, path)):
        return f"there is no tests/{path}"
    if name.endswith("*"):
        found = any(test.startswith(name[:-1]) for test in tests_of(path))
        return None if found else f"{path} has no test like {name}"
    if name and name not in tests_of(path):
        return f"{path} has no test {name}"
    return None


def missing_source(word):
    if word.endswith("/*.c"):
        word = word[:-4]
    prefix = "" if word.startswith("libocispec/") else "src"
    return None if os.path.exists(os.path.join(TOP, prefix, word)) else f"there is no {word}"


def main():
    listed = rows("conformance.md", ROW)
    check_numbers(listed, "A", ROWS)
    for number, rule, sources, tests in listed:
        found = [missing_source(word) for word in re.findall(r"[a-z]+/[\w*.]+", sources)]
        words = re.findall(r"`([^`]+)`", tests)
        found += [missing_test(word) for word in words]
        found = [text for text in found if text]
        check(words and not found, f"{number}: {rule}", *(found or ["no test is named"]))
    listed = rows("callers.md", CALLERS_ROW)
    check_numbers(listed, "C", CALLERS_ROWS)
    for number, rule, tests in listed:
        words = re.findall(r"`([^`]+)`", tests)
        found = [text for text in map(missing_test, words) if text]
        check(words and not found, f"{number}: {rule}", *(found or ["no test is named"]))
    have = {name.split(".test_", 1)[1] for file in ("test_runtime_tools.py", "test_runtime_tools_cgroups.py")
            for name in tests_of("conformance/" + file)}
    check(have == set(PROGRAMS), f"the {len(PROGRAMS)} programs of the suite have their equivalents",
          f"missing: {sorted(set(PROGRAMS) - have)}", f"not of the suite: {sorted(have - set(PROGRAMS))}")
    print(f"1..{_number}")
    sys.exit(1 if _failed else 0)


if __name__ == "__main__":
    main()
