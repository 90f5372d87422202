#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd, cgroup v2, AppArmor, ordinary users and Podman in User-Mode Linux, in some minutes."""

import sys

import inside

INTEGRATION = ["smoke", "lifecycle", "process", "exec", "exec_cgroup", "namespaces"]


def main():
    files = [f"tests/integration/test_{name}.py" for name in INTEGRATION]
    return inside.run("uml", [
        ("", {}, inside.programs("vm/guest", set())),
        ("systemd: ", {"OCIRT_TEST_MANAGER": "systemd"}, [*files, "tests/integration/test_podman.py"]),
        ("cgroupfs: ", {"OCIRT_TEST_MANAGER": "cgroupfs"}, [*files, "tests/integration/test_cgroups.py"]),
    ], 2400)


if __name__ == "__main__":
    sys.exit(main())
