# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tree of the host that a container must not change: made before, compared after."""

import hashlib
import os
import stat


class HostTree:
    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "directory/below"))
        for name in ("file", "directory/file", "directory/below/file"):
            with open(os.path.join(path, name), "w", encoding="ascii") as file:
                file.write(f"marker {name}\n")
        os.symlink("file", os.path.join(path, "link"))
        os.mkfifo(os.path.join(path, "fifo"))
        self.before = checksum(path)

    def changes(self):
        """What has changed since it was made, as a list of sentences."""
        after = checksum(self.path)
        names = sorted(set(self.before) | set(after))
        return [f"{name}: {self.before.get(name)} -> {after.get(name)}" for name in names
                if self.before.get(name) != after.get(name)]


def checksum(path):
    """{relative path: all that matters of it} without times of access."""
    sums = {}
    for where, directories, files in os.walk(path):
        for name in [".", *directories, *files]:
            full = os.path.normpath(os.path.join(where, name))
            info = os.lstat(full)
            content = ""
            if stat.S_ISREG(info.st_mode):
                with open(full, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()[:16]
            elif stat.S_ISLNK(info.st_mode):
                content = os.readlink(full)
            sums[os.path.relpath(full, path)] = (oct(info.st_mode), info.st_uid, info.st_gid, content)
    return sums
