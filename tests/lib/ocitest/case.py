# SPDX-License-Identifier: LGPL-2.1-or-later
"""The base of all tests that start containers: makes bundles, cleans up, and looks for what was left."""

import functools
import os
import shutil
import tempfile
import unittest

from . import bundle, cgroups, host, leaks
from .container import Container, wait_for
from .markers import HostTree
from .report import Report
from .runtime import Runtime


def only_view(name):
    """Decorates a class: its tests run in that cgroup view whatever was asked for."""

    def mark(cls):
        cls.view = name
        return cls

    return mark


class ContainerTest(unittest.TestCase):
    view = None             # a cgroup view's name; None is the default one
    runtime_options = ()    # global options of the runtime
    allowed_left = ()       # words that a leak's sentence may contain
    maxDiff = 4000

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.tmp = tempfile.mkdtemp(prefix="t-")
        os.chmod(self.tmp, 0o755)
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.runtime = Runtime(os.path.join(self.tmp, "state"), self.view, self.runtime_options)
        self.before = leaks.Snapshot(self.view)
        self.addCleanup(self._check_left)
        self._containers = 0

    def _check_left(self):
        left = [s for s in self.before.left(self.runtime.root) if not any(w in s for w in self.allowed_left)]
        self.before.kill_left()
        for path in cgroups.left():
            try:
                os.rmdir(path)
            except OSError:
                pass
        self.assertEqual(left, [], "left behind")

    # -- making things ------------------------------------------------------------------------------------

    def config(self, *args):
        """The default configuration with the words for the probe and a cgroup of its own."""
        config = bundle.default_config(*args)
        config["linux"]["cgroupsPath"] = bundle.cgroups_path(f"{self._testMethodName}-{self._containers}")
        return config

    def bundle(self, config=None):
        self._containers += 1
        return bundle.Bundle(os.path.join(self.tmp, f"bundle{self._containers}"), config)

    def container(self, config=None, made=None, name=None):
        """A container that does not exist yet; it is deleted when the test ends, whatever becomes of it."""
        made = made or self.bundle(config if config is not None else self.config())
        container = Container(self.runtime, made, name or f"c{self._containers}-{os.getpid()}")
        self.addCleanup(self._delete, container)
        return container

    def _delete(self, container):
        leaks.reap()
        if os.path.exists(os.path.join(self.runtime.root, container.id)):
            result = container.delete("--force")
            leaks.reap()
            self.assertEqual(result.rc, 0, f"delete --force: {result}")

    def host_tree(self):
        """Marker files outside of any bundle."""
        return HostTree(os.path.join(self.tmp, "host"))

    # -- running things -----------------------------------------------------------------------------------

    def run_ok(self, config, *options, **how):
        """Runs a container in the foreground and returns it with .result; it must exit with 0."""
        container = self.container(config)
        container.result = container.run(*options, **how)
        self.assertEqual(container.result.rc, 0, str(container.result))
        return container

    def report(self, config=None, *options, **how):
        """What the probe sees in a container of this configuration."""
        config = config if config is not None else self.config()
        lines = self.run_ok(config, *options, **how).result.lines()
        reports = [Report(line) for line in lines if line["action"] == "report"]
        self.assertEqual(len(reports), 1, lines)
        return reports[0]

    def act(self, *words, config=None, **how):
        """Runs the probe's actions in a container of the default (or given) configuration: its JSON lines."""
        config = config if config is not None else self.config()
        config["process"]["args"] = ["/probe", *words]
        return self.run_ok(config, **how).result.lines()

    def running(self, config=None, *options, **how):
        """A container whose process runs; by default it waits for SIGTERM."""
        container = self.container(config if config is not None else self.config("wait-term"))
        self.assertOk(container.create(*options, **how))
        self.assertOk(container.start())
        return container

    # -- asserting things ---------------------------------------------------------------------------------

    def assertOk(self, result):
        self.assertEqual(result.rc, 0, str(result))
        return result

    def assertRefused(self, result, *words):
        """The runtime refused with exit status 1 and one line that has all the words (case ignored)."""
        self.assertEqual(result.rc, 1, str(result))
        self.assertEqual(len(result.err.strip().splitlines()), 1, f"more or less than one line: {result}")
        for word in words:
            self.assertIn(word.lower(), result.err.lower(), str(result))
        return result

    def refuse(self, config, *words, command="create"):
        """The configuration must be refused, and nothing may be left of the container."""
        container = self.container(config)
        result = container.create() if command == "create" else container.run()
        self.assertRefused(result, *words)
        self.assertIsNone(container.state(), "the container exists after a failed create")
        return result

    def refuse_at_last(self, config, *words):
        """As refuse(), of what may be found out only when the program is about to be executed."""
        container = self.container(config)
        result = container.create()
        if result.rc == 0:
            result = container.start()
        return self.assertRefused(result, *words)

    def assertErrno(self, line, error, message=None):
        """A line of the probe has this errno; 0 is success."""
        shown = os.strerror(line["errno"]) if line["errno"] else "success"
        self.assertEqual(line["errno"], error, message or f"{line} ({shown})")

    wait_for = staticmethod(wait_for)


def with_user_namespace(config, first=100000, size=65536):
    """Gives the configuration a new user namespace in which 0 is the host's first."""
    bundle.set_namespace(config, "user")
    for kind in ("uidMappings", "gidMappings"):
        config["linux"][kind] = [{"containerID": 0, "hostID": first, "size": size}]
    return config


@functools.lru_cache(None)
def user_namespaces_work():
    pid = os.fork()
    if pid == 0:
        try:
            host.unshare(host.CLONE_NEWUSER)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
