# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman of a user without rights: the runtime is root of a user namespace that owns none of the host's others."""

import os
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import EngineTest, enter, runtime_name, setup_podman  # noqa: E402
from enginelib.podman import IMAGE, write  # noqa: E402
from enginelib.surroundings import RUNTIME, environment, rootfs_tar  # noqa: E402
from ocitest import host, main  # noqa: E402

USER = 4242


def bind_over(path, text, add=True):
    """The file of the host with more lines, in this mount namespace."""
    name = "/run/etc/" + os.path.basename(path)
    old = ""
    if add:
        with open(path, encoding="utf-8") as file:
            old = file.read()
    write(name, old + text)
    host.mount(name, path, None, host.MS_BIND)


def give_the_user_the_runtime():
    """The build directory may be one that only root may enter."""
    path, name = "/etc/containers/containers.conf.d/ocirt.conf", f"/run/program/{runtime_name()}"
    os.makedirs("/run/program")
    shutil.copy(RUNTIME, name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    write(path, text.replace(RUNTIME, name))


def setUpModule():
    enter(("podman", "podman"), ("conmon", "conmon"), ("newuidmap", "uidmap"))
    setup_podman()
    bind_over("/etc/passwd", f"rootless:x:{USER}:{USER}::/run/home-of-user:/bin/sh\n")
    bind_over("/etc/group", f"rootless:x:{USER}:\n")
    bind_over("/etc/subuid", "rootless:200000:65536\n", add=False)
    bind_over("/etc/subgid", "rootless:200000:65536\n", add=False)
    write("/etc/containers/storage.conf", '[storage]\ndriver = "vfs"\n')
    give_the_user_the_runtime()
    for path in ("/run/home-of-user", f"/run/user/{USER}"):
        os.makedirs(path)
        os.chown(path, USER, USER)
    os.chmod(rootfs_tar(), 0o644)


class Rootless(EngineTest):
    # The process that keeps Podman's user namespace.
    engine_processes = ("podman pause", "podman", "catatonit")

    @classmethod
    def setUpClass(cls):
        cls.as_user("podman", "import", rootfs_tar(), IMAGE)
        cls.addClassCleanup(cls.end_pause_process)

    @staticmethod
    def end_pause_process():
        with open(f"/run/user/{USER}/libpod/tmp/pause.pid", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)

    @staticmethod
    def as_user(*argv):
        home = {"HOME": "/run/home-of-user", "XDG_RUNTIME_DIR": f"/run/user/{USER}", "TMPDIR": "/run/home-of-user"}
        return subprocess.run(
            ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all", *argv],
            env={**environment(), **home},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def podman(self, *args, rc=0):
        result = self.as_user("podman", *args)
        self.assertEqual(result.returncode, rc, f"podman {args}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.podman, "rm", "-f", "-t", "0", "-a")

    def state_roots(self):
        return [f"/run/user/{USER}/{runtime_name()}"]

    def start(self, name="c", *options):
        self.podman("run", "-d", "--name", name, *options, IMAGE, "sleep", "4321")

    def test_run_and_errors(self):
        self.assertEqual(self.podman("run", "--rm", IMAGE, "id", "-u"), "0")
        self.podman("run", "--rm", IMAGE, "sh", "-c", "exit 5", rc=5)
        self.podman("run", "--rm", IMAGE, "nonexistent", rc=127)

    def test_exec(self):
        self.start()
        self.assertEqual(self.podman("exec", "c", "cat", "/proc/self/uid_map").split()[:3], ["0", str(USER), "1"])
        self.podman("exec", "c", "nonexistent", rc=127)
        self.podman("stop", "-t", "0", "c")

    def test_keep_id(self):
        self.assertEqual(self.podman("run", "--rm", "--userns=keep-id", IMAGE, "id", "-u"), str(USER))
        self.start("c", "--userns=keep-id")
        self.assertEqual(self.podman("exec", "c", "id", "-u"), str(USER))

    def test_namespaces_of_another(self):
        self.start()
        out = self.podman(
            "run", "--rm", "--pid", "container:c", "--network", "container:c", "--ipc", "container:c", IMAGE, "ps"
        )
        self.assertIn("sleep 4321", out)

    def test_hosts_namespaces(self):
        own = os.readlink("/proc/self/ns/pid")
        self.start("c", "--pid", "host", "--network", "host")
        self.assertEqual(self.podman("exec", "c", "readlink", "/proc/self/ns/pid"), own)

    def test_privileged_and_mounts(self):
        out = self.podman(
            "run",
            "--rm",
            "--privileged",
            "-v",
            "/run/home-of-user:/x:ro",
            IMAGE,
            "sh",
            "-c",
            "mount -t tmpfs t /tmp; touch /x/y || echo closed",
        )
        self.assertEqual(out, "closed")


if __name__ == "__main__":
    main()
