# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman and Buildah, configured by files in an /etc/containers of the test's own."""

import json
import os
import shutil
import subprocess

from ocitest import PtyProcess, host

from . import surroundings
from .case import EngineTest

IMAGE = "localhost/test"

CONFIGURATION = f"""\
[containers]
# The defaults are more than a process without CAP_SYS_RESOURCE may set, with any runtime.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
log_driver = "k8s-file"
[engine]
cgroup_manager = "{surroundings.manager()}"
events_logger = "file"
"""

STORAGE = """\
[storage]
driver = "vfs"
graphroot = "/run/storage"
runroot = "/run/containers/storage"
"""


def drop_in():
    """The file of contrib, with the path of the runtime under test."""
    with open(os.path.join(surroundings.CONTRIB, "podman/ocirt.conf"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("/usr/bin/ocirt", surroundings.RUNTIME)
    name = surroundings.runtime_name()
    return (
        text
        if name == "ocirt"
        else text.replace('runtime = "ocirt"', f'runtime = "{name}"').replace("ocirt = [", f"{name} = [")
    )


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def setup_podman():
    """To be called after enter(): configures Podman and makes its image."""
    os.makedirs("/etc/containers", exist_ok=True)
    host.mount("tmpfs", "/etc/containers", "tmpfs", 0, "mode=755")
    write("/etc/containers/policy.json", json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    write("/etc/containers/storage.conf", STORAGE)
    write("/etc/containers/containers.conf", CONFIGURATION)
    write("/etc/containers/containers.conf.d/ocirt.conf", drop_in())
    os.chdir("/")
    subprocess.run(
        ["podman", "import", surroundings.rootfs_tar(), IMAGE],
        env=surroundings.environment(),
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )


class Terminal(PtyProcess):
    """podman with a terminal of its own."""

    class Starter:
        @staticmethod
        def popen(*args, stdin, stdout, stderr, prepare):
            return subprocess.Popen(
                args, stdin=stdin, stdout=stdout, stderr=stderr, preexec_fn=prepare, env=surroundings.environment()
            )

    def __init__(self, *args, **how):
        super().__init__(self.Starter, *args, **how)


class PodmanTest(EngineTest):
    engine_cgroups = ("conmon", "engine")
    parent = ("--cgroup-parent", surroundings.cgroup_parent())

    def setUp(self):
        super().setUp()
        self.directory = f"/run/tmp/{self._testMethodName}"
        os.makedirs(self.directory, exist_ok=True)
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(self.remove_all)

    def remove_all(self):
        if self.podman("pod", "ps", "-q").out:
            self.podman("pod", "rm", "-f", "-t", "0", "-a")
        self.podman("rm", "-f", "-t", "0", "-a")

    def podman(self, *args, **how):
        return self.command("podman", *args, **how)

    def ask(self, *args, **how):
        """What podman prints, without white space around it."""
        return self.podman(*args, **how).out.strip()

    def run_once(self, *args, options=(), **how):
        """What a container prints that runs args and is removed."""
        return self.ask("run", "--rm", *self.parent, *options, IMAGE, *args, **how)

    def shell(self, script, *options, **how):
        return self.run_once("sh", "-c", script, options=options, **how)

    def start(self, *options, args=("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"), name="c"):
        """A container that runs in the background until SIGTERM."""
        self.podman("run", "-d", "--name", name, *self.parent, *options, IMAGE, *args)
        return name

    def inspect(self, name, what):
        return self.ask("inspect", "--format", "{{" + what + "}}", name)

    def pid(self, name="c"):
        return int(self.inspect(name, ".State.Pid"))

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        write(path, text)
        return path
