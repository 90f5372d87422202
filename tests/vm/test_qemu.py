#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's tests and all integration tests in QEMU: two processors, all controllers, the distribution's kernel.

Of Debian testing, with its newest kernel; test_qemu_stable.py is the same with Debian stable.
"""

import sys

import inside

NOT_HERE = {"test_debian.py"}       # has a guest of its own


def main(suite="forky"):
    integration = inside.programs("integration", NOT_HERE)
    guest = inside.programs("vm/guest", set())
    return inside.run("qemu", [
        ("", {}, guest),
        ("cgroupfs: ", {"OCIRT_TEST_MANAGER": "cgroupfs"}, integration),
        ("systemd: ", {"OCIRT_TEST_MANAGER": "systemd"}, [p for p in integration if not p.endswith("test_cgroups.py")]),
    ], 6000, suite)


if __name__ == "__main__":
    sys.exit(main())
