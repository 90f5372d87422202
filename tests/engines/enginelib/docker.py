# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker Engine: dockerd, started by the test without a bridge and firewall rules, and docker."""

import json
import os
import signal
import subprocess
import unittest

from . import surroundings
from .case import EngineTest, wait_for

SOCKET = "unix:///run/docker-test/socket"
IMAGE = "local/test"


def configuration():
    with open(os.path.join(surroundings.CONTRIB, "docker/daemon.json"), encoding="utf-8") as file:
        ours = json.loads(file.read().replace("/usr/bin/ocirt", surroundings.RUNTIME))
    return {
        **ours,
        "storage-driver": "vfs",
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "hosts": [SOCKET],
        "data-root": "/run/docker-test/data",
        "exec-root": "/run/docker-test/exec",
        "pidfile": "/run/docker-test/pid",
        "cgroup-parent": surroundings.cgroup_parent(),
        "log-level": "warn",
    }


class DockerTest(EngineTest):
    engine_processes = ("dockerd", "containerd")
    engine_cgroups = ("engine",)
    engine_mounts = ("/run/docker-test/",)
    daemon_path = ""  # directories that dockerd looks for programs in before all others

    @classmethod
    def setUpClass(cls):
        os.makedirs("/run/docker-test", exist_ok=True)
        with open("/run/docker-test/daemon.json", "w", encoding="utf-8") as file:
            json.dump(configuration(), file)
        cls.log = "/run/docker-test/log"
        with open(cls.log, "w", encoding="utf-8") as log:
            cls.daemon = subprocess.Popen(
                ["dockerd", "--config-file", "/run/docker-test/daemon.json"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**surroundings.environment(), "PATH": cls.daemon_path + surroundings.environment()["PATH"]},
            )
        cls.addClassCleanup(cls.end)
        wait_for(
            lambda: cls.asked("version").returncode == 0 or cls.daemon.poll() is not None, "a dockerd that answers"
        )
        cls.asked("import", surroundings.rootfs_tar(), IMAGE)
        beside = cls.asked("run", "--rm", "--runtime", "runc", "--network", "none", IMAGE, "true")
        if beside.returncode != 0:
            raise unittest.SkipTest(f"dockerd can't run a container here with runc either: {beside.stderr.strip()}")

    @classmethod
    def asked(cls, *args):
        return subprocess.run(
            ["/usr/bin/docker", "-H", SOCKET, *args],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=surroundings.environment(),
        )

    @classmethod
    def end(cls):
        cls.daemon.send_signal(signal.SIGTERM)
        cls.daemon.wait(40)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.remove_all)

    def remove_all(self):
        names = self.docker("ps", "-aq").out.split()
        if names:
            self.docker("rm", "-f", *names)

    def state_roots(self):
        return ["/run/docker-test/exec/runtime-runc/moby"]

    def docker(self, *args, **how):
        return self.command("/usr/bin/docker", "-H", SOCKET, *args, **how)

    def ask(self, *args, **how):
        return self.docker(*args, **how).out.strip()

    @staticmethod
    def runtime():
        return "runc" if surroundings.runtime_name() == "runc" else "ocirt"

    def run_once(self, *args, options=(), **how):
        return self.docker(
            "run", "--rm", "--runtime", self.runtime(), "--network", "none", *options, IMAGE, *args, **how
        )

    def start(self, *options, args=("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"), name="c1"):
        self.docker(
            "run", "-d", "--name", name, "--runtime", self.runtime(), "--network", "none", *options, IMAGE, *args
        )
        return name

    def inspect(self, name, what):
        return self.ask("inspect", "--format", "{{" + what + "}}", name)

    def pid(self, name="c1"):
        return int(self.inspect(name, ".State.Pid"))
