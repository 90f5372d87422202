#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's tests and all integration tests in QEMU: two processors, all controllers, the distribution's kernel.

Of Debian testing, with its newest kernel; test_qemu_stable.py is the same with Debian stable.
"""

import sys

import inside

# What has a Debian of its own, and what is slow here and fast in test_uml_engines.py.
NOT_HERE = {"test_debian.py", "test_podman.py", "test_engines.py"}


def main(suite="forky"):
    integration = inside.programs("integration", NOT_HERE)
    guest = inside.programs("vm/guest", NOT_HERE) + ["tests/engines/test_containerd.py"]  # has a test with CRIU
    return inside.run("qemu", [
        ("", {}, guest),
        ("systemd: ", {"OCIRT_TEST_MANAGER": "systemd"}, [p for p in integration if not p.endswith("test_cgroups.py")]),
        ("cgroupfs: ", {"OCIRT_TEST_MANAGER": "cgroupfs"}, integration),
    ], 9000, suite)


if __name__ == "__main__":
    sys.exit(main())
