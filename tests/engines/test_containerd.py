# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd's shim for runc, with the runtime under test as its binary."""

import hashlib
import io
import json
import os
import platform
import signal
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import NOT_IN_PATH, ContainerdTest, enter, in_parallel, surroundings  # noqa: E402
from enginelib.containerd import SOCKET  # noqa: E402
from ocitest import leaks, main  # noqa: E402

IMAGE = "docker.io/local/test:latest"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MANY = int(os.environ.get("OCIRT_MANY") or 30)


def setUpModule():
    enter(("containerd", "containerd"), ("ctr", "containerd"))


class Containerd(ContainerdTest):
    def test_run(self):
        self.assertEqual(self.run_once("echo", "hello").out, "hello\n")

    def test_exit_status(self):
        self.run_once("sh", "-c", "exit 5", rc=5)

    def test_started_again(self):
        """`ctr run` makes the container and its task; the task can be made anew."""
        self.start()
        first = self.tasks()["c"]
        self.ctr("task", "rm", "-f", "c", rc=None)
        self.assertEqual(self.tasks(), {})
        self.ctr("task", "start", "-d", "c")
        self.assertEqual((self.tasks()["c"][1], first[1]), ("RUNNING", "RUNNING"))
        self.assertNotEqual(self.tasks()["c"][0], first[0])

    def test_exec(self):
        self.start()
        self.assertEqual(self.ctr("task", "exec", "--exec-id", "e", "c", "echo", "in").out, "in\n")
        self.ctr("task", "exec", "--exec-id", "e", "c", "sh", "-c", "exit 8", rc=8)
        self.assertRegex(self.ctr("task", "exec", "--exec-id", "e", "c", "nonexistent", rc=1).err, NOT_IN_PATH)

    def test_pause_and_resume(self):
        self.start()
        self.ctr("task", "pause", "c")
        self.assertEqual(self.tasks()["c"][1], "PAUSED")
        self.ctr("task", "resume", "c")
        self.assertEqual(self.tasks()["c"][1], "RUNNING")

    def test_metrics_and_ps(self):
        self.start()
        self.assertIn("memory", self.ctr("task", "metrics", "c").out)
        self.assertIn(str(self.tasks()["c"][0]), self.ctr("task", "ps", "c").out)

    def test_kill_and_rm(self):
        self.start()
        self.ctr("task", "kill", "-s", "KILL", "c")
        self.wait_for(lambda: self.tasks()["c"][1] == "STOPPED", "the end")
        self.assertIn("137", self.ctr("task", "rm", "c").err)

    def test_kill_of_all_and_twice(self):
        """What the shim is told of an ended process is "not found", not a failure."""
        self.start(args=("sh", "-c", "sleep 1000 & sleep 1000"))
        self.ctr("task", "kill", "-a", "-s", "KILL", "c")
        self.wait_for(lambda: self.tasks()["c"][1] == "STOPPED", "the end")
        self.assertIn("not found", self.ctr("task", "kill", "-s", "KILL", "c", rc=1).err)

    def test_options(self):
        out = self.run_once(
            "sh",
            "-c",
            "cat /proc/self/cgroup; touch /x || echo closed; echo $A; pwd",
            options=("--read-only", "--cwd", "/tmp", "--env", "A=b"),
        ).out
        self.assertTrue(out.endswith("closed\nb\n/tmp\n"), out)

    def test_limits(self):
        self.start(
            options=("--memory-limit", str(32 << 20), "--pids-limit", "44")
            if "--pids-limit" in self.ctr("run", "--help").out
            else ("--memory-limit", str(32 << 20))
        )
        self.assertEqual(
            self.limit(self.tasks()["c"][0], "memory", "memory.limit_in_bytes", "memory.max"), str(32 << 20)
        )

    def test_seccomp_and_privileged(self):
        self.assertEqual(
            self.run_once("grep", "Seccomp:", "/proc/self/status", options=("--seccomp",)).out.split()[1], "2"
        )
        self.run_once("mount", "-t", "tmpfs", "tmpfs", "/tmp", options=("--privileged",))

    def test_error_of_create(self):
        error = self.run_once("nonexistent", rc=1).err
        self.assertRegex(error, NOT_IN_PATH)
        self.ctr("containers", "rm", "once", rc=None)

    def test_containerd_killed(self):
        """A new one finds the container as it was."""
        self.start()
        before = self.tasks()
        self.daemon.kill()
        self.daemon.wait()
        type(self).begin()
        self.pids_before.add(self.daemon.pid)
        self.assertEqual(self.tasks(), before)
        self.assertEqual(self.ctr("task", "exec", "--exec-id", "e", "c", "echo", "in").out, "in\n")

    def test_shim_killed(self):
        """containerd has the runtime delete the container, by force."""
        self.start()
        pid = self.tasks()["c"][0]
        os.kill(leaks.stat_of(pid)[2], signal.SIGKILL)
        self.wait_for(lambda: self.tasks() == {}, "no task")
        self.wait_for(lambda: leaks.stat_of(pid) is None or leaks.stat_of(pid)[1] == "Z", "an ended process")

    def test_many(self):
        names = [f"m{i}" for i in range(MANY)]
        in_parallel(self.start, names)
        self.assertEqual({status for _, status in self.tasks().values()}, {"RUNNING"})
        in_parallel(lambda n: self.ctr("task", "exec", "--exec-id", "e", n, "true"), names)
        in_parallel(self.remove, names)
        self.assertEqual(self.tasks(), {})


