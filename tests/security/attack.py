# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the attacks share: the host must be the same after each of them as it was before.

A hostile path leads to a marker tree of the host.  Whatever a container does with it, "contained" and "refused with
one line" are both right; a change of that tree, of the host's /dev, of its sysctls or of its mounts never is.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

from ocitest import ContainerTest, add_mount, bundle

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = os.environ.get("OCIRT_SECURITY") == "all"     # make security-check

# What an escape would write to first, and what a container of these tests might.
SYSCTLS = ["kernel/core_pattern", "kernel/hostname", "kernel/domainname", "kernel/sysrq", "kernel/modprobe",
           "kernel/shmmax", "kernel/msgmax", "fs/mqueue/msg_max", "vm/overcommit_memory"]


def sysctls():
    values = {}
    for name in SYSCTLS:
        try:
            with open("/proc/sys/" + name, encoding="ascii", errors="replace") as file:
                values[name] = file.read()
        except OSError:
            pass
    return values


def devices():
    """/dev without terminals, which come and go."""
    found = {}
    for name in os.listdir("/dev"):
        info = os.lstat(os.path.join("/dev", name))
        target = os.readlink(os.path.join("/dev", name)) if stat.S_ISLNK(info.st_mode) else ""
        found[name] = (oct(info.st_mode), info.st_uid, info.st_gid, info.st_rdev, target)
    return found


def climb(path):
    """The path again, from far above any root."""
    return "../" * 24 + path.lstrip("/")


class Attack(ContainerTest):
    """self.host: the marker tree; every test ends with the proof that the host is unharmed."""

    def setUp(self):
        super().setUp()
        self.host = self.host_tree()
        self.sysctls, self.devices = sysctls(), devices()
        self.addCleanup(self.check_host)

    def check_host(self):
        self.assertEqual(self.host.changes(), [], "the marker tree of the host has changed")
        self.assertEqual(sysctls(), self.sysctls, "a sysctl of the host has changed")
        self.assertEqual(devices(), self.devices, "the host's /dev has changed")

    def hostile(self, config, prepare=None, words=()):
        """Creates and starts a container of a bundle that prepare(bundle) has spoiled.

        Contained: the container is given back, its program has ended or runs.  Refused: one line that has the words;
        None is given back, and nothing is left of the container.
        """
        container = self.container(config)
        if prepare:
            prepare(container.bundle)
        result = container.create()
        container.first = container.pid if result.rc == 0 else None
        if result.rc == 0:
            result = container.start()
        if result.rc == 0:
            return container
        self.assertRefused(result, *words)
        return None

    def contained(self, config, prepare=None):
        container = self.hostile(config, prepare)
        self.assertIsNotNone(container, "refused, but it should have been contained")
        container.wait_end(container.first)
        return container

    def refused(self, config, prepare=None, *words):
        self.assertIsNone(self.hostile(config, prepare, words), "not refused")

    def replace(self, made, name, link):
        """A name of the root filesystem becomes a link."""
        path = made.file(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(link, path)

    def leads_out(self, path):
        """Some ways to write a link to a path of the host."""
        return [path, climb(path), "/proc/self/root" + path, "/proc/1/root" + path]


def compile_program(name):
    """A helper of this directory: from the build tree, or compiled here and now."""
    built = os.path.join(bundle.build_directory(), "tests/security", name)
    if os.access(built, os.X_OK):
        return built
    program = os.path.join(tempfile.mkdtemp(prefix="ocirt-security-"), name)
    try:
        subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", *(["-static"] if name == "grab" else []), "-o", program,
                        os.path.join(HERE, name + ".c")], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise unittest.SkipTest(f"needs a C compiler for {name}.c: {error}") from None
    return program


__all__ = ["ALL", "HERE", "TOP", "Attack", "add_mount", "climb", "compile_program", "devices", "sysctls"]
TOP = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
