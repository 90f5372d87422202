# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cgroup views: the host's own layout, or a mount namespace in which /sys/fs/cgroup is cgroup2 and no more.

A test class asks for one with `view`.  `tests/run --view v2` gives every test program a host of that kind.
"""

import functools
import os

from . import host


class View:
    """enter() is for a child between fork and exec.  fd: of the mount namespace, or None."""

    def __init__(self, name, fd=None):
        self.name, self.fd = name, fd

    def enter(self, cwd=None):
        if self.fd is None:
            return
        where = cwd or os.getcwd()
        host.setns(self.fd, host.CLONE_NEWNS)
        os.chdir(where)

    def mountinfo(self):
        """The text of the view's mount table."""
        if self.fd is None:
            with open("/proc/self/mountinfo", encoding="utf-8") as file:
                return file.read()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self.enter("/")
                with open("/proc/self/mountinfo", "rb") as source, os.fdopen(writing, "wb") as target:
                    target.write(source.read())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as file:
            text = file.read()
        os.waitpid(pid, 0)
        return text


def replace_cgroup_mounts():
    """In the mount namespace of this process, which must be its own."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [line.split()[4] for line in file]
    for point in reversed(points):
        if point == "/sys/fs/cgroup" or point.startswith("/sys/fs/cgroup/"):
            host.umount(point)
    host.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")


def _pure_v2():
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            host.private_mounts()
            replace_cgroup_mounts()
            os.write(ready[1], b"+")
            os.close(done[1])
            os.read(done[0], 1)
        finally:
            os._exit(0)
    os.close(ready[1])
    os.close(done[0])
    ok = os.read(ready[0], 1) == b"+"
    fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC) if ok else None
    os.close(ready[0])
    os.close(done[1])
    os.waitpid(pid, 0)
    if fd is None:
        raise OSError("can't make a mount namespace with cgroup2 alone")
    return View("v2", fd)


def is_pure_v2():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return any(" /sys/fs/cgroup " in line and " - cgroup2 " in line for line in file)


@functools.lru_cache(None)
def _make(name):
    if name == "v2" and not is_pure_v2():
        return _pure_v2()
    return View(name)


def get(name=None):
    """The view of that name: host (also for None) or v2."""
    return _make(name or "host")
