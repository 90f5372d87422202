# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Swarm of one node, whose services run with the engine's default runtime."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import DockerTest, enter  # noqa: E402
from enginelib.docker import IMAGE  # noqa: E402
from ocitest import main  # noqa: E402


def setUpModule():
    enter(("dockerd", "docker.io"))


class Swarm(DockerTest):
    engine_processes = (*DockerTest.engine_processes, "exe")  # dockerd itself, for a moment, in a network namespace
    engine_mounts = (*DockerTest.engine_mounts, "/run/docker/netns")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.asked("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
        if answer.returncode != 0:
            raise unittest.SkipTest(f"dockerd can't be a Swarm's node here: {answer.stderr.strip()}")
        cls.addClassCleanup(cls.asked, "swarm", "leave", "--force")

    def remove_all(self):
        for name in self.docker("service", "ls", "-q").out.split():
            self.docker("service", "rm", name)
        self.wait_for(lambda: not self.docker("ps", "-aq").out.split(), "the end of the services' containers", 60)

    def containers(self):
        return self.ask("ps", "-q", "--filter", "label=com.docker.swarm.service.name=s1").split()

    def serve(self, *options):
        self.docker(
            "service", "create", "--detach", "--name", "s1", "--network", "host", "--stop-grace-period", "20s",
            *options, IMAGE, "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done",
        )  # fmt: skip

    def scale(self, number):
        self.docker("service", "scale", "--detach", f"s1={number}")
        self.wait_for(lambda: len(self.containers()) == number, f"{number} containers of the service", 60)

    def test_a_service_is_scaled_up_and_down(self):
        self.serve("--replicas", "1", "--limit-memory", "64M", "--limit-pids", "50")
        self.wait_for(lambda: len(self.containers()) == 1, "the service's container", 60)
        first = self.containers()[0]
        self.assertEqual(self.ask("info", "--format", "{{.DefaultRuntime}}"), "ocirt")
        pid = self.pid(first)
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), str(64 << 20))
        self.assertEqual(self.limit(pid, "pids", "pids.max", "pids.max"), "50")
        self.scale(4)
        self.assertEqual(self.ask("exec", self.containers()[0], "echo", "inside"), "inside")
        self.scale(1)

    def test_a_container_that_dies_is_started_again(self):
        self.serve("--replicas", "2", "--restart-delay", "1s")
        self.wait_for(lambda: len(self.containers()) == 2, "the service's containers", 60)
        first = self.containers()[0]
        self.docker("kill", first)
        self.wait_for(
            lambda: len(self.containers()) == 2 and first not in self.containers(), "a container in its place", 60
        )


if __name__ == "__main__":
    main()
