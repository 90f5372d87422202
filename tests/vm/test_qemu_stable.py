#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same as test_qemu.py with Debian stable: an older kernel, systemd and AppArmor."""

import sys

import inside
from test_qemu import main

if __name__ == "__main__":
    sys.exit(main("trixie"))
