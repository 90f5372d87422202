# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker Engine with the drop-in configuration, plus what a machine without systemd and firewall needs."""

import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import DockerTest, enter  # noqa: E402
from ocitest import main  # noqa: E402


def setUpModule():
    enter(("dockerd", "docker.io"), ("docker-init", "docker.io"))


class Docker(DockerTest):
    def test_run(self):
        self.assertEqual(self.run_once("echo", "hello").out, "hello\n")

    def test_exit_status(self):
        self.run_once("sh", "-c", "exit 5", rc=5)
        self.run_once("sh", "-c", "sleep 9 & kill -9 $!; wait $!", rc=137)

    def test_errors(self):
        self.run_once("nonexistent", rc=127)
        self.run_once("/no/such/file", rc=127)
        self.run_once("/etc", rc=126)
        self.run_once("/etc/passwd", rc=126)
        self.run_once("true", rc=125, options=("--nonexistent-option",))

    def test_exec(self):
        self.start()
        self.assertEqual(
            self.ask("exec", "-u", "1000", "-w", "/tmp", "-e", "A=b", "c1", "sh", "-c", "id -u; pwd; echo $A"),
            "1000\n/tmp\nb",
        )
        self.docker("exec", "c1", "sh", "-c", "exit 9", rc=9)
        self.docker(
            "exec",
            "c1",
            "nonexistent",
            rc=127 if self.docker("exec", "c1", "nonexistent", rc=None).rc == 127 else 126,
        )

    def test_logs(self):
        self.start(args=("sh", "-c", "echo one; echo two >&2"))
        self.assertEqual(self.ask("wait", "c1"), "0")
        result = self.docker("logs", "c1")
        self.assertEqual((result.out, result.err), ("one\n", "two\n"))

    def test_stop_and_kill(self):
        self.start()
        self.docker("stop", "-t", "20", "c1")
        self.assertEqual(self.inspect("c1", ".State.ExitCode"), "7")
        self.docker("start", "c1")
        self.docker("kill", "c1")
        self.assertEqual(self.inspect("c1", ".State.ExitCode"), "137")

    def test_pause(self):
        self.start()
        self.docker("pause", "c1")
        self.assertEqual(self.inspect("c1", ".State.Status"), "paused")
        self.docker("unpause", "c1")
        self.assertEqual(self.ask("exec", "c1", "echo", "again"), "again")

    def test_stats_and_top(self):
        self.start(args=("sleep", "1000"))
        self.assertEqual(self.ask("stats", "--no-stream", "--format", "{{.PIDs}}", "c1"), "1")
        self.assertIn("sleep 1000", self.ask("top", "c1"))

    def test_update(self):
        self.start("--memory", "64m", "--memory-swap", "64m")
        self.docker("update", "--memory", "96m", "--memory-swap", "96m", "--cpus", "0.5", "--pids-limit", "77", "c1")
        pid = self.pid()
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), str(96 << 20))
        self.assertEqual(self.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0], "50000")
        self.assertEqual(self.limit(pid, "pids", "pids.max", "pids.max"), "77")

    def test_restart_policy(self):
        self.start("--restart", "always")
        first = self.pid()
        os.kill(first, signal.SIGKILL)
        self.wait_for(
            lambda: self.inspect("c1", ".State.Running") == "true" and self.pid() not in (0, first), "a new start"
        )
        self.assertGreaterEqual(int(self.inspect("c1", ".RestartCount")), 1)

    def test_init(self):
        self.assertIn("docker-init", self.run_once("cat", "/proc/1/cmdline", options=("--init",)).out)

    def test_rights(self):
        status = self.run_once(
            "cat", "/proc/self/status", options=("--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        ).out
        words = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        self.assertEqual((int(words["CapEff"], 16), words["NoNewPrivs"], words["Seccomp"]), (0, "1", "2"))
        self.run_once("mount", "-t", "tmpfs", "tmpfs", "/tmp", options=("--privileged",))

    def test_read_only_tmpfs_and_volume(self):
        self.run_once("touch", "/x", options=("--read-only",), rc=1)
        self.run_once("touch", "/t/x", options=("--read-only", "--tmpfs", "/t"))
        self.run_once("touch", "/v/x", options=("--read-only", "-v", "/v"))
        self.assertEqual(
            self.run_once("cat", "/v/passwd", options=("-v", "/run/rootfs/etc:/v:ro")).out.split(":")[0], "root"
        )

    def test_too_little_memory(self):
        self.docker(
            "run",
            "--name",
            "c1",
            "--runtime",
            self.runtime(),
            "--network",
            "none",
            "--memory",
            "20m",
            "--memory-swap",
            "20m",
            "local/test",
            "sh",
            "-c",
            "tail /dev/zero",
            rc=137,
        )
        self.assertEqual(self.inspect("c1", ".State.OOMKilled"), "true")

    def test_a_terminal(self):
        self.start("-t", args=("sh", "-c", "tty; stty size; sleep 1000"))
        self.wait_for(lambda: "/dev/pts/0" in self.ask("logs", "c1"), "the terminal's name")

    def test_health(self):
        self.start("--health-cmd", "true", "--health-interval", "1s")
        self.wait_for(lambda: self.inspect("c1", ".State.Health.Status") == "healthy", "a healthy container")

    def test_info(self):
        self.assertIn(
            self.runtime(), self.ask("info", "--format", "{{range $k, $v := .Runtimes}}{{$k}} {{end}}").split()
        )

    def test_build(self):
        self.docker(
            "build", "--network", "none", "-t", "local/built", "-", stdin="FROM local/test\nRUN echo built > /built\n"
        )
        self.assertEqual(
            self.ask("run", "--rm", "--runtime", self.runtime(), "--network", "none", "local/built", "cat", "/built"),
            "built",
        )


if __name__ == "__main__":
    main()
