# SPDX-License-Identifier: LGPL-2.1-or-later
"""BuildKit, as it is in dockerd: it calls the first program in PATH whose name is runc, so here that is ocirt."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import DockerTest, enter, surroundings  # noqa: E402
from ocitest import main  # noqa: E402

PROGRAMS = "/run/programs"
CALLS = "/run/calls"


def setUpModule():
    enter(("dockerd", "docker.io"))
    os.mkdir(PROGRAMS)
    with open(os.path.join(PROGRAMS, "runc"), "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$@" >>{CALLS}\nexec {surroundings.RUNTIME} "$@"\n')
    os.chmod(os.path.join(PROGRAMS, "runc"), 0o755)


class BuildKit(DockerTest):
    daemon_path = PROGRAMS + ":"

    def build(self, *lines, rc=0):
        environment = "DOCKER_BUILDKIT=1"
        return self.command(
            "env", environment, "/usr/bin/docker", "-H", "unix:///run/docker-test/socket", "build", "--network", "none",
            "--progress", "plain", "-t", "local/built", "-", stdin="\n".join(("FROM local/test", *lines, "")), rc=rc,
        )  # fmt: skip

    def test_steps_of_a_build_run_with_it(self):
        self.build(
            "RUN echo built > /built && id -u > /uid", "USER 1000", "WORKDIR /tmp", "RUN id -u > uid && pwd > where"
        )
        with open(CALLS, encoding="utf-8") as file:
            self.assertIn(" run ", file.read())
        self.assertEqual(self.run_once("cat", "/built", "/uid", "/tmp/uid", "/tmp/where").out, "built\n0\n1000\n/tmp\n")

    def test_a_step_that_fails(self):
        result = self.build("RUN exit 9", rc=1)
        self.assertIn("exit code: 9", result.err)
        self.assertIn("no such file or directory", self.build('RUN ["/no/such/program"]', rc=1).err)

    def run_once(self, *args, **how):
        return self.docker("run", "--rm", "--network", "none", "local/built", *args, **how)


if __name__ == "__main__":
    main()
