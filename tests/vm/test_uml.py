#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's tests in User-Mode Linux: systemd, cgroup v2, AppArmor, ordinary users, in some minutes."""

import sys

import inside

GUEST = ["tests/vm/guest/test_cgroup_v2.py", "tests/vm/guest/test_systemd.py", "tests/vm/guest/test_rootless.py",
         "tests/vm/guest/test_apparmor.py"]
INTEGRATION = ["smoke", "lifecycle", "process", "exec"]


def main():
    files = [f"tests/integration/test_{name}.py" for name in INTEGRATION]
    return inside.run("uml", [
        ("", {}, GUEST),
        ("cgroupfs: ", {"OCIRT_TEST_MANAGER": "cgroupfs"}, [*files, "tests/integration/test_cgroups.py"]),
        ("systemd: ", {"OCIRT_TEST_MANAGER": "systemd"}, files),
    ], 1500)


if __name__ == "__main__":
    sys.exit(main())