class Checkpoint(ContainerdTest):
    COUNT = "i=0; while :; do i=$((i+1)); echo $i >/tmp/n; sleep 0.1; done"

    def setUp(self):
        super().setUp()
        criu = self.command("sh", "-c", "criu check", rc=None)
        if criu.rc != 0:
            self.skipTest(f"criu check ends with {criu.rc} here: {criu.err.strip()[-200:]}")
        self.ctr("images", "import", image_archive())

    def count(self):
        out = self.ctr("task", "exec", "--exec-id", f"e{os.urandom(4).hex()}", "c", "cat", "/tmp/n", rc=None).out.strip()
        return int(out) if out else 0

    def test_a_counter_goes_on(self):
        options = [word for word in self.run_options("c") if word != "--rootfs"]
        self.addCleanup(self.remove)
        self.ctr("run", "-d", *options, IMAGE, "c", "sh", "-c", self.COUNT)
        self.wait_for(lambda: self.count() > 20, "the counter at 20")
        self.ctr("containers", "checkpoint", "--image", "--task", "c", "local/checkpoint", timeout=300)
        reached = self.count()
        self.ctr("task", "rm", "-f", "c", rc=None)
        self.ctr("containers", "rm", "c")
        restored = subprocess.Popen(
            ["ctr", "-a", SOCKET, "containers", "restore", "--live", "c", "local/checkpoint"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=surroundings.environment(),
        )  # fmt: skip
        try:
            self.wait_for(lambda: self.tasks().get("c", (0, ""))[1] == "RUNNING" or restored.poll() is not None, "a task", 300)
            self.assertIsNone(restored.poll(), restored.poll() is not None and restored.stderr.read())
            self.wait_for(lambda: self.count() > 20, "the counter's file")
            self.assertGreaterEqual(self.count(), min(reached, 21))
            self.ctr("task", "kill", "-s", "KILL", "c")
        finally:
            if restored.poll() is None and "c" not in self.tasks():
                restored.kill()
            restored.wait(60)
            restored.stderr.close()


def image_archive():
    """An image of the root file system, as `docker save` writes it."""
    layer = surroundings.rootfs_tar()
    with open(layer, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    config = {"architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
              "config": {}, "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}
    manifest = [{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    path = "/run/image.tar"
    with tarfile.open(path, "w") as archive:
        for name, value in (("config.json", config), ("manifest.json", manifest)):
            text = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        archive.add(layer, "layer.tar")
    return path


if __name__ == "__main__":
    main()
