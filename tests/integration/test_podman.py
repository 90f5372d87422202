# SPDX-License-Identifier: LGPL-2.1-or-later
"""A little of tests/engines, in a minute: Debian's Podman with the drop-in configuration of contrib."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../engines"), os.path.join(HERE, "../lib")]

from enginelib import PodmanTest, enter, in_parallel, setup_podman  # noqa: E402
from enginelib.podman import IMAGE, Terminal  # noqa: E402
from ocitest import main  # noqa: E402
from ocitest.cgroups import has_controller  # noqa: E402

MANY = int(os.environ.get("OCIRT_MANY") or 25)


def setUpModule():
    for controller in ("memory", "pids"):       # Podman always limits processes
        if not has_controller(controller):
            raise unittest.SkipTest(f"needs a cgroup controller {controller}: this view of /sys/fs/cgroup has none")
    enter(("podman", "podman"), ("conmon", "conmon"))
    setup_podman()


class Podman(PodmanTest):
    def test_run_and_errors(self):
        self.assertEqual(self.run_once("echo", "hello"), "hello")
        self.shell("exit 5", rc=5)
        self.run_once("nonexistent", rc=127)
        self.run_once("/etc", rc=126)

    def test_life(self):
        self.start("--memory", "32m", "--pids-limit", "55", "--health-cmd", "true", "--health-interval", "disable")
        self.assertEqual(self.ask("exec", "-w", "/tmp", "c", "pwd"), "/tmp")
        self.podman("exec", "c", "nonexistent", rc=127)
        self.podman("healthcheck", "run", "c")
        self.assertEqual(self.limit(self.pid(), "pids", "pids.max", "pids.max"), "55")
        self.podman("pause", "c")
        self.assertEqual(self.inspect("c", ".State.Status"), "paused")
        self.podman("unpause", "c")
        self.assertIn("sleep", self.ask("top", "c", "args"))
        self.assertEqual(self.ask("logs", "c"), "")
        self.podman("stop", "-t", "20", "c")
        self.assertEqual(self.inspect("c", ".State.ExitCode"), "7")

    def test_options(self):
        words = ("CapEff", "NoNewPrivs", "Seccomp")
        out = self.shell(
            "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; hostname; touch /x || touch /tmp/x; cat /proc/sys/kernel/msgmax",
            "--read-only",
            "--cap-drop",
            "all",
            "--security-opt",
            "no-new-privileges",
            "--hostname",
            "named",
            "--sysctl",
            "kernel.msgmax=9000",
        ).split("\n")
        self.assertEqual(
            dict(zip(words, (int(line.split()[1], 16) for line in out[:3]))),
            {"CapEff": 0, "NoNewPrivs": 1, "Seccomp": 2},
        )
        self.assertEqual(out[3:], ["named", "9000"])

    def test_user_namespace(self):
        self.assertEqual(
            self.shell("cat /proc/self/uid_map", "--uidmap", "0:100000:5000", "--gidmap", "0:100000:5000").split(),
            ["0", "100000", "5000"],
        )

    def test_terminal(self):
        terminal = Terminal("podman", "run", "--rm", "-it", *self.parent, IMAGE, "sh", rows=31, columns=97)
        self.addCleanup(terminal.close)
        terminal.write(b"stty size; echo a$((1+1))b\n")
        terminal.expect(b"31 97")
        terminal.expect(b"a2b")
        terminal.write(b"exit 4\n")
        self.assertEqual(terminal.wait(), 4)

    def test_many(self):
        names = [f"c{i}" for i in range(MANY)]
        in_parallel(lambda n: self.start(args=("sleep", "10000"), name=n), names)
        in_parallel(lambda n: self.podman("exec", n, "true"), names)
        self.podman("rm", "-f", "-t", "0", "-a")
        self.assertEqual(self.ask("ps", "-aq"), "")


if __name__ == "__main__":
    main()
