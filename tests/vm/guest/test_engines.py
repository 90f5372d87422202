#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman of root and of an ordinary user, with both managers of cgroups: limits, and where the cgroups are.

All else of engines is in tests/engines, which runs here too: see tests/vm/test_uml_engines.py.
"""

import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../engines"), os.path.join(HERE, "../../lib")]

from enginelib import surroundings  # noqa: E402
from enginelib.podman import write  # noqa: E402
from ocitest import host, main  # noqa: E402

from guesthost import CGROUP, UserTest, call, cgroup_of, in_guest, read  # noqa: E402

IMAGE = "localhost/test"
LIMITS = ("--memory", "48m", "--cpus", "0.5", "--pids-limit", "60")
CONFIGURATION = '[containers]\nnetns = "none"\nlog_driver = "k8s-file"\n[engine]\nevents_logger = "file"\n'


def setUpModule():
    """An /etc/containers and a root filesystem of the test's own."""
    if not in_guest():
        raise unittest.SkipTest("runs in a test guest only: see tests/vm")
    host.private_mounts()
    host.mount("tmpfs", "/etc/containers", "tmpfs", 0, "mode=755")
    write("/etc/containers/policy.json", json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    write("/etc/containers/containers.conf", CONFIGURATION)
    with open(os.path.join(surroundings.CONTRIB, "podman/ocirt.conf"), encoding="utf-8") as file:
        write("/etc/containers/containers.conf.d/ocirt.conf", file.read().replace("/usr/bin/ocirt", surroundings.RUNTIME))
    surroundings.make_rootfs()
    os.chmod(surroundings.rootfs_tar(), 0o644)
    unittest.addModuleCleanup(call, "rm", "-rf", surroundings.ROOTFS, surroundings.rootfs_tar())


class Podman:
    """What podman() runs is of root or of the user; manager is cgroupfs or systemd."""

    manager = None
    driver = "overlay"
    limits = LIMITS

    def setUp(self):
        super().setUp()
        self.podman("import", surroundings.rootfs_tar(), IMAGE)
        self.addCleanup(self.podman, "rm", "-f", "-t", "0", "-a")

    def podman(self, *words, rc=0):
        status, text = self.call_podman("--cgroup-manager", self.manager, *words)
        self.assertEqual(status, rc, f"podman {words}: {text}")
        return text.strip()

    def pid(self):
        return int(self.podman("inspect", "--format", "{{.State.Pid}}", "c"))

    def start(self, *options):
        """The cgroup of a container that runs."""
        self.podman("run", "-d", "--name", "c", *self.limits, *options, IMAGE, "sleep", "1000")
        return cgroup_of(self.pid())

    def test_life(self):
        path = self.start()
        self.assertRegex(path, self.place)
        limited = os.path.dirname(path) if path.endswith("/container") else path
        self.assertEqual(read(limited, "memory.max"), str(48 << 20))
        self.assertEqual(read(limited, "cpu.max").split()[0], "50000")
        self.assertEqual(read(limited, "pids.max"), "60")
        self.assertEqual(self.podman("exec", "c", "echo", "in"), "in")
        self.podman("exec", "c", "nonexistent", rc=127)
        self.podman("update", "--memory", "64m", "c")
        self.assertEqual(read(limited, "memory.max"), str(64 << 20))
        self.podman("pause", "c")
        self.assertEqual(self.podman("inspect", "--format", "{{.State.Status}}", "c"), "paused")
        self.podman("unpause", "c")
        self.assertEqual(self.podman("stats", "--no-stream", "--format", "{{.PIDs}}", "c"), "1")
        self.podman("restart", "-t", "0", "c")
        self.podman("rm", "-f", "-t", "0", "c")
        self.assertFalse(os.path.exists(CGROUP + path))

    def test_exit_status(self):
        self.assertEqual(self.podman("run", "--rm", IMAGE, "echo", "hello"), "hello")
        self.podman("run", "--rm", IMAGE, "sh", "-c", "exit 5", rc=5)

    def test_an_oom_kill_is_told(self):
        self.podman("run", "--name", "c", "--memory", "24m", "--memory-swap", "24m", IMAGE, "sh", "-c",
                    "dd if=/dev/zero of=/dev/null bs=64M count=1", rc=137)
        if self.manager == "cgroupfs":  # systemd may remove the cgroup before conmon, which tells Podman, has looked into it
            self.assertEqual(self.podman("inspect", "--format", "{{.State.OOMKilled}}", "c"), "true")

    def test_pod(self):
        pod = self.podman("pod", "create", "--name", "p", "--share", "ipc")
        self.addCleanup(self.podman, "pod", "rm", "-f", "-t", "0", "-a")
        self.assertIn(pod, self.start("--pod", "p"))
        self.assertEqual(self.podman("exec", "c", "echo", "in"), "in")
        self.podman("pod", "stop", "-t", "0", "p")

    def test_terminal_and_user(self):
        self.assertEqual(self.podman("run", "--rm", "-t", "--user", "1000:1000", IMAGE, "id", "-u"), "1000")


class Root(Podman):
    def call_podman(self, *words):
        return call("podman", "--root", "/run/test-storage", "--runroot", "/run/test-containers", "--storage-driver", "vfs", *words)

    def test_apparmor(self):
        """Podman's own profile is in force, for exec too."""
        self.start()
        for words in (["exec", "c"], ["run", "--rm", IMAGE]):
            self.assertRegex(self.podman(*words, "cat", "/proc/self/attr/current"), r"^containers-default-\S+ \(enforce\)")


class OfUser(Podman):
    allowed_left = ("catatonit -P",)    # keeps Podman's user namespace

    def call_podman(self, *words):
        argv = self.argv("podman", *words)
        argv.insert(argv.index("env") + 2, f"DBUS_SESSION_BUS_ADDRESS=unix:path={self.run_directory}/bus")
        return call(*argv, cwd="/")


class RootSystemd(Root, UserTest):
    manager, place = "systemd", r"^/machine\.slice/libpod-\w+\.scope(/container)?$"


class RootCgroupfs(Root, UserTest):
    manager, place = "cgroupfs", r"^/libpod_parent/libpod-\w+$"


class UserSystemd(OfUser, UserTest):
    manager, place = "systemd", r"^/user\.slice/user-1000\.slice/user@1000\.service/user\.slice/libpod-\w+\.scope(/container)?$"


class UserCgroupfs(OfUser, UserTest):
    """Podman gives no limits to this manager when it is rootless, and the container stays where the user is."""

    manager, place, limits = "cgroupfs", r"^/user\.slice/user-1000\.slice/user@1000\.service/", ()

    def test_life(self):
        self.assertRegex(self.start(), self.place)
        self.assertEqual(self.podman("exec", "c", "echo", "in"), "in")
        self.podman("exec", "c", "nonexistent", rc=127)
        self.podman("restart", "-t", "0", "c")
        self.podman("rm", "-f", "-t", "0", "c")

    test_an_oom_kill_is_told = None

    def test_pod(self):
        self.podman("pod", "create", "--name", "p", "--share", "ipc")
        self.addCleanup(self.podman, "pod", "rm", "-f", "-t", "0", "-a")
        self.start("--pod", "p")
        self.assertEqual(self.podman("exec", "c", "echo", "in"), "in")


del Podman, Root, OfUser

if __name__ == "__main__":
    main()
