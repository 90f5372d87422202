# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker Compose: `runtime:` in a service, as contrib/compose shows it."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import DockerTest, enter, surroundings  # noqa: E402
from enginelib.docker import IMAGE, SOCKET  # noqa: E402
from ocitest import main  # noqa: E402

FILE = "/run/compose.json"


def setUpModule():
    enter(("dockerd", "docker.io"), ("docker-compose", "docker-compose"))


class Compose(DockerTest):
    def setUp(self):
        super().setUp()
        service = {"image": IMAGE, "runtime": self.runtime(), "network_mode": "none", "stop_grace_period": "20s"}
        stopped_by_word = "trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done"
        services = {
            "web": {**service, "command": ["sh", "-c", stopped_by_word], "mem_limit": "64m", "pids_limit": 50},
            "job": {**service, "command": ["sh", "-c", "cat /etc/passwd >/dev/null && exit 3"], "read_only": True},
        }
        with open(FILE, "w", encoding="utf-8") as file:
            json.dump({"version": "2.4", "services": services}, file)

    def compose(self, *args, **how):
        return self.command("/usr/bin/docker-compose", "-H", SOCKET, "-f", FILE, "-p", "test", *args, **how)

    def container(self, service):
        return self.compose("ps", "-q", service).out.strip()

    def test_up_and_down(self):
        self.compose("up", "-d")
        web = self.container("web")
        self.assertEqual(self.inspect(web, ".HostConfig.Runtime"), self.runtime())
        pid = self.pid(web)
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), str(64 << 20))
        self.assertEqual(self.limit(pid, "pids", "pids.max", "pids.max"), "50")
        job = self.container("job")
        self.assertEqual(self.ask("wait", job), "3")
        self.assertEqual(self.compose("exec", "-T", "web", "echo", "inside").out, "inside\n")
        self.wait_for(lambda: "up" in self.compose("logs", "web").out, "the service's output")
        self.compose("stop", "web")
        self.assertEqual(self.inspect(web, ".State.ExitCode"), "7")
        self.compose("down")
        self.assertEqual(self.docker("ps", "-aq").out, "")

    def test_pause_restart_and_scale(self):
        self.compose("up", "-d", "--scale", "web=3", "--no-deps", "web")
        names = self.compose("ps", "-q", "web").out.split()
        self.assertEqual(len(names), 3)
        self.compose("pause", "web")
        self.assertEqual({self.inspect(name, ".State.Status") for name in names}, {"paused"})
        self.compose("unpause", "web")
        before = {self.pid(name) for name in names}
        self.compose("restart", "web")
        after = {self.pid(name) for name in names}
        self.assertFalse(before & after)
        self.compose("up", "-d", "--scale", "web=1", "--no-deps", "web")
        self.assertEqual(len(self.compose("ps", "-q", "web").out.split()), 1)
        self.compose("down")


if __name__ == "__main__":
    main()
