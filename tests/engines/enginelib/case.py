# SPDX-License-Identifier: LGPL-2.1-or-later
"""The base of the tests of engines: runs their programs, and looks for what the runtime left."""

import concurrent.futures
import os
import subprocess
import time
import unittest

from ocitest import cgroups, host, leaks

from . import surroundings


NOT_IN_PATH = r"executable file (`\S+` )?not found in \$PATH"  # crun names it in between


class Finished:
    """A command that has ended."""

    def __init__(self, argv, rc, out, err):
        self.argv, self.rc, self.out, self.err = argv, rc, out, err

    def __str__(self):
        return f"{' '.join(self.argv)} ended with {self.rc}\n{self.out}{self.err}"


def in_parallel(function, items, workers=3):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def wait_for(condition, what, seconds=30):
    """A value that is true, of a function that is asked until then."""
    deadline = time.monotonic() + seconds * host.patience()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s there is not: {what}")
        time.sleep(0.05)


def communicate(process, stdin, deadline):
    """Standard output and errors.  The engine may wait for the end of a process that came to us."""
    while True:
        try:
            return process.communicate(stdin, timeout=0.5)
        except subprocess.TimeoutExpired:
            stdin = None  # what was given is still being written
            leaks.reap()
            if time.monotonic() > deadline:
                raise


class EngineTest(unittest.TestCase):
    maxDiff = 4000
    engine_processes = ()  # names of the engine's own processes, which outlive a container
    engine_cgroups = ()  # names of the engine's own cgroups, which it keeps
    engine_mounts = ()  # where the engine mounts something for itself
    seconds = 120

    def setUp(self):
        leaks.reap()
        self.pids_before = set(leaks.descendants())
        self.mounts_before = self.mounts()
        self.states_before = self.states()
        self.cgroups_before = set(cgroups.left())  # the engine's, of an earlier test
        self.addCleanup(self.check_left)

    def command(self, *argv, rc=0, stdin=None, timeout=90, variables=()):
        """Runs a program of the engine; rc is the exit status that it must have, None for any.  variables: pairs for its
        environment."""
        with subprocess.Popen(
            argv,
            env={**surroundings.environment(), **dict(variables)},
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            leaks.started.add(process.pid)
            try:
                out, err = communicate(process, stdin, time.monotonic() + timeout * host.patience())
            except BaseException:
                process.kill()
                raise
        result = Finished(argv, process.returncode, out, err)
        if rc is not None:
            self.assertEqual(result.rc, rc, str(result))
        return result

    wait_for = staticmethod(wait_for)

    # -- what is left ----------------------------------------------------------------------------------

    @staticmethod
    def mounts():
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            return leaks.mount_lines(file.read())

    def left(self):
        leaks.reap()
        name = surroundings.runtime_name()
        found = [
            f"process {pid} ({name}): {leaks.command_of(pid)}"
            for pid, (name, state) in leaks.descendants().items()
            if pid not in self.pids_before and name not in self.engine_processes
        ]
        found += [
            f"mount {line}"
            for line in self.mounts() - self.mounts_before
            if not line.startswith((f"/run/{name}/.", *self.engine_mounts))
        ]
        found += [
            f"cgroup {path}"
            for path in set(cgroups.left()) - self.cgroups_before
            if os.path.basename(path) not in self.engine_cgroups and path.count("/engine/")
        ]
        found += [f"cgroup {name}" for name in surroundings.cgroups_of_units() if name not in self.engine_cgroups]
        return found + [f"state {path}" for path in self.states() - self.states_before]

    def states(self):
        """The runtime's directories of containers; what has a hidden name is for all of them."""
        return {
            os.path.join(root, entry)
            for root in self.state_roots()
            if os.path.isdir(root)
            for entry in os.listdir(root)
            if entry[0] != "."
        }

    def state_roots(self):
        return [f"/run/{surroundings.runtime_name()}"]

    def check_left(self):
        deadline = time.monotonic() + 5 * host.patience()
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = self.left()
        for pid, (name, _) in leaks.descendants().items():
            if pid not in self.pids_before and name not in self.engine_processes:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
        for path in cgroups.left() if left else ():
            try:
                os.rmdir(path)
            except OSError:
                pass
        self.assertFalse(left, "left behind:\n" + "\n".join(left))

    # -- cgroups of a process --------------------------------------------------------------------------

    def limit(self, pid, controller, old, new):
        """What a limit's file says: old is its name in version 1, new in version 2."""
        where = cgroups.of_process(pid, controller)
        name = old if os.path.exists(os.path.join(where, old)) else new
        with open(os.path.join(where, name), encoding="ascii") as file:
            return file.read().strip()
