# SPDX-License-Identifier: LGPL-2.1-or-later
"""A runtime that takes part: its program, its state directory, and what it left behind."""

import os
import shutil
import signal
import subprocess

TOKEN = f"ocirtbench{os.getpid()}"


class Contender:
    """name: as in the tables.  place: a directory (of the private /run) for state and pid files."""

    is_floor = False

    def __init__(self, name, path, place):
        self.name, self.path = name, os.path.abspath(path)
        self.root = os.path.join(place, name, "state")
        self.pids = os.path.join(place, name, "pids")
        os.makedirs(self.root, mode=0o700)
        os.makedirs(self.pids)
        self._number = 0

    def version(self):
        output = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False).stdout
        return (output.splitlines() or ["?"])[0]

    def new_id(self):
        self._number += 1
        return f"{TOKEN}-{self.name}-{self._number}"

    def argv(self, *words, root=None):
        return [self.path, "--root", root or self.root, *words]

    def pid_file(self, container):
        return os.path.join(self.pids, container)

    def pid(self, container):
        with open(self.pid_file(container), encoding="ascii") as file:
            return int(file.read())

    def create(self, bundle, container):
        return self.argv("create", "--bundle", bundle.path, "--pid-file", self.pid_file(container), container)

    def run(self, bundle, container, *options, root=None):
        return self.argv("run", *options, "--bundle", bundle.path, container, root=root)

    def sweep(self, worker):
        """Removes all that is left, by hand: it may be too much, or too broken, for the runtime's own delete."""
        for name in os.listdir(self.pids):
            try:
                pid = self.pid(name)
                os.kill(pid, signal.SIGKILL)
                worker.wait(pid)
            except (ProcessLookupError, ValueError, OSError):
                pass
        for directory in (self.pids, self.root):
            for name in os.listdir(directory):
                path = os.path.join(directory, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.unlink(path)
        remove_cgroups(f"{TOKEN}-{self.name}-")


class Floor:
    """The programs that do what the kernel must be asked for, and no more."""

    is_floor = True

    def __init__(self, run, execute):
        self.name, self.path, self.execute = "floor", run, execute


def remove_cgroups(word=TOKEN):
    """Removes the empty cgroups whose name has the word, in every hierarchy that this process sees."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = {line.split()[4] for line in file if " - cgroup" in line}
    for point in points:
        for where, directories, _ in os.walk(point, topdown=False):
            for name in directories:
                path = os.path.join(where, name)
                if word in path[len(point):]:
                    _rmdir(path)


def _rmdir(path):
    """After SIGKILL the kernel may take a moment until nobody is in it."""
    kill = os.path.join(path, "cgroup.kill")
    if os.path.exists(kill):
        with open(kill, "w", encoding="ascii") as file:
            file.write("1")
    for _ in range(100):
        try:
            os.rmdir(path)
            return
        except FileNotFoundError:
            return
        except OSError:
            signal.sigtimedwait([], 0.02)
