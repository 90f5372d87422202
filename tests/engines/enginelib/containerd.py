# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd, started by the test, and ctr."""

import os
import signal
import subprocess

from . import surroundings
from .case import EngineTest, wait_for

SOCKET = "/run/containerd-test/socket"
CONFIGURATION = """\
version = 2
root = "/run/containerd-test/root"
state = "/run/containerd-test/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "/run/containerd-test/socket"
[ttrpc]
address = "/run/containerd-test/socket.ttrpc"
"""


class ContainerdTest(EngineTest):
    engine_processes = ("containerd",)
    engine_cgroups = ("engine",)
    engine_mounts = ("/run/containerd-test/",)

    @classmethod
    def setUpClass(cls):
        os.makedirs("/run/containerd-test", exist_ok=True)
        with open("/run/containerd-test/config.toml", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        cls.begin()
        cls.addClassCleanup(cls.end)

    @classmethod
    def begin(cls):
        with open("/run/containerd-test/log", "a", encoding="utf-8") as log:
            cls.daemon = subprocess.Popen(
                ["containerd", "-c", "/run/containerd-test/config.toml"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=surroundings.environment(),
            )
        wait_for(
            lambda: subprocess.run(["ctr", "-a", SOCKET, "version"], capture_output=True, check=False).returncode
            == 0,
            "a containerd that answers",
        )

    @classmethod
    def end(cls):
        cls.daemon.send_signal(signal.SIGTERM)
        cls.daemon.wait(20)

    def state_roots(self):
        return ["/run/containerd/runc/default", "/run/containerd-test/state/io.containerd.runtime.v2.task/default"]

    def ctr(self, *args, **how):
        return self.command("ctr", "-a", SOCKET, *args, **how)

    def run_options(self, name):
        return (
            "--rootfs",
            "--runc-binary",
            surroundings.RUNTIME,
            "--env",
            "PATH=/bin",
            "--cgroup",
            self.cgroup(name),
            *(["--runc-systemd-cgroup"] if surroundings.manager() == "systemd" else []),
        )

    @staticmethod
    def cgroup(name):
        parent = surroundings.cgroup_parent()
        return f"{parent}:test:{name}" if surroundings.manager() == "systemd" else f"{parent}/{name}"

    def run_once(self, *args, options=(), **how):
        return self.ctr("run", "--rm", *self.run_options("once"), *options, surroundings.ROOTFS, "once", *args, **how)

    def start(self, name="c", options=(), args=("sleep", "1000")):
        self.addCleanup(self.remove, name)
        self.ctr("run", "-d", *self.run_options(name), *options, surroundings.ROOTFS, name, *args)
        return name

    def remove(self, name="c"):
        if name in self.ctr("task", "ls", "-q").out.split():
            self.ctr("task", "rm", "-f", name, rc=None)
        if name in self.ctr("containers", "ls", "-q").out.split():
            self.ctr("containers", "rm", name)

    def tasks(self):
        """{name: (pid, status)}"""
        lines = self.ctr("task", "ls").out.splitlines()[1:]
        return {fields[0]: (int(fields[1]), fields[2]) for fields in map(str.split, lines)}
