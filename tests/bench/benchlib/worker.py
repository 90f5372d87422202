# SPDX-License-Identifier: LGPL-2.1-or-later
"""Workers: one `measure` (see measure.c) in a mount namespace of its own, which is how the runtimes see the host.

A worker prepares its namespace once.  Several can be asked in turn, so that what differs between them (the host's
mounts, the layout of cgroups) is compared in one interleaved run.
"""

import collections
import os
import subprocess
import tempfile

from ocitest import host

Sample = collections.namedtuple("Sample", "wall cpu rss status")    # seconds, seconds, KiB


class Failed(Exception):
    """A program ended with a status that was not expected; the text is for the reader."""


def pure_v2():
    """Only cgroup2 on /sys/fs/cgroup, as systemd mounts it."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [line.split()[4] for line in file]
    for point in reversed(points):
        if point == "/sys/fs/cgroup" or point.startswith("/sys/fs/cgroup/"):
            host.umount(point)
    host.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")


def pure_v1():
    """No cgroup2 below /sys/fs/cgroup: crun refuses a hybrid layout with controllers in both."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [line.split()[4] for line in file if " - cgroup2 " in line]
    for point in points:
        if point.startswith("/sys/fs/cgroup/"):
            host.umount(point)


def extra_mounts(directory, count):
    """Gives the namespace `count` more mounts than it has."""
    os.makedirs(directory, exist_ok=True)
    host.mount("tmpfs", directory, "tmpfs")
    source = os.path.join(directory, "source")
    os.mkdir(source)
    for i in range(count - 1):      # the tmpfs counts too
        target = os.path.join(directory, str(i))
        os.mkdir(target)
        host.mount(source, target, None, host.MS_BIND)


class Worker:
    """prepare: called in the worker's mount namespace before it starts."""

    def __init__(self, measure, prepare=None):
        self.errors = tempfile.TemporaryFile()

        def in_child():
            host.private_mounts()
            if prepare:
                prepare()

        self.process = subprocess.Popen([measure], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        preexec_fn=in_child, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()

    def _send(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: measure ended: {self.last_words()}")
        return line.split()

    def last_words(self):
        """What the programs wrote to standard error since it was asked for the last time."""
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace").strip()
        self.errors.seek(0)
        self.errors.truncate()
        return text[-400:]

    def together(self, commands, expected=0):
        """Starts all at the same time; a Sample for each.  expected=None takes any exit status."""
        self._send(*["\t".join(["run", *map(str, words)]) for words in commands], "go")
        samples = []
        for _ in commands:
            wall, cpu, rss, status = (int(word) for word in self._answer())
            samples.append(Sample(wall / 1e9, cpu / 1e6, rss, status))
        for words, sample in zip(commands, samples):
            if expected is not None and sample.status != expected:
                raise Failed(f"{' '.join(map(str, words))}: exit status {sample.status}: {self.last_words()}")
        return samples

    def run(self, *words, expected=0):
        return self.together([words], expected)[0]

    def wait(self, pid):
        """Waits for the end of a process that a program left behind; its CPU time in seconds."""
        self._send(f"wait\t{pid}")
        return int(self._answer()[0]) / 1e6
