# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buildah: run, and an image built from a Containerfile, with an isolation that uses the runtime."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import NOT_IN_PATH, PodmanTest, enter, setup_podman  # noqa: E402
from enginelib.podman import IMAGE  # noqa: E402
from enginelib.surroundings import RUNTIME, cgroup_parent  # noqa: E402
from ocitest import main  # noqa: E402


def setUpModule():
    enter(("buildah", "buildah"), ("podman", "podman"))
    setup_podman()


class Buildah(PodmanTest):
    # Buildah takes the parent as the path of the cgroup itself.
    cgroup = f"{cgroup_parent()}/buildah"
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")

    def buildah(self, *args, **how):
        return self.command("buildah", *args, **how)

    def container(self):
        name = self.buildah("from", "--pull-never", "--cgroup-parent", self.cgroup, *self.limits, IMAGE).out.strip()
        self.addCleanup(self.buildah, "rm", name)
        return name

    def run_in(self, name, *args, options=(), **how):
        return self.buildah(
            "run", "--isolation", "oci", "--runtime", RUNTIME, "--network", "none", *options, name, "--", *args, **how
        )

    def test_run(self):
        name = self.container()
        self.assertEqual(self.run_in(name, "echo", "hello").out, "hello\n")
        self.run_in(name, "touch", "/made")
        self.run_in(name, "test", "-e", "/made")

    def test_exit_status(self):
        self.run_in(self.container(), "sh", "-c", "exit 6", rc=6)

    def test_errors(self):
        result = self.run_in(self.container(), "nonexistent", rc=None)
        self.assertNotEqual(result.rc, 0)
        self.assertRegex(result.err, NOT_IN_PATH)

    def test_mounts_and_user(self):
        self.file("in", "of the host")
        name = self.container()
        self.assertEqual(
            self.run_in(name, "cat", "/x/in", options=("-v", f"{self.directory}:/x:ro")).out, "of the host"
        )
        self.assertEqual(self.run_in(name, "id", "-u", options=("--user", "1000")).out, "1000\n")

    def test_build(self):
        self.file(
            "Containerfile",
            f"FROM {IMAGE}\nRUN echo built > /built && id -u >> /built\nUSER 1000\nRUN touch /tmp/x\n",
        )
        self.buildah(
            "bud",
            "--isolation",
            "oci",
            "--runtime",
            RUNTIME,
            "--network",
            "none",
            "--pull-never",
            "--cgroup-parent",
            self.cgroup,
            *self.limits,
            "-t",
            "localhost/built",
            self.directory,
        )
        self.addCleanup(self.podman, "rmi", "-f", "localhost/built")
        self.assertEqual(
            self.ask("run", "--rm", *self.parent, "localhost/built", "cat", "/built").split(), ["built", "0"]
        )


if __name__ == "__main__":
    main()
