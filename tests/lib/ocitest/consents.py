# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file in which a host's administrator consents to annotations: /etc/ocirt/annotations.

There is no other place for it, so a test that has one sees an /etc of its own: links to what is there, and ocirt/.
"""

import os

from . import host

PATH = "/etc/ocirt/annotations"


def give(test, *lines):
    """In the mount namespace of TEST's process, which is its own, until TEST ends.  The file can be changed at PATH."""
    before, etc = os.path.join(test.tmp, "etc.before"), os.path.join(test.tmp, "etc")
    os.mkdir(before)
    os.makedirs(os.path.join(etc, "ocirt"))
    for name in os.listdir("/etc"):
        if name != "ocirt":
            os.symlink(os.path.join(before, name), os.path.join(etc, name))
    host.mount("/etc", before, None, host.MS_BIND | host.MS_REC)
    test.addCleanup(host.umount, before)
    host.mount(etc, "/etc", None, host.MS_BIND)
    test.addCleanup(host.umount, "/etc")
    write(*lines)


def write(*lines):
    with open(PATH, "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))
    os.chmod(PATH, 0o644)
