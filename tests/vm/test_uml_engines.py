#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman, containerd and Buildah in User-Mode Linux, with both managers of cgroups."""

import sys

import inside

ENGINES = [f"tests/engines/test_{name}.py" for name in ("podman", "podman_options", "podman_rootless", "containerd")]


def main():
    return inside.run("uml", [
        ("cgroupfs: ", {"OCIRT_TEST_MANAGER": "cgroupfs"}, [*ENGINES, "tests/engines/test_buildah.py"]),
        ("systemd: ", {"OCIRT_TEST_MANAGER": "systemd"}, ENGINES),
    ], 3600)


if __name__ == "__main__":
    sys.exit(main())
