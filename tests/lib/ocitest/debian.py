# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which Debian this machine is, and where its apt gets packages from."""

import os
import platform
import subprocess

DEFAULT = "http://deb.debian.org/debian"


def codename():
    """The release's name, such as trixie; None on another distribution."""
    release = platform.freedesktop_os_release()
    return release.get("VERSION_CODENAME") if release.get("ID") == "debian" else None


def archive():
    """The archive of Debian's releases: OCIRT_TEST_MIRROR, else what apt is told to use."""
    if os.environ.get("OCIRT_TEST_MIRROR"):
        return os.environ["OCIRT_TEST_MIRROR"]
    asked = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)",
                            "Created-By: Packages"], capture_output=True, text=True, check=False)
    for line in asked.stdout.splitlines():
        origin, release, uri = (line.split(" ", 2) + ["", ""])[:3]
        if origin == "Debian" and release == codename():
            return uri
    return DEFAULT
